// Runs what is due. A hint in the calendar says "account A (or piece P) has something due at T"; it acts on nothing by
// itself: the account's due list decides. Costs O(due), never O(stored).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::store {

struct Rooms;

struct SweepReport {
  std::uint64_t due = 0;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t late = 0;          // done more than a minute after they were due
  std::uint64_t bytes_freed = 0;
  bool more = false;               // stopped before everything due was done
};

struct SweepOptions {
  // Takes only what was due at or before this; never later than now.
  std::optional<Time> until;
  // Also gives back what deletions left in the engine, and takes links, orphans and removals that are not due yet (their
  // grace is for crashes and open readers: only with the server stopped or asked by its operator).
  enum class Depth { due, everything } depth = Depth::due;
  std::function<void(const SweepReport&)> progress;  // about once a second
};

class Sweep {
 public:
  explicit Sweep(Rooms& rooms) : rooms_(rooms) {}
  // Goes through every slice once. Resumable: what a crash interrupts is found again.
  Result<SweepReport> run(const SweepOptions& options);

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
