// Numbers that never come back: the store's incarnation (24 bits, raised durably at each open) over a sequence.
#pragma once

#include <atomic>
#include <cstdint>

#include "schema/ids.h"

namespace telepost::store {

class Numbers {
 public:
  void begin(std::uint32_t incarnation) { next_.store((static_cast<std::uint64_t>(incarnation) << 40) + 1); }
  std::uint32_t incarnation() const { return static_cast<std::uint32_t>(next_.load(std::memory_order_relaxed) >> 40); }
  std::uint64_t next() { return next_.fetch_add(1, std::memory_order_relaxed); }
  schema::LocalId next_local() { return {next()}; }
  // Whether the number was given out by this store at some time.
  bool was_given(std::uint64_t number) const { return number < next_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace telepost::store
