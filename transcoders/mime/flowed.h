// Flowed text (RFC 3676): lines that the sender's program cut are paragraphs again.
#pragma once

#include <string>
#include <string_view>

namespace telepost::transcoders::mime {

// What the Content-Type of a text/plain part says about its lines.
struct TextFormat {
  bool flowed = false;
  bool delete_space = false;  // DelSp=yes: the space that marks a soft line break is none of the text
  bool operator==(const TextFormat&) const = default;
};
// header: the part's own header as it stands (Part::header).
TextFormat text_format_of(std::string_view header);

// text: decoded, lines ended by LF. Soft line breaks are joined, stuffed spaces removed, the quote marks of a paragraph
// stand once ("> " for a depth of 1). A signature's "-- " stays alone. Without flowed the text comes back as it is.
std::string unflow(std::string_view text, const TextFormat& format);

}  // namespace telepost::transcoders::mime
