// Time that moves only when a test moves it. Any thread.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace telepost::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = from_millis(1'800'000'000'000)) : now_(to_millis(start)) {}
  Time now() const override { return from_millis(now_); }
  SteadyTime steady() const override { return SteadyTime(std::chrono::milliseconds(steady_)); }

  // Time passes.
  void advance(Duration by) { now_ += by.count(), steady_ += by.count(); }
  // The wall clock is set; the monotonic clock does not notice.
  void jump_to(Time time) { now_ = to_millis(time); }

 private:
  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> steady_{1'000'000};
};

}  // namespace telepost::test
