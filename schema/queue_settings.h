// How the outbox is emptied: the section [queue] of the configuration.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace telepost::schema {

struct QueueSettings {
  // Before the second attempt, the third, …; the last one repeats (RFC 5321 section 4.5.4.1: 30 minutes and more, but
  // for the first few).
  std::vector<Duration> retry = {std::chrono::minutes(5), std::chrono::minutes(10), std::chrono::minutes(20), std::chrono::minutes(40),
                                 std::chrono::hours(1), std::chrono::hours(2), std::chrono::hours(4)};
  Duration expire = std::chrono::days(5);          // the same section: 4 to 5 days
  Duration delay_notice = std::chrono::hours(4);   // after that long the sender is told, once
  std::uint32_t concurrency = 20;                  // jobs of one destination that are being sent at one time
  bool operator==(const QueueSettings&) const = default;
};

}  // namespace telepost::schema
