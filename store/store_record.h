// The store's own record: format, incarnation, latest time.
#pragma once

#include "base/result.h"

namespace telepost::store {

struct Rooms;

// At open: makes the record in an empty engine, raises the incarnation, starts clock and numbers.
// Errors: unsupported (a newer format), conflict (another owner opened it meanwhile), io, corrupt.
Result<void> begin_incarnation(Rooms& rooms);
// Keeps the latest store time, so that it never runs backwards over a restart.
Result<void> keep_time(Rooms& rooms);

}  // namespace telepost::store
