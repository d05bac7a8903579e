// Passwords as argon2id in PHC form (RFC 9106; 19 MiB, t=2, p=1). Hashing is bounded in number by a gate of its own.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace telepost::store {

// Errors: invalid (empty or over 1,024 bytes), busy (no memory).
Result<std::string> hash_password(std::string_view password, Random& random);
// An empty hash costs the same time and is false.
bool password_matches(std::string_view password, const std::string& hash);

}  // namespace telepost::store
