// The calendar: hints that a partition (an account or a piece) has something due at a time, sliced by the partition's hash
// and ordered by time. A hint acts on nothing by itself.
//
// Each slice keeps a cursor in the store; reading starts there, never at the front, where deleted entries lie. The durable cursor
// stays kCursorLag behind now, and hints are written at now or later, so that a hint whose commit is on its way
// while the slice is read is never passed over.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/keys.h"
#include "store/engine/engine.h"

namespace telepost::store {

inline constexpr Duration kCursorLag = std::chrono::minutes(5);

struct Hint {
  Time time;
  schema::Partition target;
  std::vector<schema::MessageId> messages;  // of a piece: whose links to it are to be checked
};

class Calendar {
 public:
  // A batch that writes the hint; goes before the batch whose work it tells of. Hints with messages stand beside each other.
  static CommitEntry write(const Hint& hint);
  static CommitEntry write(Time time, const schema::Partition& target) { return write(Hint{time, target, {}}); }

  // Up to `limit` hints of a slice that are due at `until` or before, oldest first.
  // After: those behind this one, for who goes through hints that stay.
  static Result<std::vector<Hint>> due(Engine& engine, std::uint16_t slice, Time until, std::size_t limit,
                                       const std::optional<Hint>& after = {});
  static CommitEntry remove(const Hint& hint);
  // A batch that takes handled hints out and moves the slice's cursor up to `now` - kCursorLag, but not behind `reached`.
  static CommitEntry done(std::uint16_t slice, const std::vector<Hint>& handled, Time reached, Time now);
};

}  // namespace telepost::store
