// When a push to one subscription may be tried next.
#pragma once

#include <optional>

#include "base/clock.h"

namespace telepost::adapters::jmap {

inline constexpr Duration kLeastPushPause = std::chrono::seconds(1);  // between two pushes, while all goes well: what changes meanwhile is one push
inline constexpr Duration kMostPushPause = std::chrono::minutes(10);  // the same for a service that said "too many" often
inline constexpr Duration kMostPushWait = std::chrono::hours(1);      // between two attempts that fail
inline constexpr unsigned kMostPushFailures = 100;                    // in a row, about four days; then the subscription ends

class PushPace {
 public:
  enum class Outcome : unsigned char { taken, failed, ended };
  // What an answer of a push service means; none: there was no answer. `retry_after` is kept to.
  Outcome note(std::optional<unsigned> status, std::optional<Duration> retry_after, SteadyTime now);

  SteadyTime next() const { return next_; }

 private:
  unsigned failures_ = 0;  // in a row
  Duration pause_ = kLeastPushPause;
  SteadyTime next_{};
};

}  // namespace telepost::adapters::jmap
