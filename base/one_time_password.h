// One-time passwords by a counter (RFC 4226) and by time (RFC 6238), as every authenticator makes them: HMAC-SHA-1, 6 digits, steps of
// 30 s. SHA-1 is what authenticators know; HMAC does not rest on what is broken in it (RFC 6238 section 1.2, RFC 6194 section 3.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace telepost {

inline constexpr std::size_t kOneTimeDigits = 6;
inline constexpr Duration kOneTimeStep = std::chrono::seconds(30);

std::string hotp(std::string_view secret, std::uint64_t counter);  // RFC 4226 section 5.3
std::uint64_t totp_step(Time time);                                // the counter T of RFC 6238 section 4.2; 0 before 1970

}  // namespace telepost
