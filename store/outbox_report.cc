#include <algorithm>

#include "base/bytes.h"
#include "schema/job_records.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/outbox.h"
#include "store/outbox_job.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::JobRecord;
using schema::Partition;

namespace {

constexpr int kTries = 16;
constexpr std::size_t kAtOnce = 500;
constexpr std::size_t kMaxReasonBytes = 500;
constexpr Duration kTimeToFinish = std::chrono::minutes(1);

bool same_lease(const JobRecord& a, const JobRecord& b) {
  return a.state == JobRecord::State::claimed && a.lease_epoch == b.lease_epoch && a.lease_owner == b.lease_owner;
}

}  // namespace

Result<void> Outbox::change(const Stored& before, const Job& after) {
  CommitList list;
  list.push_back(replace_job(before.job.id, &before.job.record, before.bytes, &after.record));
  return rooms_.committer.commit(std::move(list));
}

// The job as it stands, if the lease is still the caller's. A lapsed one is, as long as nobody else claimed.
Result<Outbox::Stored> Outbox::expect_lease(const Job& job) {
  TELEPOST_ASSIGN(auto stored, read(keys::queue_slice(job.record.destination), job.id));
  if (!stored || !same_lease(stored->job.record, job.record)) {
    return {Errc::conflict, "send job " + std::to_string(job.id) + " is not leased to its claimer any more"};
  }
  return std::move(*stored);
}

Result<Job> Outbox::renew(const Job& job, Duration lease) {
  TELEPOST_ASSIGN(const Stored stored, expect_lease(job));
  Job renewed = stored.job;
  renewed.record.lease_until = rooms_.clock.now() + lease;
  TELEPOST_TRY(change(stored, renewed));
  return renewed;
}

Result<void> Outbox::retry_at(const Job& job, Time when, std::string_view reason) {
  TELEPOST_ASSIGN(const Stored stored, expect_lease(job));
  Job waiting = stored.job;
  waiting.record.state = JobRecord::State::waiting;
  waiting.record.lease_owner.clear();
  waiting.record.next_attempt = std::max(when, rooms_.clock.now());
  waiting.record.reason = reason.substr(0, kMaxReasonBytes);
  return change(stored, waiting);
}

// First the lease is made to last and a check is asked for, in case that what follows never comes; a caller whose lease is gone
// fails here, where no account's batch depends on it. Then the account's batch, then the job.
Result<void> Outbox::take_name_away(const Stored& stored, const std::function<Result<void>(AccountWrite&)>& change) {
  const Time check = rooms_.clock.now() + kNameWait;
  Job fenced = stored.job;
  fenced.record.state = JobRecord::State::claimed;
  ++fenced.record.lease_epoch;
  fenced.record.lease_until = std::max(fenced.record.lease_until, rooms_.clock.now() + kTimeToFinish);
  CommitList list;
  list.push_back(Calendar::write(check, keys::queue_slice(fenced.record.destination)));
  list.push_back(replace_job(fenced.id, &stored.job.record, stored.bytes, &fenced.record));
  list.back().batch.put(Space::queue, unnamed_key(check, fenced.id), {});
  TELEPOST_TRY(rooms_.committer.commit(std::move(list)));

  CommitEntry gone = replace_job(fenced.id, &fenced.record, {}, nullptr);
  gone.expectations.clear();
  gone.batch.erase(Space::queue, unnamed_key(check, fenced.id));
  Result<AccountWrite> write = AccountWrite::begin(rooms_, fenced.record.account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) {
    CommitList last;
    last.push_back(std::move(gone));
    return rooms_.committer.commit(std::move(last));
  }
  TELEPOST_TRY(write);
  write->erase(Space::point, keys::job_name(fenced.id));
  if (change) TELEPOST_TRY(change(*write));
  write->after(std::move(gone));
  return write->commit();
}

Result<void> Outbox::finish(const Job& job, const std::function<Result<void>(AccountWrite&)>& change) {
  TELEPOST_ASSIGN(const Stored stored, expect_lease(job));
  return take_name_away(stored, change);
}

Result<void> Outbox::list(const JobFilter& filter, std::uint64_t after, std::size_t limit,
                          const std::function<bool(const Job&)>& visit) {
  // In the order of slices, and of ids inside each: `after` is an id that was listed last.
  std::uint16_t first = 0;
  if (after != 0) {
    TELEPOST_ASSIGN(const Stored last, find(after));
    first = keys::queue_slice(last.job.record.destination).slice();
  }
  const std::uint16_t only = filter.destination ? keys::queue_slice(*filter.destination).slice() : keys::kQueueSlices;
  bool more = limit > 0;
  Result<void> decoded;
  for (std::uint16_t slice = first; slice < keys::kQueueSlices && more; ++slice) {
    if (filter.destination && slice != only) continue;
    const auto reader = rooms_.engine->reader(Partition::slice(schema::PartitionKind::queue, slice));
    const std::string begin = after != 0 && slice == first ? keys::job(after) + '\0' : std::string("J");
    TELEPOST_TRY(reader->scan(Space::point, begin, keys::after("J"), [&](std::string_view key, std::string_view value) {
      auto record = schema::decode_JobRecord(value);
      if (!record.ok()) {
        decoded = record.error();
        return more = false;
      }
      const Job job{ByteReader(key.substr(1)).u64(), std::move(*record)};
      const bool wanted = (!filter.network || *filter.network == job.record.network) &&
                          (!filter.destination || *filter.destination == job.record.destination) &&
                          (!filter.account || *filter.account == job.record.account);
      if (wanted) more = visit(job) && --limit > 0;
      return more;
    }));
    TELEPOST_TRY(decoded);
  }
  return {};
}

Result<Outbox::Stored> Outbox::find(std::uint64_t id) {
  for (std::uint16_t slice = 0; slice < keys::kQueueSlices; ++slice) {
    TELEPOST_ASSIGN(auto stored, read(Partition::slice(schema::PartitionKind::queue, slice), id));
    if (stored) return std::move(*stored);
  }
  return {Errc::not_found, "no send job " + std::to_string(id)};
}

Result<Job> Outbox::show(std::uint64_t id) {
  TELEPOST_ASSIGN(Stored stored, find(id));
  return std::move(stored.job);
}

// Reads, changes and writes again until nobody came between.
Result<void> Outbox::change_by_hand(std::uint64_t id, const std::function<Result<void>(JobRecord&)>& change_record) {
  for (int tries = 0; tries < kTries; ++tries) {
    TELEPOST_ASSIGN(const Stored stored, find(id));
    Job changed = stored.job;
    TELEPOST_TRY(change_record(changed.record));
    if (changed.record == stored.job.record) return {};
    const Result<void> done = change(stored, changed);
    if (done.ok() || done.error().kind != Errc::conflict) return done;
  }
  return {Errc::busy, "send job " + std::to_string(id) + " is being changed by many at once"};
}

Result<void> Outbox::hold(std::uint64_t id) {
  return change_by_hand(id, [](JobRecord& job) -> Result<void> {
    job.held = true;
    return {};
  });
}

Result<void> Outbox::release(std::uint64_t id) {
  return change_by_hand(id, [this](JobRecord& job) -> Result<void> {
    if (job.held) job.next_attempt = rooms_.clock.now();
    job.held = false;
    return {};
  });
}

Result<void> Outbox::retry(std::uint64_t id) {
  return change_by_hand(id, [this](JobRecord& job) -> Result<void> {
    if (job.state == JobRecord::State::claimed) return {Errc::busy, "the job is being sent at this moment"};
    job.next_attempt = std::min(job.next_attempt, rooms_.clock.now());
    return {};
  });
}

Result<void> Outbox::remove(std::uint64_t id) {
  TELEPOST_ASSIGN(const Stored stored, find(id));
  const JobRecord& job = stored.job.record;
  if (job.state == JobRecord::State::claimed && job.lease_until > rooms_.clock.now()) {
    return {Errc::busy, "the job is being sent at this moment; hold it, and remove it after the attempt"};
  }
  const Result<void> removed = take_name_away(stored, {});
  if (!removed.ok() && removed.error().kind == Errc::conflict) return {Errc::busy, "a sender took the job meanwhile"};
  return removed;
}

Result<void> Outbox::check(std::uint16_t slice, Check when) {
  const Partition partition = Partition::slice(schema::PartitionKind::queue, slice);
  const Time now = rooms_.clock.now();
  const Time until = when == Check::early ? now + kNameWait : now;
  const std::string prefix(keys::kUnnamedJobs);
  std::string from = cursor(partition, prefix);
  for (bool more = true; more;) {
    CommitList list;
    Result<void> asked;
    std::size_t seen = 0;
    const std::string end = keys::job_at(prefix, until + Duration(1), 0);
    TELEPOST_TRY(rooms_.engine->reader(partition)->scan(Space::queue, from, end, [&](std::string_view key, std::string_view) {
      from = std::string(key) + '\0';
      const auto stored = read(partition, job_at_end_of(key).id);
      const auto named = stored.ok() && *stored ? is_named((*stored)->job) : Result<bool>(true);
      if (!stored.ok() || !named.ok()) {
        asked = stored.ok() ? named.error() : stored.error();
        return false;
      }
      const bool nobody = *stored && !*named;
      CommitEntry entry = nobody ? replace_job((*stored)->job.id, &(*stored)->job.record, (*stored)->bytes, nullptr)
                                 : CommitEntry{Batch(partition)};
      entry.batch.erase(Space::queue, key);
      list.push_back(std::move(entry));
      return ++seen < kAtOnce;
    }));
    TELEPOST_TRY(std::move(asked));
    more = seen >= kAtOnce;
    if (!list.empty()) TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  }
  keep_cursor(partition, prefix, from);
  return {};
}

Result<void> Outbox::forget(schema::AccountId account) {
  const auto reader = rooms_.engine->reader(Partition::account(account));
  std::string from = "J";
  for (bool more = true; more;) {
    CommitList list;
    Result<void> decoded;
    std::size_t seen = 0;
    TELEPOST_TRY(reader->scan(Space::point, from, keys::after("J"), [&](std::string_view key, std::string_view value) {
      from = std::string(key) + '\0';
      const std::uint64_t id = ByteReader(key.substr(1)).u64();
      const auto name = schema::decode_JobNameRecord(value);
      const auto stored = name.ok() ? read(keys::queue_slice(name->destination), id) : Result<std::optional<Stored>>(name.error());
      if (!stored.ok()) decoded = stored.error();
      else if (*stored) list.push_back(replace_job(id, &(*stored)->job.record, (*stored)->bytes, nullptr));
      return decoded.ok() && ++seen < kAtOnce;
    }));
    TELEPOST_TRY(std::move(decoded));
    more = seen >= kAtOnce;
    if (!list.empty()) TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  }
  return {};
}

}  // namespace telepost::store
