// The store's own record: format, incarnation, latest time.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;

// At open: makes the record in an empty engine, raises the incarnation, starts clock and numbers.
// Errors: unsupported (a newer format), conflict (another owner opened it meanwhile), io, corrupt.
Result<void> begin_incarnation(Rooms& rooms);
// Keeps the latest store time, so that it never runs backwards over a restart, and a leap of the wall clock, so that a restart does not
// pass for an acceptance.
Result<void> keep_time(Rooms& rooms);
// The same where the last time that was kept is more than a minute old: what is removed by a time that a crash then forgets would be
// due in the future.
Result<void> keep_time_if_old(Rooms& rooms);

struct ClockState {
  Time wall;
  Time store;
  Time kept;                     // the latest store time on disk
  std::optional<Duration> leap;  // by how much the wall clock leads while it is not believed
};
// Errors: io, corrupt.
Result<ClockState> clock_state(Rooms& rooms);
// Believes the wall clock from here on, durably.
Result<ClockState> accept_clock(Rooms& rooms);

}  // namespace telepost::store
