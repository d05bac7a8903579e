// The store's time. It follows the wall clock, but never runs backwards: where the wall clock falls behind, the store's time goes
// on at half the speed of the monotonic clock until both meet again.
//
// A wall clock that leaps ahead of the monotonic one by more than clock.max_jump (since the last stop: by more than clock.max_stop) is
// not believed: the store's time goes on by the monotonic clock as if nothing had happened, and until somebody accepts the leap or the
// wall clock comes back, nothing is removed or moved (store/sweep.h). So a clock that errs for a minute leaves no trace.
#pragma once

#include <atomic>
#include <optional>

#include "base/clock.h"
#include "schema/records.h"

namespace telepost::store {

class StoreClock {
 public:
  struct Limits {
    Duration max_jump;
    Duration max_stop;
  };
  StoreClock(const Clock& wall, Limits limits);

  // At open. A store that was never opened before takes the wall clock as it is.
  void begin(const schema::StoreRecord& record);
  Time now();
  // What happens now is dated so, where a retention may count from it: by the wall clock, even while that is not believed.
  // Should the leap be accepted later, nothing has aged by it.
  Time stamp();
  Time wall() const { return wall_.now(); }
  SteadyTime steady() const { return wall_.steady(); }

  // By how much the wall clock leads, while it is not believed.
  std::optional<Duration> leap();
  void accept();  // from here on the wall clock is believed again

  // The latest store time that is on disk: store/store_record.h writes it.
  void kept(Time latest) { kept_.store(to_millis(latest)); }
  Time kept() const { return from_millis(kept_.load()); }

 private:
  std::int64_t wall_micros() const;
  std::int64_t steady_micros() const;
  Duration limit() const;

  const Clock& wall_;
  const Limits limits_;
  std::atomic<std::int64_t> latest_{0};      // milliseconds: the highest that now() gave
  std::atomic<std::int64_t> offset_{0};      // microseconds: the store's time minus the monotonic clock
  std::atomic<std::int64_t> looked_{0};      // monotonic microseconds of the last look
  std::atomic<bool> leapt_{false};
  std::atomic<std::int64_t> kept_{0};        // milliseconds
};

}  // namespace telepost::store
