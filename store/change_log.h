// The account's change log as readers go through it.
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/message_records.h"

namespace telepost::store {

class PartitionReader;

// One change after a state.
struct Change {
  schema::Modseq modseq;
  schema::ChangeRecord record;
};

// Of its two ranges, live entries and tombstones, at most `limit` behind `since`, in the order of what happened.
Result<std::vector<Change>> changes_behind(const PartitionReader& reader, schema::Modseq since, std::size_t limit);

}  // namespace telepost::store
