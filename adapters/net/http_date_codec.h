// Dates of HTTP (RFC 9110 section 5.6.7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace telepost::adapters::net {

// IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT"; milliseconds are cut off. For years 0 to 9999.
std::string to_http_date(Time time);
// IMF-fixdate, RFC 850's form and asctime's. Two digits of a year mean the last such year that is not more than 50 years ahead of
// `now`. The day's name is not compared with the date. A leap second is the second before it.
std::optional<Time> from_http_date(std::string_view text, Time now);

}  // namespace telepost::adapters::net
