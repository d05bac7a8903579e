// What a server keeps of a password for SCRAM-SHA-256 (RFC 5802 section 3, RFC 7677): it can check a proof and prove itself, but
// cannot log in by it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sha256.h"

namespace telepost {

inline constexpr std::uint32_t kScramIterations = 4096;  // RFC 7677 section 4; our passwords are random, so more adds nothing

struct ScramKeys {
  Digest stored_key;
  Digest server_key;
  bool operator==(const ScramKeys&) const = default;
};

// The password as SASLprep leaves it (RFC 4013); ASCII is left as it is.
ScramKeys scram_keys(std::string_view password, std::string_view salt, std::uint32_t iterations);

}  // namespace telepost
