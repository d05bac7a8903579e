// Bytes that only the holder of a key can read or make: AES-256-GCM (NIST SP 800-38D), over OpenSSL.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/sha256.h"

namespace telepost {

// Nonce (12 bytes, random), ciphertext, tag (16 bytes). `context` is not kept, and opening wants the same: a box that is moved
// to another record does not open there. One key may seal 2^32 boxes.
std::string seal(const Digest& key, std::string_view context, std::string_view bytes, Random& random);
// denied: another key, another context, or changed bytes.
Result<std::string> open_sealed(const Digest& key, std::string_view context, std::string_view box);

}  // namespace telepost
