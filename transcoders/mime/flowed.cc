#include "transcoders/mime/flowed.h"

#include "base/bytes.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/header.h"

namespace telepost::transcoders::mime {
namespace {

struct Line {
  std::size_t depth = 0;
  std::string_view content;
  bool soft = false;  // goes on in the next one
};

Line read_line(std::string_view line) {
  Line read;
  while (read.depth < line.size() && line[read.depth] == '>') ++read.depth;
  read.content = line.substr(read.depth);
  if (read.content.starts_with(' ')) read.content.remove_prefix(1);            // RFC 3676 section 4.4
  read.soft = read.content.ends_with(' ') && read.content != "-- ";            // section 4.3
  return read;
}

}  // namespace

TextFormat text_format_of(std::string_view header) {
  FieldView field;
  for (std::size_t position = 0; next_field(header, position, field);) {
    if (!equals_ignoring_case(field.name, "content-type")) continue;
    const ParameterizedValue type = parse_parameterized(unfold(field.raw_value));
    const auto is = [&](std::string_view name, std::string_view wanted) {
      const Parameter* parameter = type.find(name);
      return parameter != nullptr && equals_ignoring_case(parameter->value, wanted);
    };
    return {is("format", "flowed"), is("delsp", "yes")};
  }
  return {};
}

std::string unflow(std::string_view text, const TextFormat& format) {
  if (!format.flowed) return std::string(text);
  std::string out;
  out.reserve(text.size());
  bool open = false;  // the line before was soft
  std::size_t depth = 0;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const Line line = read_line(text.substr(0, newline));
    const bool last = newline == std::string_view::npos;
    text.remove_prefix(last ? text.size() : newline + 1);
    // A change of depth ends a paragraph, and so does a signature (section 4.5, section 4.3).
    const bool joins = open && line.depth == depth && line.content != "-- ";
    if (open && !joins) out.push_back('\n');
    if (!joins) {
      out.append(line.depth, '>');
      if (line.depth > 0 && !line.content.empty()) out.push_back(' ');
    }
    std::string_view content = line.content;
    if (line.soft && format.delete_space) content.remove_suffix(1);
    out.append(content);
    open = line.soft;
    depth = line.depth;
    if (!open && !last) out.push_back('\n');
  }
  return out;
}

}  // namespace telepost::transcoders::mime
