// Base64 for URLs (RFC 4648 section 5), without padding.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost {

std::string to_base64url(std::string_view bytes);
// With its padding or without. invalid: another alphabet, other bytes in between.
Result<std::string> from_base64url(std::string_view text);

}  // namespace telepost
