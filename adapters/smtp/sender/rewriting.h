// A message for a server of the time before 8BITMIME (RFC 6152 section 3): the same content, with bodies as quoted-printable or
// base64 in place of 8bit, binary or long lines.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost::adapters::smtp::sender {

inline constexpr std::size_t kMostRewritten = 32u << 20;  // it is done in memory

// Every part decodes to the bytes that it decoded to before (text: but for its line ends, which become CRLF). Signatures over
// the encoded text break. unsupported: bytes over 127 or long lines in a header or between parts, where no encoding can be named.
Result<std::string> rewrite_for_old_peer(std::string_view message);

}  // namespace telepost::adapters::smtp::sender
