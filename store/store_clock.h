// The store's time: the wall clock, but never behind the latest time that the store has seen and kept.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace telepost::store {

class StoreClock {
 public:
  explicit StoreClock(const Clock& wall) : wall_(wall) {}
  void begin(Time latest) { latest_.store(to_millis(latest)); }
  Time now();
  SteadyTime steady() const { return wall_.steady(); }

 private:
  const Clock& wall_;
  std::atomic<std::int64_t> latest_{0};
};

}  // namespace telepost::store
