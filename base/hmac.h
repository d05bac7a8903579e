// HMAC-SHA-256 (RFC 2104) and what is made of it, over OpenSSL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sha256.h"

namespace telepost {

Digest hmac_sha256(std::string_view key, std::string_view text);
// PBKDF2 (RFC 8018 section 5.2) with 32 bytes of result. 4,096 iterations take about 2 ms.
Digest pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations);

// Its time depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace telepost
