#include "store/ready_jobs.h"

#include <algorithm>

#include "schema/keys.h"

namespace telepost::store {
namespace {
constexpr std::size_t kMaxLanes = 200'000;
}  // namespace

Lane lane_of(const schema::JobRecord& job) {
  return {job.network, schema::keys::queue_slice(job.destination).slice(), schema::keys::job_of_destination(job.destination).substr(1)};
}

std::uint64_t ReadyJobs::subscribe(Listener listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.emplace(next_listener_, std::move(listener));
  return next_listener_++;
}

void ReadyJobs::unsubscribe(std::uint64_t subscription) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.erase(subscription);
}

void ReadyJobs::wake(schema::Network network) {
  const std::lock_guard lock(listeners_mutex_);
  for (const auto& [number, listener] : listeners_) listener(network);
}

bool ReadyJobs::has_room() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() < kMaxLanes;
}

void ReadyJobs::note(const Lane& lane, std::string_view key, Wake whom) {
  {
    const std::lock_guard lock(mutex_);
    const auto [waiting, added] = waiting_.try_emplace(lane);
    if (added || key < waiting->second.from) waiting->second.from = key;
    if (added || waiting->second.aside) turns_[lane.network].push_back(lane);
    waiting->second.aside = false;  // next() asks again
  }
  if (whom == Wake::senders) wake(lane.network);
}

std::size_t ReadyJobs::lanes(schema::Network network) const {
  const std::lock_guard lock(mutex_);
  const auto turns = turns_.find(network);
  return turns == turns_.end() ? 0 : turns->second.size();
}

// A sender that died without a word holds its place no longer than its lease.
std::size_t ReadyJobs::count_sent(const Lane& lane, Time now) {
  const auto sent = sent_.find(lane);
  if (sent == sent_.end()) return 0;
  std::erase_if(sent->second, [now](const auto& job) { return job.second <= now; });
  const std::size_t count = sent->second.size();
  if (count == 0) sent_.erase(sent);
  return count;
}

std::optional<ReadyJobs::Turn> ReadyJobs::next(schema::Network network, std::size_t concurrency, Time now) {
  const std::lock_guard lock(mutex_);
  std::deque<Lane>& turns = turns_[network];
  while (!turns.empty()) {
    Lane lane = std::move(turns.front());
    turns.pop_front();
    const auto waiting = waiting_.find(lane);
    if (waiting == waiting_.end() || waiting->second.aside) continue;
    const std::size_t sent = count_sent(lane, now);
    if (sent >= concurrency) {
      waiting->second.aside = true;
      continue;
    }
    Turn turn{lane, std::move(waiting->second.from), concurrency - sent};
    waiting_.erase(waiting);
    return turn;
  }
  return std::nullopt;
}

// Its place among the turns stays; it is passed over there if nothing is left.
std::optional<ReadyJobs::Turn> ReadyJobs::turn_of(const Lane& lane, std::size_t concurrency, Time now) {
  const std::lock_guard lock(mutex_);
  const auto waiting = waiting_.find(lane);
  const std::size_t sent = count_sent(lane, now);
  if (waiting == waiting_.end() || sent >= concurrency) return std::nullopt;
  Turn turn{lane, std::move(waiting->second.from), concurrency - sent};
  waiting_.erase(waiting);
  std::erase(turns_[lane.network], lane);
  return turn;
}

bool ReadyJobs::is_sent(const Lane& lane, std::uint64_t job, Time now) const {
  const std::lock_guard lock(mutex_);
  const auto sent = sent_.find(lane);
  if (sent == sent_.end()) return false;
  const auto found = sent->second.find(job);
  return found != sent->second.end() && found->second > now;
}

std::size_t ReadyJobs::sent(schema::Network network, Time now) const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (auto lane = sent_.lower_bound({network, 0, ""}); lane != sent_.end() && lane->first.network == network; ++lane) {
    count += static_cast<std::size_t>(std::count_if(lane->second.begin(), lane->second.end(), [now](const auto& job) { return job.second > now; }));
  }
  return count;
}

void ReadyJobs::begin(const Lane& lane, std::uint64_t job, Time until) {
  const std::lock_guard lock(mutex_);
  sent_[lane][job] = until;
}

void ReadyJobs::end(const Lane& lane, std::uint64_t job) {
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    const auto sent = sent_.find(lane);
    if (sent != sent_.end() && sent->second.erase(job) > 0 && sent->second.empty()) sent_.erase(sent);
    const auto waiting = waiting_.find(lane);
    if (waiting != waiting_.end() && waiting->second.aside) {
      waiting->second.aside = false;
      turns_[lane.network].push_back(lane);
      more = true;
    }
  }
  if (more) wake(lane.network);
}

}  // namespace telepost::store
