#include "store/outbox.h"

#include <algorithm>

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
constexpr std::size_t kCursors = 10'000;
// A job is written at its writer's now or later; a reader passes nothing younger than this.
constexpr Duration kReadLag = std::chrono::minutes(5);

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
  record.payload.clear();
  write.when_durable([&rooms = rooms_, job = Job{id, std::move(record)}] { note(rooms, job, ReadyJobs::Wake::senders); });
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

}  // namespace telepost::store
