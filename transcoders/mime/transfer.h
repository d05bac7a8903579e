// Content-Transfer-Encodings (RFC 2045 section 6), decoding whatever stands there and encoding by the rules. What is in
// memory as a whole; decoder.h takes a part in pieces.
#pragma once

#include <string>
#include <string_view>

namespace telepost::transcoders::mime {

// Skips what is no base64 letter (RFC 2045 section 6.8); ends at the padding; a last incomplete group gives
// what it has.
std::string decode_base64(std::string_view text);

// RFC 2045 section 6.7; an "=" that begins no escape stays. White space at line ends goes,
// up to Decoder::kMaxPendingBytes.
std::string decode_quoted_printable(std::string_view text);

// The "Q" encoding of RFC 2047 section 4.2.
std::string decode_q(std::string_view text);

// By the name in Content-Transfer-Encoding; an unknown one and 7bit, 8bit, binary give the bytes themselves.
std::string decode_transfer(std::string_view body, std::string_view encoding);

// Lines of 76 letters, each ended by CRLF.
std::string encode_base64_lines(std::string_view bytes);

// For text: line ends (CRLF, LF or CR) become CRLF, every other byte that is not printable ASCII is escaped;
// lines are at most 76 letters; ends with CRLF if the text does.
std::string encode_quoted_printable(std::string_view text);

}  // namespace telepost::transcoders::mime
