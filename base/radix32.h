// RFC 4648 section 6: bytes in letters that a person can type, as secrets of one-time passwords are shown. (Numbers in ids are
// to_base32() of base/bytes.h, which is another alphabet.)
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost {

std::string base32_of_bytes(std::string_view bytes);  // upper case, with padding
// With its padding or without, in either case. invalid: a foreign letter, a length that no bytes give, bits left over.
Result<std::string> bytes_of_base32(std::string_view text);

}  // namespace telepost
