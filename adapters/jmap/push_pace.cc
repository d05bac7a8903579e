#include "adapters/jmap/push_pace.h"

#include <algorithm>

namespace telepost::adapters::jmap {

PushPace::Outcome PushPace::note(std::optional<unsigned> status, std::optional<Duration> retry_after, SteadyTime now) {
  if (status == 404 || status == 410) return Outcome::ended;  // RFC 8030 section 7.3
  if (status && *status / 100 == 2) {
    failures_ = 0;
    pause_ = std::max(kLeastPushPause, pause_ / 2);
    next_ = now + pause_;
    return Outcome::taken;
  }
  if (++failures_ >= kMostPushFailures) return Outcome::ended;
  if (status == 429) pause_ = std::min(kMostPushPause, pause_ * 2);  // RFC 8620 section 7.2: less often from here on
  const Duration doubled = kLeastPushPause * (1u << std::min(failures_ - 1, 12u));
  next_ = now + std::max({std::min(doubled, kMostPushWait), pause_, retry_after.value_or(Duration(0))});
  return Outcome::failed;
}

}  // namespace telepost::adapters::jmap
