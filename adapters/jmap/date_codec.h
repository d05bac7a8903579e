// Date and UTCDate (RFC 8620 section 1.4): RFC 3339 with capital letters, and a fraction of a second only where there is one.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace telepost::adapters::jmap {

std::string to_utc_date(Time time);                  // "2014-10-30T06:12:00Z"
Result<Time> utc_date_from(std::string_view text);   // ends in Z
Result<Time> date_from(std::string_view text);       // any offset: "2014-10-30T14:12:00+08:00"

}  // namespace telepost::adapters::jmap
