// Who pushes, said to the push service (RFC 8292).
#pragma once

#include <string>
#include <string_view>

#include "adapters/jmap/p256_key.h"
#include "base/clock.h"

namespace telepost::adapters::jmap {

inline constexpr Duration kVapidHolds = std::chrono::hours(12);  // RFC 8292 section 2: 24 h at most

// The value of Authorization, for the service at `origin`. `contact`: a mailto: or https: address of who runs the server; "" for none.
std::string vapid_authorization(const P256Key& key, std::string_view origin, std::string_view contact, Time now);

}  // namespace telepost::adapters::jmap
