// A part's header as bytes: its fields, and what its Content-* fields make of the part.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/message.h"

namespace telepost::transcoders::mime {

// Offsets into the header's bytes. The views live as long as they do.
struct FieldView {
  std::string_view name;
  std::string_view raw_value;  // folded, with its line ends
  std::size_t begin = 0;
  std::size_t end = 0;
};

// RFC 5322 section 2.2, with the white space before the colon of section 4.5.
bool is_field_line(std::string_view line);

// The field at position, which moves behind it; false at the end. Lines that begin none are skipped.
bool next_field(std::string_view header, std::size_t& position, FieldView& field);

// How many of a message's first bytes are its header, the empty line included; nothing where it does not end among them. As the
// scanner has it: what is no field, and continues none, ends a header too.
std::optional<std::size_t> header_size(std::string_view bytes);

enum class DefaultType : std::uint8_t {
  text,
  message
};  // RFC 2046 section 5.1.5: message inside multipart/digest

struct ContentFields {
  std::string boundary;               // of a multipart; "" where none usable was given
  std::vector<std::string> defects;
};
// Fills type, charset, disposition, filename, encoding and content_id of part, each bounded. The first field of
// a name counts.
ContentFields read_content_fields(std::string_view header, DefaultType default_type, schema::Part& part);

}  // namespace telepost::transcoders::mime
