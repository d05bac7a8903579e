#include "store/outbox_job.h"

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "schema/job_records.h"
#include "schema/keys.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

std::optional<Time> ready_time(const schema::JobRecord& job) {
  if (job.state == schema::JobRecord::State::claimed) return job.lease_until;
  if (job.held) return std::nullopt;
  return job.expires ? std::min(job.next_attempt, *job.expires) : job.next_attempt;
}

std::vector<std::string> index_keys(std::uint64_t id, const schema::JobRecord& job) {
  const std::optional<Time> time = ready_time(job);
  const auto network = static_cast<std::uint8_t>(job.network);
  if (!time) return {keys::job_at(keys::held_job_of_network(network), job.created, id)};
  return {keys::job_at(keys::job_of_network(network), *time, id),
          keys::job_at(keys::job_of_destination(job.destination), *time, id)};
}

std::string unnamed_key(Time time, std::uint64_t id) { return keys::job_at(keys::kUnnamedJobs, time, id); }

CommitEntry replace_job(std::uint64_t id, const schema::JobRecord* before, std::string_view before_bytes,
                        const schema::JobRecord* after) {
  const std::string key = keys::job(id);
  CommitEntry entry{Batch(keys::queue_slice((before != nullptr ? before : after)->destination)), {}};
  if (before != nullptr) {
    entry.expectations.push_back({Space::point, key, std::string(before_bytes)});
    for (const std::string& index : index_keys(id, *before)) entry.batch.erase(Space::queue, index);
  }
  if (after == nullptr) {
    entry.batch.erase(Space::point, key);
    return entry;
  }
  entry.batch.put(Space::point, key, schema::encode(*after));
  // The entry by network tells the destination, so that a claim need not read the job for it.
  const std::string destination = keys::job_of_destination(after->destination).substr(1);
  for (const std::string& index : index_keys(id, *after)) entry.batch.put(Space::queue, index, index[0] == 'N' ? destination : "");
  return entry;
}

std::future<Result<void>> submit_change(Rooms& rooms, CommitEntry entry) {
  auto promise = std::make_shared<std::promise<Result<void>>>();
  std::future<Result<void>> committed = promise->get_future();
  Commit commit;
  commit.list.push_back(std::move(entry));
  commit.done = [promise](const Result<void>& result) { promise->set_value(result); };
  rooms.committer.submit(std::move(commit));
  return committed;
}

JobAt job_at_end_of(std::string_view key) {
  ByteReader reader(key.substr(key.size() - std::min<std::size_t>(16, key.size())));
  const Time time = from_millis(static_cast<std::int64_t>(reader.u64() ^ (1ull << 63)));
  return {time, reader.u64()};
}

}  // namespace telepost::store
