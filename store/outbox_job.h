// A job's records in its slice of the queues: the job itself and its places in the two indexes by time. Inside the outbox,
// verify and inspect only.
#pragma once

#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/job_records.h"
#include "schema/records.h"
#include "store/engine/batch.h"

namespace telepost::store {

struct Rooms;

// Under which time the indexes hold the job; none: it is held and nobody sends it.
std::optional<Time> ready_time(const schema::JobRecord& job);

// The keys of its index entries: two, the one by network first; while it is held one, by which it is counted alone.
std::vector<std::string> index_keys(std::uint64_t id, const schema::JobRecord& job);

// When a job was to be asked about: key and time of a U record.
std::string unnamed_key(Time time, std::uint64_t id);

// Replaces a job (nullptr: there was none, or there will be none), expecting the bytes that were read.
CommitEntry replace_job(std::uint64_t id, const schema::JobRecord* before, std::string_view before_bytes,
                        const schema::JobRecord* after);

// To the committer, without waiting.
std::future<Result<void>> submit_change(Rooms& rooms, CommitEntry entry);

// Time and job of a record of an index by time, whose key ends with them.
struct JobAt {
  Time time;
  std::uint64_t id;
};
JobAt job_at_end_of(std::string_view key);

}  // namespace telepost::store
