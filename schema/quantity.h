// Durations and sizes as people and files write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::schema {

// ISO 8601, as xs:duration writes it: "PT15M", "P90D", "P1DT2H3M4.005S", "PT0S". Precondition: not negative.
std::string to_iso8601(Duration duration);

// ISO 8601 with whole numbers (seconds may have a fraction, of which milliseconds stay): "P2W", "P1Y6M",
// "PT1.5S". A day has 24 hours, a month 30 days, a year 365: what is kept for P1Y is kept for 365 days
// whatever the calendar says. invalid: anything else, a negative one, or more than 10,000 years.
Result<Duration> duration_from(std::string_view iso8601);

// "1048576", "50MB" (10^6), "50MiB" (2^20); B, KB, MB, GB, TB and KiB to TiB. invalid: anything else or over
// 2^63.
Result<std::uint64_t> size_from(std::string_view text);

}  // namespace telepost::schema
