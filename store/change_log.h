// The account's change log as readers go through it.
#pragma once

#include <vector>

#include "base/result.h"
#include "store/engine/engine.h"
#include "store/message_reader.h"

namespace telepost::store {

// Of its two ranges, live entries and tombstones, at most `limit` behind `since`, in the order of what happened.
Result<std::vector<Change>> changes_behind(const PartitionReader& reader, schema::Modseq since, std::size_t limit);

}  // namespace telepost::store
