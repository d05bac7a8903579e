#include "transcoders/mime/header.h"

#include "base/bytes.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::size_t kMaxLabelBytes = 64;
constexpr std::size_t kMaxFileNameBytes = 512;
constexpr std::size_t kMaxContentIdBytes = 998;
constexpr std::size_t kMaxBoundaryBytes = 256;  // RFC 2046 section 5.1.1 allows 70

std::string bounded(const std::string& text, std::size_t max_bytes) {
  return std::string(truncate_utf8(text, max_bytes));
}

struct ContentValues {
  std::string_view type, disposition, encoding, id;  // raw; data() is null where the field is absent
};

ContentValues find_content_fields(std::string_view header) {
  ContentValues values;
  FieldView field;
  for (std::size_t position = 0; next_field(header, position, field);) {
    if (!starts_with_ignoring_case(field.name, "content-")) continue;
    const std::string_view name = field.name.substr(8);
    std::string_view* value = equals_ignoring_case(name, "type")                ? &values.type
                              : equals_ignoring_case(name, "disposition")       ? &values.disposition
                              : equals_ignoring_case(name, "transfer-encoding") ? &values.encoding
                              : equals_ignoring_case(name, "id")                ? &values.id
                                                                                : nullptr;
    if (value != nullptr && value->data() == nullptr) *value = field.raw_value;
  }
  return values;
}

void read_type(std::string_view raw, DefaultType default_type, schema::Part& part, ContentFields& content) {
  const bool digest = default_type == DefaultType::message;
  part.type = digest ? "message/rfc822" : "text/plain";
  if (raw.data() == nullptr) return;
  const ParameterizedValue value = parse_parameterized(unfold(raw));
  if (!is_media_type(value.value)) {
    part.type = "text/plain";  // RFC 2045 section 5.2
    content.defects.emplace_back("a Content-Type is malformed");
    return;
  }
  part.type = value.value;
  if (const Parameter* charset = value.find("charset")) {
    part.charset = bounded(to_lower(clean_text(charset->value)), kMaxLabelBytes);
  }
  if (part.filename.empty()) part.filename = bounded(value.text_of("name"), kMaxFileNameBytes);
  if (!part.type.starts_with("multipart/")) return;
  const Parameter* boundary = value.find("boundary");
  if (boundary !=
      nullptr) {  // trailing white space cannot be part of it, since a gateway may add some to the line
    const std::size_t last = boundary->value.find_last_not_of(" \t\r\n");
    content.boundary = boundary->value.substr(0, last == std::string::npos ? 0 : last + 1);
  }
  if (content.boundary.size() > kMaxBoundaryBytes) content.boundary.clear();
}

}  // namespace

bool is_field_line(std::string_view line) {
  std::size_t i = 0;
  while (i < line.size() && line[i] > 0x20 && line[i] < 0x7f && line[i] != ':') ++i;
  if (i == 0) return false;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
  return i < line.size() && line[i] == ':';
}

bool next_field(std::string_view header, std::size_t& position, FieldView& field) {
  const auto line_end = [&](std::size_t from) {
    const std::size_t newline = header.find('\n', from);
    return newline == std::string_view::npos ? header.size() : newline + 1;
  };
  while (position < header.size()) {
    const std::size_t begin = position;
    position = line_end(begin);
    if (!is_field_line(header.substr(begin, position - begin))) continue;
    while (position < header.size() && (header[position] == ' ' || header[position] == '\t')) {
      position = line_end(position);
    }
    const std::string_view text = header.substr(begin, position - begin);
    const std::size_t colon = text.find(':');
    field = {trim(text.substr(0, colon)), text.substr(colon + 1), begin, position};
    return true;
  }
  return false;
}

std::optional<std::size_t> header_size(std::string_view bytes) {
  for (std::size_t position = 0; position < bytes.size();) {
    const std::size_t newline = bytes.find('\n', position);
    if (newline == std::string_view::npos) return std::nullopt;
    const std::string_view line = bytes.substr(position, newline + 1 - position);
    if (line == "\n" || line == "\r\n") return newline + 1;
    const bool goes_on = position > 0 && (line[0] == ' ' || line[0] == '\t');
    const bool is_of_mbox = position == 0 && line.starts_with("From ");
    if (!goes_on && !is_of_mbox && !is_field_line(line)) return position;
    position = newline + 1;
  }
  return std::nullopt;
}

ContentFields read_content_fields(std::string_view header, DefaultType default_type, schema::Part& part) {
  ContentFields content;
  const ContentValues values = find_content_fields(header);
  part.encoding = "7bit";
  if (values.encoding.data() != nullptr) part.encoding = parse_encoding(unfold(values.encoding));
  if (values.disposition.data() != nullptr) {
    const ParameterizedValue value = parse_parameterized(unfold(values.disposition));
    if (is_token(value.value)) part.disposition = bounded(value.value, kMaxLabelBytes);
    part.filename = bounded(value.text_of("filename"), kMaxFileNameBytes);
  }
  if (values.id.data() != nullptr)
    part.content_id = bounded(parse_message_id(unfold(values.id)), kMaxContentIdBytes);
  read_type(values.type, default_type, part, content);
  return content;
}

}  // namespace telepost::transcoders::mime
