#include <algorithm>
#include <future>
#include <memory>

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

constexpr int kReportTries = 16;
constexpr std::size_t kKeysAtOnce = 500;
constexpr std::size_t kMaxReasonBytes = 500;
constexpr Duration kTimeToFinish = std::chrono::minutes(1);
constexpr Duration kTimeForACommit = std::chrono::seconds(45);  // and longer than before its end a sender renews a lease

// Who has a job whose outcome is being kept: what is changed now would be lost when the account's batch is followed by the job.
constexpr std::string_view kConcluding = "outcome";

bool is_concluded(const JobRecord& job, Time now) {
  return job.state == JobRecord::State::claimed && job.lease_owner == kConcluding && job.lease_until > now;
}

bool same_lease(const JobRecord& a, const JobRecord& b) {
  return a.state == JobRecord::State::claimed && a.lease_epoch == b.lease_epoch && a.lease_owner == b.lease_owner;
}

}  // namespace

Result<void> Outbox::change(const Stored& before, const Job& after) {
  CommitList list;
  list.push_back(replace_job(before.job.id, &before.job.record, before.bytes, &after.record));
  TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  if (after.record.state == JobRecord::State::waiting) rooms_.ready_jobs.end(lane_of(after.record), after.id);
  else rooms_.ready_jobs.begin(lane_of(after.record), after.id, after.record.lease_until);
  note(rooms_, after, ReadyJobs::Wake::senders);
  return {};
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
  const auto changed = change_all({{job, Change::How::waits, when, std::string(reason), job.record.payload}});
  return changed[0].ok() ? Result<void>() : Result<void>(changed[0].error());
}

// A job that will end gets a check first, in case that its account's batch is the last that comes.
CommitList Outbox::changed(const Change& change, const Stored& stored, Job& job, Time now) {
  JobRecord& record = job.record;
  record.payload = change.payload;
  record.reason = change.reason.substr(0, kMaxReasonBytes);
  record.next_attempt = std::max(change.next_attempt, now);
  CommitList list;
  if (change.how == Change::How::waits) {
    record.state = JobRecord::State::waiting;
    record.lease_owner.clear();
  } else {
    record.state = JobRecord::State::claimed;
    record.lease_owner = kConcluding;
    ++record.lease_epoch;
    record.lease_until = std::max(record.lease_until, now + kTimeToFinish);
  }
  const bool ends = change.how == Change::How::ends;
  if (ends) job.check = now + kNameWait;
  if (ends) list.push_back(Calendar::write(job.check, keys::queue_slice(record.destination)));
  list.push_back(replace_job(job.id, &stored.job.record, stored.bytes, &record));
  if (ends) list.back().batch.put(Space::queue, unnamed_key(job.check, job.id), {});
  return list;
}

std::vector<Result<Job>> Outbox::change_all(const std::vector<Change>& changes) {
  const Time now = rooms_.clock.now();
  std::vector<Result<Job>> results;
  std::vector<std::future<Result<void>>> committed;
  for (const Change& each : changes) {
    const Result<Stored> stored = expect_lease(each.job);
    std::promise<Result<void>> promise;
    committed.push_back(promise.get_future());
    if (!stored.ok()) {
      results.push_back(stored.error());
      continue;
    }
    Job job = stored->job;
    Commit commit;
    commit.list = changed(each, *stored, job, now);
    auto done = std::make_shared<std::promise<Result<void>>>(std::move(promise));
    commit.done = [done](const Result<void>& result) { done->set_value(result); };
    rooms_.committer.submit(std::move(commit));
    results.push_back(std::move(job));
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!results[i].ok()) continue;
    const Result<void> done = committed[i].get();
    if (!done.ok()) {
      results[i] = done.error();
      continue;
    }
    const Job& job = *results[i];
    if (changes[i].how != Change::How::waits) {
      rooms_.ready_jobs.begin(lane_of(job.record), job.id, job.record.lease_until);
      continue;
    }
    rooms_.ready_jobs.end(lane_of(job.record), job.id);
    note(rooms_, job, ReadyJobs::Wake::senders);
  }
  return results;
}

Result<std::optional<Job>> Outbox::ends_at_once(const Job& job) {
  TELEPOST_ASSIGN(Stored stored, expect_lease(job));
  const Time now = rooms_.clock.now();
  const JobRecord& record = stored.job.record;
  if (record.lease_until < now + kTimeForACommit || record.created + kNameWait < now + kTimeToFinish) return std::optional<Job>();
  stored.job.check = record.created + kNameWait;
  return std::optional(std::move(stored.job));
}

void Outbox::conclude(AccountWrite& write, const Job& job, const std::optional<Job>& after) {
  CommitEntry entry = replace_job(job.id, &job.record, {}, after ? &after->record : nullptr);
  entry.expectations.clear();  // nobody else's for a minute
  if (!after) {
    write.erase(Space::point, keys::job_name(job.id));
    entry.batch.erase(Space::queue, unnamed_key(job.check, job.id));
  }
  write.after(std::move(entry));
  Job noted = after.value_or(job);
  noted.record.payload.clear();
  write.when_durable([&rooms = rooms_, noted = std::move(noted), waits = after.has_value()] {
    rooms.ready_jobs.end(lane_of(noted.record), noted.id);
    if (waits) note(rooms, noted, ReadyJobs::Wake::senders);
  });
}

Result<void> Outbox::discard(const Job& job) {
  CommitEntry gone = replace_job(job.id, &job.record, {}, nullptr);
  gone.expectations.clear();
  gone.batch.erase(Space::queue, unnamed_key(job.check, job.id));
  rooms_.ready_jobs.end(lane_of(job.record), job.id);
  return submit_change(rooms_, std::move(gone)).get();
}

// First the lease is made to last and a check is asked for, in case that what follows never comes; a caller whose lease is gone
// fails here, where no account's batch depends on it. Then the account's batch, then the job.
Result<void> Outbox::end(const Stored& stored, const std::function<Result<void>(AccountWrite&)>& change) {
  Job ending = stored.job;
  const JobRecord& record = ending.record;
  TELEPOST_TRY(rooms_.committer.commit(changed({ending, Change::How::ends, record.next_attempt, record.reason, record.payload}, stored, ending,
                                               rooms_.clock.now())));
  Result<AccountWrite> write = AccountWrite::begin(rooms_, ending.record.account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return discard(ending);
  TELEPOST_TRY(write);
  if (change) TELEPOST_TRY(change(*write));
  conclude(*write, ending, std::nullopt);
  return write->commit();
}

Result<void> Outbox::finish(const Job& job, const std::function<Result<void>(AccountWrite&)>& change) {
  TELEPOST_ASSIGN(const Stored stored, expect_lease(job));
  return end(stored, change);
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
  for (int tries = 0; tries < kReportTries; ++tries) {
    TELEPOST_ASSIGN(const Stored stored, find(id));
    if (is_concluded(stored.job.record, rooms_.clock.now())) {
      return {Errc::busy, "an attempt of send job " + std::to_string(id) + " ends at this moment; ask again"};
    }
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
    if (job.held) return {Errc::busy, "the job is held; release it, and it is tried when its time comes"};
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
  const Result<void> removed = end(stored, {});
  if (!removed.ok() && removed.error().kind == Errc::conflict) return {Errc::busy, "a sender took the job meanwhile"};
  return removed;
}

Result<Job> Outbox::seize(std::uint64_t id, const std::string& owner) {
  TELEPOST_ASSIGN(const Stored stored, find(id));
  Job seized = stored.job;
  JobRecord& job = seized.record;
  if (job.state == JobRecord::State::claimed && job.lease_until > rooms_.clock.now()) return {Errc::busy, "the job is being sent at this moment"};
  job.state = JobRecord::State::claimed;
  job.lease_owner = owner;
  ++job.lease_epoch;
  job.lease_until = rooms_.clock.now() + kTimeToFinish;
  const Result<void> done = change(stored, seized);
  if (!done.ok() && done.error().kind == Errc::conflict) return {Errc::busy, "a sender took the job meanwhile"};
  TELEPOST_TRY(done);
  return seized;
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
      return ++seen < kKeysAtOnce;
    }));
    TELEPOST_TRY(std::move(asked));
    more = seen >= kKeysAtOnce;
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
      return decoded.ok() && ++seen < kKeysAtOnce;
    }));
    TELEPOST_TRY(std::move(decoded));
    more = seen >= kKeysAtOnce;
    if (!list.empty()) TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  }
  return {};
}

}  // namespace telepost::store
