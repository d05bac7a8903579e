// Parameters: RFC 2045 section 5.1, RFC 2231.
#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_token_char(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

// White space and comments, which nest (RFC 5322 section 3.2.2); an open one runs to the end.
void skip_cfws(std::string_view& text) {
  std::size_t i = 0;
  int depth = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(') ++depth;
    else if (c == ')' && depth > 0) --depth;
    else if (c == '\\' && depth > 0) ++i;
    else if (depth == 0 && !is_blank(c)) break;
  }
  text.remove_prefix(std::min(i, text.size()));
}

std::string take_quoted(std::string_view& text) {
  std::string value;
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value.push_back(text[i]);
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

// An unquoted value. File names often stand there with their spaces; others end at white space, so that a
// missing semicolon costs nothing.
std::string take_unquoted(std::string_view& text, bool keeps_spaces) {
  std::size_t end = std::min(text.find(';'), text.size());
  if (!keeps_spaces) end = std::min(end, text.find_first_of(" \t\r\n("));
  else end = std::min(end, text.find(" ("));
  const std::string_view value = trim(text.substr(0, end));
  text.remove_prefix(end);
  return std::string(value);
}

// name*3* of RFC 2231: which parameter, which segment, percent-encoded or not.
struct Segment {
  std::string name;
  unsigned number = 0;
  bool numbered = false;
  bool encoded = false;
  std::string value;
};

void split_name(std::string_view raw, Segment& segment) {
  segment.name = to_lower(raw);
  std::string_view name = segment.name;
  if (name.find('*') == std::string_view::npos) return;
  if (name.back() == '*') {
    segment.encoded = true;
    name.remove_suffix(1);
  }
  const std::size_t star = name.find('*');
  if (star != std::string_view::npos) {
    const std::string_view digits = name.substr(star + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), segment.number);
    segment.numbered = error == std::errc() && end == digits.data() + digits.size();
    if (!segment.numbered) return;  // "a*b": a name like any other, never found
    name = name.substr(0, star);
  }
  segment.name = std::string(name);
}

std::string percent_decoded(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2))
                                                            : Result<std::string>(Errc::invalid, "");
    if (byte.ok()) i += 2;
    bytes += byte.ok() ? *byte : std::string(1, text[i]);
  }
  return bytes;
}

// Segments of one name, from number 0 without a gap, joined and decoded. charset'language'bytes stands in the
// first.
std::string join(const std::vector<const Segment*>& segments) {
  std::string charset;
  std::string bytes;
  unsigned expected = 0;
  for (const Segment* segment : segments) {
    if (segment->numbered && segment->number != expected) break;
    std::string_view value = segment->value;
    if (expected == 0 && segment->encoded) {
      const std::size_t first = value.find('\'');
      const std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
      if (second != std::string_view::npos) {
        charset = std::string(value.substr(0, first));
        value.remove_prefix(second + 1);
      }
    }
    bytes += segment->encoded ? percent_decoded(value) : std::string(value);
    ++expected;
  }
  return clean_text(decode_text(bytes, charset));
}

std::vector<Segment> take_segments(std::string_view text) {
  std::vector<Segment> segments;
  while (!text.empty() && segments.size() < kMaxParameters) {
    skip_cfws(text);
    if (!text.empty() && text[0] == ';') {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t name_end = std::min(text.find_first_of("=; \t\r\n("), text.size());
    Segment segment;
    if (name_end > 0) split_name(text.substr(0, name_end), segment);
    text.remove_prefix(name_end);
    skip_cfws(text);
    if (text.empty() || text[0] != '=') continue;  // a name without a value
    text.remove_prefix(1);
    skip_cfws(text);
    const bool file_name = segment.name == "name" || segment.name == "filename";
    segment.value = !text.empty() && text[0] == '"' ? take_quoted(text) : take_unquoted(text, file_name);
    if (!segment.name.empty()) segments.push_back(std::move(segment));
  }
  return segments;
}

std::string take_value(std::string_view& text) {
  std::string value;
  for (;;) {
    skip_cfws(text);
    const std::size_t end = std::min(text.find_first_of("/; \t\r\n("), text.size());
    value += to_lower(text.substr(0, end));
    text.remove_prefix(end);
    skip_cfws(text);
    if (text.empty() || text[0] != '/') return value;
    value.push_back('/');
    text.remove_prefix(1);
  }
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_media_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && text.size() <= 255 && is_token(text.substr(0, slash)) &&
         is_token(text.substr(slash + 1));
}

const Parameter* ParameterizedValue::find(std::string_view name) const {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

std::string ParameterizedValue::text_of(std::string_view name) const {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) return {};
  return parameter->extended ? parameter->value : decode_words(parameter->value);
}

ParameterizedValue parse_parameterized(std::string_view value) {
  ParameterizedValue parsed;
  parsed.value = take_value(value);
  std::vector<Segment> segments = take_segments(value);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Segment& segment = segments[i];
    if (parsed.find(segment.name) != nullptr) continue;
    std::vector<const Segment*> extended;
    for (std::size_t j = i; j < segments.size(); ++j) {
      const Segment& other = segments[j];
      if (other.name == segment.name && (other.numbered || other.encoded)) extended.push_back(&other);
    }
    if (extended.empty()) {
      parsed.parameters.push_back({std::move(segment.name), std::move(segment.value), false});
      segment.name.clear();
      continue;
    }
    std::stable_sort(extended.begin(), extended.end(), [](const Segment* a, const Segment* b) {
      return a->numbered < b->numbered || (a->numbered == b->numbered && a->number < b->number);
    });
    if (!extended.front()->numbered) extended.resize(1);  // name*= stands alone
    std::string text = join(extended);
    parsed.parameters.push_back({segment.name, std::move(text), true});
  }
  return parsed;
}

std::string parse_encoding(std::string_view value) {
  const std::string encoding = parse_parameterized(value).value;
  return is_token(encoding) && encoding.size() <= 64 ? encoding : "7bit";
}

}  // namespace telepost::transcoders::mime
