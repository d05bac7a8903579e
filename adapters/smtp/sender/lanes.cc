#include "adapters/smtp/sender/lanes.h"

#include <algorithm>
#include <utility>

namespace telepost::adapters::smtp::sender {
namespace {

constexpr unsigned kFailuresBeforePause = 2;  // one may be an accident
constexpr std::size_t kCallsAtOnce = 5;           // of a lane
constexpr Duration kFirstPause = std::chrono::seconds(30);
constexpr Duration kLongestPause = std::chrono::minutes(10);
constexpr std::size_t kReportsShare = 4;          // of all connections, one part
constexpr std::size_t kLanesRemembered = 10'000;  // that have nothing but failures

}  // namespace

// A destination that failed is asked by one at a time until it answers. Each call will take one job.
bool Lanes::may_call(const Lane& lane, std::size_t promised) const {
  const bool has_place = couriers_ < most_ && (!lane.is_report || couriers_of_reports_ < std::max<std::size_t>(most_ / kReportsShare, 1));
  return !closed_ && lane.waiting.size() > lane.calling + promised && lane.calling < kCallsAtOnce && has_place &&
         lane.couriers < (lane.failures > 0 ? 1 : most_of_lane_);
}

void Lanes::begin_call(Lane& lane) {
  ++lane.calling;
  ++lane.couriers;
  ++couriers_;
  if (lane.is_report) ++couriers_of_reports_;
  lane.turn = ++turns_;
}

void Lanes::call_where_wanted(Lane& lane, std::vector<ErrandPtr>& start, std::size_t promised) {
  while (may_call(lane, promised)) {
    start.push_back(lane.waiting[lane.calling + promised]);
    begin_call(lane);
  }
}

Lanes::Lane* Lanes::longest_without() {
  Lane* found = nullptr;
  for (auto& [name, lane] : lanes_) {
    if (lane.couriers == 0 && may_call(lane) && (found == nullptr || lane.turn < found->turn)) found = &lane;
  }
  return found;
}

// All connections are taken and a lane has none: one that waits in vain elsewhere gives its place.
void Lanes::make_room(const Lane& wanting) {
  for (auto& [name, lane] : lanes_) {
    if (lane.idle.empty() || (wanting.is_report && !lane.is_report)) continue;
    Carrier* const oldest = lane.idle.front();
    lane.idle.erase(lane.idle.begin());
    oldest->wake();
    return;
  }
}

Lanes::Given Lanes::give(ErrandPtr errand, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  forget_old(now);
  Lane& lane = lanes_[errand->lane];
  lane.is_report = errand->is_report;
  if (now < lane.paused_until) return {Given::How::paused, lane.reason};
  if (!lane.idle.empty()) {
    Carrier* const carrier = lane.idle.back();
    lane.idle.pop_back();
    lane.handed[carrier] = std::move(errand);
    carrier->wake();
    return {Given::How::taken, ""};
  }
  if (lane.waiting.empty() && lane.couriers == 0) lane.turn = ++turns_;
  lane.waiting.push_back(std::move(errand));
  ++waiting_;
  if (may_call(lane)) {
    begin_call(lane);
    return {Given::How::start, ""};
  }
  if (lane.couriers == 0) make_room(lane);
  return {Given::How::taken, ""};
}

std::vector<ErrandPtr> Lanes::answered(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[name];
  lane.failures = 0;
  lane.paused_until = SteadyTime::min();
  --lane.calling;
  std::vector<ErrandPtr> start;
  call_where_wanted(lane, start, 1);
  return start;
}

bool Lanes::withdraw(const std::string& name, const ErrandPtr& errand) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[name];
  --lane.calling;
  const std::size_t withdrawn = std::erase(lane.waiting, errand);
  waiting_ -= withdrawn;
  return withdrawn > 0;
}

void Lanes::call_again(const std::string& name, const ErrandPtr& errand) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[name];
  lane.waiting.push_front(errand);
  ++waiting_;
  ++lane.calling;
}

ErrandPtr Lanes::next(const std::string& name, Carrier& carrier) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[name];
  if (closed_) return nullptr;
  if (!lane.waiting.empty()) {
    ErrandPtr errand = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    --waiting_;
    return errand;
  }
  lane.idle.push_back(&carrier);
  return nullptr;
}

ErrandPtr Lanes::take(const std::string& name, Carrier& carrier) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[name];
  std::erase(lane.idle, &carrier);
  const auto handed = lane.handed.find(&carrier);
  if (handed == lane.handed.end()) return nullptr;
  ErrandPtr errand = std::move(handed->second);
  lane.handed.erase(handed);
  return errand;
}

std::vector<ErrandPtr> Lanes::leave(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto left = lanes_.find(name);
  --left->second.couriers;
  --couriers_;
  if (left->second.is_report) --couriers_of_reports_;
  std::vector<ErrandPtr> start;
  while (Lane* const lane = waiting_ > 0 ? longest_without() : nullptr) {
    start.push_back(lane->waiting.front());
    begin_call(*lane);
  }
  call_where_wanted(left->second, start);
  for (auto lane = lanes_.begin(); waiting_ > 0 && couriers_ < most_ && lane != lanes_.end(); ++lane) call_where_wanted(lane->second, start);
  if (left->second.empty()) lanes_.erase(left);
  return start;
}

std::vector<ErrandPtr> Lanes::failed(const std::string& name, const std::string& reason, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[name];
  if (++lane.failures < kFailuresBeforePause) return {};
  const unsigned doublings = std::min(lane.failures - kFailuresBeforePause, 6u);
  lane.paused_until = now + std::min(kLongestPause, kFirstPause * (1u << doublings));
  lane.reason = reason;
  std::vector<ErrandPtr> waiting(std::make_move_iterator(lane.waiting.begin()), std::make_move_iterator(lane.waiting.end()));
  waiting_ -= waiting.size();
  lane.waiting.clear();
  return waiting;
}

std::vector<ErrandPtr> Lanes::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  std::vector<ErrandPtr> waiting;
  for (auto& [name, lane] : lanes_) {
    std::move(lane.waiting.begin(), lane.waiting.end(), std::back_inserter(waiting));
    lane.waiting.clear();
    for (Carrier* const carrier : std::exchange(lane.idle, {})) carrier->wake();
  }
  waiting_ = 0;
  return waiting;
}

std::size_t Lanes::couriers() const {
  const std::lock_guard lock(mutex_);
  return couriers_;
}

// What is known of destinations that failed long ago is of no use.
void Lanes::forget_old(SteadyTime now) {
  if (lanes_.size() < kLanesRemembered) return;
  std::erase_if(lanes_, [&](const auto& entry) {
    const Lane& lane = entry.second;
    return lane.waiting.empty() && lane.couriers == 0 && lane.paused_until < now;
  });
}

}  // namespace telepost::adapters::smtp::sender
