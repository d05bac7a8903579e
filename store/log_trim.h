// What the logs in the partitions of PartitionKind::audit share: records under one letter, in the order of their numbers, that go once they
// were kept for long enough. Inside the store.
#pragma once

#include <functional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "schema/partition.h"
#include "store/engine/batch.h"

namespace telepost::store {

struct Rooms;

inline constexpr std::size_t kLogRecordsAtOnce = 256;

// The hint that a record of this time goes with, in a list of its own ahead of it. Those of one day are one.
CommitEntry trim_hint(Time time, Duration keep, const schema::Partition& slice);

// What was kept for longer goes, batch after batch while `goes_on`; a hint is written for what stays. False: more is to go. time_of tells
// a record's time. Errors: its own, io.
Result<bool> trim_log(Rooms& rooms, const schema::Partition& slice, std::string_view letter, Duration keep,
                      const std::function<Result<Time>(std::string_view key, std::string_view value)>& time_of,
                      const std::function<bool()>& goes_on);

}  // namespace telepost::store
