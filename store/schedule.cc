#include "store/schedule.h"

#include <chrono>

#include "base/log.h"
#include "store/outbox_census.h"
#include "store/rooms.h"
#include "store/store_record.h"
#include "store/sweep.h"

namespace telepost::store {
namespace {
constexpr auto kRound = std::chrono::seconds(1);
constexpr int kRoundsBetweenTimes = 60;
constexpr int kRoundsBetweenCounts = 15;
}  // namespace

Schedule::Schedule(Rooms& rooms, Sweeping sweeping) : rooms_(rooms), watch_([this] { watch(); }) {
  if (sweeping == Sweeping::by_itself) sweep_ = std::thread([this] { sweep(); });
}

Schedule::~Schedule() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  watch_.join();
  if (sweep_.joinable()) sweep_.join();
}

bool Schedule::wait_a_round() {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, kRound, [this] { return stopping_; });
}

void Schedule::watch() {
  OutboxCensus census(rooms_);
  for (int round = 0; wait_a_round(); ++round) {
    rooms_.health.refresh();
    if (rooms_.serving && round % kRoundsBetweenCounts == 0) {
      const Result<void> counted = census.take();
      if (!counted.ok()) log::warning("queue_not_counted", {{"reason", to_string(counted.error())}});
    }
    if (round % kRoundsBetweenTimes != 0) continue;
    const Result<void> kept = keep_time(rooms_);
    if (!kept.ok()) log::warning("store_time_not_kept", {{"reason", to_string(kept.error())}});
  }
}

void Schedule::sweep() {
  while (wait_a_round()) {
    const Result<SweepReport> swept = Sweep(rooms_).run({});
    if (!swept.ok()) log::warning("sweep_failed", {{"reason", to_string(swept.error())}});
  }
}

}  // namespace telepost::store
