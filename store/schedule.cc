#include "store/schedule.h"

#include <chrono>

#include "base/log.h"
#include "store/rooms.h"
#include "store/store_record.h"
#include "store/sweep.h"

namespace telepost::store {
namespace {
constexpr auto kRound = std::chrono::seconds(1);
constexpr int kRoundsBetweenTimes = 60;
}  // namespace

Schedule::Schedule(Rooms& rooms, Sweeping sweeping) : rooms_(rooms), thread_([this, sweeping] { loop(sweeping); }) {}

Schedule::~Schedule() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Schedule::loop(Sweeping sweeping) {
  for (int round = 0;; ++round) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kRound, [this] { return stopping_; })) return;
    }
    rooms_.health.refresh();
    if (round % kRoundsBetweenTimes == 0) {
      const Result<void> kept = keep_time(rooms_);
      if (!kept.ok()) log::warning("store_time_not_kept", {{"reason", to_string(kept.error())}});
    }
    if (sweeping == Sweeping::when_asked) continue;
    const Result<SweepReport> swept = Sweep(rooms_).run({});
    if (!swept.ok()) log::warning("sweep_failed", {{"reason", to_string(swept.error())}});
  }
}

}  // namespace telepost::store
