#include "store/outbox.h"

#include <algorithm>
#include <future>
#include <memory>

#include "base/assert.h"
#include "schema/job_records.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/outbox_job.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::JobRecord;
using schema::Partition;

namespace {

constexpr std::size_t kMaxDestinationBytes = 255;
constexpr std::size_t kReadAtOnce = 256;
constexpr std::size_t kCursors = 10'000;
// A job is written at its writer's now or later; a reader passes nothing younger than this.
constexpr Duration kReadLag = std::chrono::minutes(5);

Partition slice_at(std::uint16_t slice) { return Partition::slice(schema::PartitionKind::queue, slice); }

}  // namespace

Result<std::uint64_t> Outbox::enqueue(AccountWrite& write, NewJob job) {
  if (job.destination.empty() || job.destination.size() > kMaxDestinationBytes) {
    return {Errc::invalid, "a send job's destination has 1 to 255 bytes"};
  }
  if (job.payload.size() > kMaxJobPayload) return {Errc::too_large, "a send job's payload has at most 64 KiB"};
  const Time now = rooms_.clock.now();
  const std::uint64_t id = rooms_.numbers.next();
  JobRecord record;
  record.network = job.network;
  record.destination = std::move(job.destination);
  record.account = write.account();
  record.message = job.message;
  record.created = now;
  record.next_attempt = std::max(now, job.first_attempt.value_or(now));
  if (job.expires) record.expires = std::max(now, *job.expires);
  record.payload = std::move(job.payload);

  CommitEntry entry = replace_job(id, nullptr, {}, &record);
  entry.batch.put(Space::queue, unnamed_key(now + kNameWait, id), {});
  write.before(Calendar::write(now + kNameWait, entry.batch.partition()));
  write.before(std::move(entry));
  write.put(Space::point, keys::job_name(id), schema::encode(schema::JobNameRecord{record.destination}));
  return id;
}

std::string Outbox::cursor(const Partition& partition, const std::string& prefix) {
  const std::lock_guard lock(cursors_mutex_);
  const auto found = cursors_.find(std::string(partition.bytes()) + prefix);
  return found == cursors_.end() ? prefix : found->second;
}

// What is done leaves marks in an engine's files that a read from the front would walk over each time. A cursor is only where
// nothing can be any more, so that one may be forgotten: the next read then is a slow one.
void Outbox::keep_cursor(const Partition& partition, const std::string& prefix, std::string key) {
  const std::string oldest_new = keys::job_at(prefix, rooms_.clock.now() - kReadLag, 0);
  const std::lock_guard lock(cursors_mutex_);
  if (cursors_.size() >= kCursors) cursors_.clear();
  cursors_[std::string(partition.bytes()) + prefix] = std::min(std::move(key), oldest_new);
}

// Index entries up to now, oldest first. The cursor moves up to the first that stands.
Result<std::vector<Outbox::Ready>> Outbox::ready(const Partition& partition, const std::string& prefix, std::size_t limit) {
  const std::string begin = cursor(partition, prefix);
  const std::string end = keys::job_at(prefix, rooms_.clock.now() + Duration(1), 0);
  std::vector<Ready> found;
  TELEPOST_TRY(rooms_.engine->reader(partition)->scan(Space::queue, begin, end, [&](std::string_view key, std::string_view) {
    found.push_back({partition, std::string(key), job_at_end_of(key).id});
    return found.size() < limit;
  }));
  keep_cursor(partition, prefix, found.empty() ? end : found.front().key);
  return found;
}

Result<std::optional<Outbox::Stored>> Outbox::read(const Partition& partition, std::uint64_t id) {
  TELEPOST_ASSIGN(auto bytes, rooms_.engine->reader(partition)->get(Space::point, keys::job(id)));
  if (!bytes) return std::optional<Stored>();
  TELEPOST_ASSIGN(auto record, schema::decode_JobRecord(*bytes));
  return std::optional(Stored{{id, std::move(record)}, std::move(*bytes)});
}

Result<bool> Outbox::is_named(const Job& job) {
  const auto reader = rooms_.engine->reader(Partition::account(job.record.account));
  TELEPOST_ASSIGN(const auto name, reader->get(Space::point, keys::job_name(job.id)));
  return name.has_value();
}

// The job behind an index entry, if it may go out now.
Result<std::optional<Outbox::Stored>> Outbox::claimable(const Ready& ready, const Claim& claim) {
  TELEPOST_ASSIGN(auto stored, read(ready.partition, ready.id));
  if (!stored) return stored;  // taken away between the reads
  const JobRecord& job = stored->job.record;
  const auto time = ready_time(job);
  const bool wanted = (!claim.network || *claim.network == job.network) && (!claim.destination || *claim.destination == job.destination);
  if (!wanted || !time || *time > rooms_.clock.now()) return std::optional<Stored>();
  TELEPOST_ASSIGN(const bool named, is_named(stored->job));
  if (!named) return std::optional<Stored>();  // its account's batch is on its way, or never comes: check() finds it
  if (!job.held) return stored;
  // An operator holds it, and the attempt that was under way never reported.
  Job waiting = stored->job;
  waiting.record.state = JobRecord::State::waiting;
  TELEPOST_TRY(change(*stored, waiting));
  return std::optional<Stored>();
}

// All leases by one synced write. A job that somebody else took meanwhile is left out.
Result<std::vector<Job>> Outbox::lease(std::vector<Stored> jobs, const Claim& claim) {
  const Time until = rooms_.clock.now() + claim.lease;
  std::vector<Job> leased;
  std::vector<std::future<Result<void>>> committed;
  for (const Stored& stored : jobs) {
    Job& job = leased.emplace_back(stored.job);
    job.record.state = JobRecord::State::claimed;
    job.record.lease_owner = claim.owner;
    ++job.record.lease_epoch;
    job.record.lease_until = until;
    ++job.record.attempts;
    auto promise = std::make_shared<std::promise<Result<void>>>();
    committed.push_back(promise->get_future());
    Commit commit;
    commit.list.push_back(replace_job(job.id, &stored.job.record, stored.bytes, &job.record));
    commit.done = [promise](const Result<void>& result) { promise->set_value(result); };
    rooms_.committer.submit(std::move(commit));
  }
  std::vector<Job> mine;
  std::optional<Error> failed;
  for (std::size_t i = 0; i < leased.size(); ++i) {
    const Result<void> result = committed[i].get();
    if (result.ok()) mine.push_back(std::move(leased[i]));
    else if (result.error().kind != Errc::conflict) failed = result.error();
  }
  if (mine.empty() && failed) return *failed;
  return mine;  // leases that failed for another reason lapse
}

Result<std::vector<Job>> Outbox::claim(const Claim& claim) {
  TELEPOST_ASSERT(claim.network || claim.destination);
  const std::lock_guard lock(mutex_);
  std::vector<Stored> jobs;
  const std::string prefix = claim.destination ? keys::job_of_destination(*claim.destination)
                                               : keys::job_of_network(static_cast<std::uint8_t>(*claim.network));
  const std::uint16_t slices = claim.destination ? std::uint16_t{1} : keys::kQueueSlices;
  for (std::uint16_t i = 0; i < slices && jobs.size() < claim.limit; ++i) {
    const Partition partition = claim.destination ? keys::queue_slice(*claim.destination) : slice_at(next_slice_);
    TELEPOST_ASSIGN(const auto found, ready(partition, prefix, claim.limit + kReadAtOnce));
    for (const Ready& entry : found) {
      if (jobs.size() >= claim.limit) break;
      TELEPOST_ASSIGN(auto stored, claimable(entry, claim));
      if (stored) jobs.push_back(std::move(*stored));
    }
    if (!claim.destination && jobs.size() < claim.limit) next_slice_ = static_cast<std::uint16_t>((next_slice_ + 1) % keys::kQueueSlices);
  }
  return lease(std::move(jobs), claim);
}

}  // namespace telepost::store
