#include "store/schedule.h"

#include <chrono>

#include "base/log.h"
#include "base/metrics.h"
#include "store/outbox_census.h"
#include "store/rooms.h"
#include "store/store_record.h"
#include "store/sweep.h"

namespace telepost::store {
namespace {
constexpr auto kRound = std::chrono::seconds(1);
// A kind that has much to do lets the others begin.
constexpr Duration kPatience = std::chrono::milliseconds(250);
constexpr int kRoundsBetweenTimes = 60;
constexpr int kRoundsBetweenCounts = 15;
constexpr int kRoundsWhileHalted = 60;

metrics::Gauge& clock_leap_seconds() {
  static metrics::Gauge gauge("telepost_clock_leap_seconds", "By how much the wall clock leads while it is not believed; then nothing is removed or moved");
  return gauge;
}
constexpr int kRoundsBetweenAccesses = 600;
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
  watch_clock();
  for (int round = 0; wait_a_round(); ++round) {
    rooms_.health.refresh();
    watch_clock();
    if (rooms_.serving && round % kRoundsBetweenCounts == 0) {
      const Result<void> counted = census.take();
      if (!counted.ok()) log::warning("queue_not_counted", {{"reason", to_string(counted.error())}});
    }
    if (round % kRoundsBetweenAccesses == kRoundsBetweenAccesses - 1) {
      const Result<void> written = write_accesses(rooms_);
      if (!written.ok()) log::warning("accesses_not_written", {{"reason", to_string(written.error())}});
    }
    if (round % kRoundsBetweenTimes != 0) continue;
    const Result<void> kept = keep_time(rooms_);
    if (!kept.ok()) log::warning("store_time_not_kept", {{"reason", to_string(kept.error())}});
  }
}

void Schedule::watch_clock() {
  const std::optional<Duration> leap = rooms_.clock.leap();
  clock_leap_seconds().set(leap ? std::chrono::duration<double>(*leap).count() : 0);
  if (leap.has_value() == clock_leapt_) return;
  clock_leapt_ = leap.has_value();
  if (leap) {
    log::error("clock_leapt", {{"wall", to_rfc3339(rooms_.clock.wall())}, {"store", to_rfc3339(rooms_.clock.now())},
                               {"what", "nothing is removed or moved until 'telepost clock accept'"}});
  } else {
    log::info("clock_believed", {{"store", to_rfc3339(rooms_.clock.now())}});
  }
  const Result<void> kept = keep_time(rooms_);
  if (!kept.ok()) log::warning("store_time_not_kept", {{"reason", to_string(kept.error())}});
}

void Schedule::sweep() {
  SweepOptions options;
  options.patience = kPatience;
  options.to_the_end = false;
  int rest = 0;  // while the clock is not believed: what is left undone would be met again in each round
  for (bool more = false; more ? !rooms_.stopping.load() : wait_a_round();) {
    if (rest > 0 && rooms_.clock.leap()) {
      --rest;
      continue;
    }
    const Result<SweepReport> swept = Sweep(rooms_).run(options);
    if (!swept.ok()) log::warning("sweep_failed", {{"reason", to_string(swept.error())}});
    more = swept.ok() && swept->out_of_time;
    rest = swept.ok() && swept->halted ? kRoundsWhileHalted : 0;
  }
}

}  // namespace telepost::store
