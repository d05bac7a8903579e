// xtext (RFC 3461 section 4): "+" and two upper-case hex digits stand for a byte.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost::adapters::net {

std::string encode_xtext(std::string_view text);
Result<std::string> decode_xtext(std::string_view text);  // invalid

}  // namespace telepost::adapters::net
