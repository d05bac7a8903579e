// Dates of vCard (RFC 6350 section 4.3) as those of JSContact, and back.
#pragma once

#include <string>
#include <string_view>

#include "adapters/jmap/json_codec.h"

namespace telepost::adapters::jmap {

// "20220930T143510Z" as a UTCDateTime; "" where it is none.
std::string vcard_time(std::string_view value);
std::string vcard_time_of(std::string_view utc);  // back, in the basic form

// A PartialDate or a Timestamp; null: it is neither.
Json vcard_date(std::string_view value, std::string_view calendar_scale);
std::string vcard_date_of(const Json& date);

}  // namespace telepost::adapters::jmap
