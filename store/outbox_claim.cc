// How a claim finds its jobs. Lanes (store/ready_jobs.h) are noted when a job is durable, or discovered in the index by network as
// its time comes; each turn of a lane reads its own index from where the last one ended.
#include <algorithm>
#include <future>
#include <memory>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"
#include "schema/keys.h"
#include "store/outbox.h"
#include "store/outbox_job.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::JobRecord;
using schema::Network;
using schema::Partition;

namespace {

constexpr std::size_t kReadAtOnce = 256;
constexpr std::size_t kDiscoverAtOnce = 4096;
constexpr Duration kDiscoverEvery = std::chrono::milliseconds(200);
// Another process's job is written at its writer's now or later; what is younger than this may still come.
constexpr Duration kReadLag = std::chrono::minutes(5);
constexpr Duration kReread = std::chrono::minutes(1);
constexpr Network kNetworks[] = {Network::mail, Network::sms, Network::mms, Network::fax, Network::call, Network::push, Network::webhook};

Partition slice_at(std::uint16_t slice) { return Partition::slice(schema::PartitionKind::queue, slice); }
std::string network_prefix(Network network) { return keys::job_of_network(static_cast<std::uint8_t>(network)); }
std::string_view end_of(std::string_view index_key) { return index_key.substr(index_key.size() - 16); }

}  // namespace

struct Outbox::Looking {
  const Claim& claim;
  Time now;
  std::vector<Stored> jobs;
  CommitList stale;  // index entries that lead nowhere
};

std::uint64_t Outbox::subscribe(Listener listener) { return rooms_.ready_jobs.subscribe(std::move(listener)); }
void Outbox::unsubscribe(std::uint64_t subscription) { rooms_.ready_jobs.unsubscribe(subscription); }

// After the commit: where the job stands now is where its lane is read.
void Outbox::note(Rooms& rooms, const Job& job, ReadyJobs::Wake wake) {
  const auto time = ready_time(job.record);
  if (!time || *time > rooms.clock.now()) return;  // discovered when it comes
  rooms.ready_jobs.note(lane_of(job.record), end_of(index_keys(job.id, job.record).front()), wake);
}

// Goes on through what came due in the index of a network, and notes the lanes. Precondition: `reading` is held.
Result<void> Outbox::discover(Network network, std::uint16_t slice) {
  ReadyJobs::Position& position = rooms_.ready_jobs.positions[{network, slice}];
  const Time now = rooms_.clock.now();
  if (!position.more && now - position.read < kDiscoverEvery && now >= position.read) return {};
  const std::string prefix = network_prefix(network);
  if (position.next.empty()) position.next = prefix;
  if (now >= position.reread) {
    position.next = std::min(position.next, keys::job_at(prefix, now - kReadLag, 0));
    position.reread = now + kReread;
  }
  const auto reader = rooms_.engine->reader(slice_at(slice));
  const std::string end = keys::job_at(prefix, now + Duration(1), 0);
  std::vector<std::pair<std::string, std::string>> found;
  TELEPOST_TRY(reader->scan(Space::queue, position.next, end, [&](std::string_view key, std::string_view value) {
    found.emplace_back(key, value);
    return found.size() < kDiscoverAtOnce;
  }));
  position.read = now;
  position.more = found.size() >= kDiscoverAtOnce;
  for (const auto& [key, destination] : found) {
    if (!rooms_.ready_jobs.has_room()) {
      position.more = true;
      return {};
    }
    Lane lane{network, slice, destination};
    if (destination.empty()) {  // written before entries held it
      TELEPOST_ASSIGN(const auto stored, read(slice_at(slice), job_at_end_of(key).id));
      if (stored) lane = lane_of(stored->job.record);
    }
    if (!lane.destination.empty()) rooms_.ready_jobs.stays(lane, end_of(key));
    position.next = key + '\0';
  }
  if (!position.more) position.next = std::max(position.next, end);
  return {};
}

// The job behind an entry of the lane's index: takes it if it may go out now. What is not taken is noted or discovered when its
// time comes: a job whose account's batch is on its way, when that is durable.
Result<bool> Outbox::consider(Looking& looking, const ReadyJobs::Turn& turn, std::string_view key) {
  const std::uint64_t id = job_at_end_of(key).id;
  if (rooms_.ready_jobs.is_sent(turn.lane, id, looking.now)) return false;
  const Partition partition = slice_at(turn.lane.slice);
  TELEPOST_ASSIGN(auto stored, read(partition, id));
  const bool stands = stored && lane_of(stored->job.record).destination == turn.lane.destination &&
                      ready_time(stored->job.record) == job_at_end_of(key).time;
  if (!stands) {
    // Done between the reads, as a rule; else it would be met at each claim.
    CommitEntry stale{Batch(partition)};
    stale.expectations.push_back({Space::point, keys::job(id), stored ? std::optional(stored->bytes) : std::nullopt});
    stale.batch.erase(Space::queue, key);
    for (const Network network : kNetworks) {
      stale.batch.erase(Space::queue, network_prefix(network) + std::string(end_of(key)));
    }
    looking.stale.push_back(std::move(stale));
    return false;
  }
  if (stored->job.record.network != turn.lane.network) return false;  // another lane's
  TELEPOST_ASSIGN(const bool named, is_named(stored->job));
  if (!named) return false;  // or never comes: check() finds it
  if (stored->job.record.held) {
    // An operator holds it, and the attempt that was under way never reported.
    Job waiting = stored->job;
    waiting.record.state = JobRecord::State::waiting;
    TELEPOST_TRY(change(*stored, waiting));
    return false;
  }
  looking.jobs.push_back(std::move(*stored));
  return true;
}

// Up to `limit` jobs of one lane. Where it ends is where the lane's next turn begins, unless that is the lane's end.
Result<std::size_t> Outbox::take_turn(Looking& looking, const ReadyJobs::Turn& turn, std::size_t limit) {
  const std::string prefix = "D" + turn.lane.destination;
  // Up to now and not to when this claim began: what was discovered or noted since then brought the lane here, and is noted no more.
  const std::string end = keys::job_at(prefix, rooms_.clock.now() + Duration(1), 0);
  const auto reader = rooms_.engine->reader(slice_at(turn.lane.slice));
  std::string next = turn.from;  // to be considered
  std::size_t taken = 0;
  Result<void> read_on;
  bool more = true;
  while (more && taken < limit && read_on.ok()) {
    std::vector<std::string> entries;
    read_on = reader->scan(Space::queue, prefix + next, end, [&](std::string_view key, std::string_view) {
      entries.emplace_back(key);
      return entries.size() < kReadAtOnce;
    });
    more = entries.size() >= kReadAtOnce;
    for (std::size_t i = 0; i < entries.size() && read_on.ok(); ++i) {
      next = end_of(entries[i]);
      more = more || taken >= limit;
      if (taken >= limit) break;
      const Result<bool> took = consider(looking, turn, entries[i]);
      if (!took.ok()) read_on = took.error();
      else if (*took) ++taken, rooms_.ready_jobs.begin(turn.lane, job_at_end_of(entries[i]).id, looking.now + looking.claim.lease);
      if (took.ok()) next.push_back('\0');
    }
  }
  if (more || !read_on.ok()) rooms_.ready_jobs.stays(turn.lane, next);
  TELEPOST_TRY(std::move(read_on));
  return taken;
}

// Lanes take turns until there is enough, or a whole round gave nothing.
Result<void> Outbox::look(Looking& looking) {
  const Claim& claim = looking.claim;
  const std::size_t for_mail = rooms_.configuration.queue.concurrency;
  const auto bound = [&](Network network) {
    return claim.concurrency.value_or(network == Network::mail ? for_mail : std::size_t{1'000'000});
  };
  ReadyJobs& ready = rooms_.ready_jobs;
  const auto missing = [&] { return claim.limit - std::min(claim.limit, looking.jobs.size()); };
  if (claim.destination) {
    JobRecord wanted;
    wanted.destination = *claim.destination;
    for (const Network network : kNetworks) {
      if (claim.network && *claim.network != network) continue;
      wanted.network = network;
      const Lane lane = lane_of(wanted);
      TELEPOST_TRY(discover(network, lane.slice));
      if (missing() == 0) return {};
      const auto turn = ready.turn_of(lane, bound(network), looking.now);
      if (turn) TELEPOST_TRY(take_turn(looking, *turn, std::min(missing(), turn->room)));
    }
    return {};
  }
  const Network network = *claim.network;
  for (std::uint16_t slice = 0; slice < keys::kQueueSlices; ++slice) TELEPOST_TRY(discover(network, slice));
  for (bool progress = true; progress && missing() > 0;) {
    progress = false;
    const std::size_t lanes = ready.lanes(network);
    const std::size_t share = std::max<std::size_t>(1, missing() / std::max<std::size_t>(lanes, 1));
    for (std::size_t i = 0; i < lanes && missing() > 0; ++i) {
      const auto turn = ready.next(network, bound(network), looking.now);
      if (!turn) break;
      TELEPOST_ASSIGN(const std::size_t taken, take_turn(looking, *turn, std::min({missing(), share, turn->room})));
      progress = progress || taken > 0;
    }
  }
  return {};
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
    committed.push_back(submit_change(rooms_, replace_job(job.id, &stored.job.record, stored.bytes, &job.record)));
  }
  std::vector<Job> mine;
  std::optional<Error> failed;
  for (std::size_t i = 0; i < leased.size(); ++i) {
    const Result<void> result = committed[i].get();
    if (result.ok()) {
      mine.push_back(std::move(leased[i]));
      continue;
    }
    if (result.error().kind != Errc::conflict) failed = result.error();
    rooms_.ready_jobs.end(lane_of(jobs[i].job.record), jobs[i].job.id);
    note(rooms_, jobs[i].job, ReadyJobs::Wake::nobody);
  }
  if (mine.empty() && failed) return *failed;
  return mine;  // leases that failed for another reason lapse
}

Result<std::vector<Job>> Outbox::claim(const Claim& claim) {
  TELEPOST_ASSERT(claim.network || claim.destination);
  Looking looking{claim, rooms_.clock.now(), {}, {}};
  Result<void> looked;
  {
    const std::lock_guard lock(rooms_.ready_jobs.reading);
    looked = look(looking);
  }
  for (CommitEntry& stale : looking.stale) submit_change(rooms_, std::move(stale));
  if (!looked.ok() && looking.jobs.empty()) return looked.error();
  return lease(std::move(looking.jobs), claim);
}

Result<std::optional<Time>> Outbox::next_due(Network network) {
  if (rooms_.ready_jobs.lanes(network) > 0) return std::optional(rooms_.clock.now());
  const std::string prefix = network_prefix(network);
  std::optional<Time> earliest;
  for (std::uint16_t slice = 0; slice < keys::kQueueSlices; ++slice) {
    std::string from = prefix;
    {
      const std::lock_guard lock(rooms_.ready_jobs.reading);
      const auto known = rooms_.ready_jobs.positions.find({network, slice});
      if (known != rooms_.ready_jobs.positions.end() && !known->second.next.empty()) from = known->second.next;
    }
    TELEPOST_TRY(rooms_.engine->reader(slice_at(slice))->scan(Space::queue, from, keys::after(prefix), [&](std::string_view key, std::string_view) {
      const Time time = job_at_end_of(key).time;
      if (!earliest || time < *earliest) earliest = time;
      return false;
    }));
  }
  if (earliest) earliest = std::max(*earliest, rooms_.clock.now());
  return earliest;
}

}  // namespace telepost::store
