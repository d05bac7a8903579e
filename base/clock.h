// Time as a seam. Wall time is milliseconds since 1970 UTC; deadlines use the monotonic clock.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;           // wall clock; may jump
  virtual SteadyTime steady() const = 0;  // monotonic; never jumps
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
  SteadyTime steady() const override;
};

inline std::int64_t to_millis(Time time) { return time.time_since_epoch().count(); }
inline Time from_millis(std::int64_t millis) { return Time(std::chrono::milliseconds(millis)); }

std::string to_rfc3339(Time time);                 // "2026-11-20T16:25:30.123Z", always with milliseconds, always UTC
Result<Time> from_rfc3339(std::string_view text);  // any offset and any fraction; invalid otherwise
std::string to_rfc5322_date(Time time);            // "Fri, 20 Nov 2026 16:25:30 +0000"

}  // namespace telepost
