// A text part as it is given to readers who show it themselves (RFC 8621 section 4.1.4): decoded, in Unicode, nothing else done to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/message.h"
#include "transcoders/mime/rendition.h"

namespace telepost::transcoders::mime {

struct BodyValue {
  std::string text;                   // as rendition.h's PlainText
  bool has_encoding_problem = false;  // an unknown transfer encoding or charset, or bytes that are nothing in it
  bool truncated = false;
};

// Of a text part: its transfer encoding undone, its charset found (decode_text), lines ended by LF. At most max_bytes of decoded
// content are read; memory is about four times these.
Result<BodyValue> body_value(const schema::Part& part, const ReadRange& read, std::size_t max_bytes);

// Cuts it to so many bytes at most: never inside a character, and HTML never inside a tag.
void cut(BodyValue& value, std::size_t max_bytes, std::string_view type);

// CRLF and a lone CR as LF.
std::string with_lf(std::string_view text);

// The size of a part without its transfer encoding. Reads it, unless it has none.
Result<std::uint64_t> decoded_size(const schema::Part& part, const ReadRange& read);

// Decodes a part from its begin, a piece at a time, until `sink` gives false.
Result<void> decode_part(const schema::Part& part, const ReadRange& read, const std::function<bool(std::string_view)>& sink);

}  // namespace telepost::transcoders::mime
