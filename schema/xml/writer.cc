#include "schema/xml/writer.h"

#include <array>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"

namespace telepost::schema::xml {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Bytes that go through as they are in either place: ASCII from the blank without markup and quotes.
constexpr bool is_plain(std::uint8_t c) {
  return c >= 0x20 && c < 0x80 && c != '<' && c != '>' && c != '&' && c != '"';
}
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (unsigned c = 0; c < 256; ++c) plain[c] = is_plain(static_cast<std::uint8_t>(c));
  return plain;
}();

// Plain bytes at the front: by blocks that the compiler turns into vectors, then one by one. Most of a
// document is such.
std::size_t plain_size(const char* text, std::size_t size) {
  constexpr std::size_t kBlock = 16;
  std::size_t at = 0;
  for (; at + kBlock <= size; at += kBlock) {
    std::array<std::uint8_t, kBlock> block;
    std::memcpy(block.data(), text + at, kBlock);
    std::uint8_t special = 0;
    for (const std::uint8_t c : block) {
      special = static_cast<std::uint8_t>(special | (c < 0x20) | (c >= 0x80) | (c == '<') | (c == '>') |
                                          (c == '&') | (c == '"'));
    }
    if (special != 0) break;
  }
  while (at < size && kPlain[static_cast<std::uint8_t>(text[at])]) ++at;
  return at;
}

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// Bytes of the UTF-8 character at the front that XML allows (XML 1.0 section 2.2); 0 if there is none.
std::size_t allowed_character(std::string_view text) {
  const std::uint8_t lead = byte_at(text, 0);
  const std::size_t size = lead >= 0xc2 && lead <= 0xdf   ? 2
                           : (lead & 0xf0) == 0xe0        ? 3
                           : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                          : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte_at(text, i) & 0xc0) != 0x80) return 0;
  }
  const std::uint8_t second = byte_at(text, 1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90)) return 0;  // overlong
  if ((lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f))
    return 0;                                                                // surrogates, over U+10FFFF
  if (lead == 0xef && second == 0xbf && byte_at(text, 2) >= 0xbe) return 0;  // U+FFFE, U+FFFF
  return size;
}

std::string_view escape_of(char c, Place place) {
  switch (c) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '"':
      return place == Place::attribute ? "&quot;" : "\"";
    case '\r':
      return "&#13;";
    case '\n':
      return place == Place::attribute ? "&#10;" : "\n";
    case '\t':
      return place == Place::attribute ? "&#9;" : "\t";
    default:
      return {};
  }
}

}  // namespace

bool append_escaped(std::string& out, std::string_view value, Place place) {
  bool exact = true;
  std::size_t from = 0;
  for (std::size_t at = 0;;) {
    at += plain_size(value.data() + at, value.size() - at);
    if (at == value.size()) break;
    if (byte_at(value, at) >= 0x80) {
      if (const std::size_t size = allowed_character(value.substr(at)); size != 0) {
        at += size;
        continue;
      }
    }
    std::string_view escaped = escape_of(value[at], place);
    if (escaped.empty()) {
      // A forbidden character of three good bytes is still one byte a time: the count of marks tells the
      // bytes lost.
      escaped = kReplacement;
      exact = false;
    }
    out.append(value.data() + from, at - from).append(escaped);
    from = ++at;
  }
  out.append(value.data() + from, value.size() - from);
  return exact;
}

Writer::~Writer() {
  TELEPOST_ASSERT(open_.empty());
}

void Writer::finish_tag() {
  if (!in_tag_) return;
  in_tag_ = false;
  if (!raw_.empty()) {
    out_.append(" raw=\"").append(raw_).append("\"");
    raw_.clear();
  }
  out_.push_back('>');
}

Writer& Writer::open(std::string_view name) {
  finish_tag();
  out_.push_back('<');
  out_.append(name);
  open_.push_back(name);
  in_tag_ = true;
  return *this;
}

Writer& Writer::attribute(std::string_view name, std::string_view value) {
  TELEPOST_ASSERT(in_tag_);
  out_.push_back(' ');
  out_.append(name).append("=\"");
  if (!append_escaped(out_, value, Place::attribute)) {
    if (!raw_.empty()) raw_.push_back(' ');
    raw_.append(name).append(":").append(to_base64(value));
  }
  out_.push_back('"');
  return *this;
}

Writer& Writer::plain_attribute(std::string_view name, std::string_view value) {
  TELEPOST_ASSERT(in_tag_);
  out_.push_back(' ');
  out_.append(name).append("=\"").append(value);
  out_.push_back('"');
  return *this;
}

Writer& Writer::attribute(std::string_view name, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  TELEPOST_ASSERT(error == std::errc());
  return plain_attribute(name, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

Writer& Writer::attribute_unless_empty(std::string_view name, std::string_view value) {
  return value.empty() ? *this : attribute(name, value);
}

Writer& Writer::text(std::string_view value) {
  TELEPOST_ASSERT(in_tag_);
  const std::size_t tag_end = out_.size();
  out_.push_back('>');
  if (!append_escaped(out_, value, Place::text)) {
    if (!raw_.empty()) raw_.push_back(' ');
    raw_.append(".:").append(to_base64(value));
  }
  if (!raw_.empty()) out_.insert(tag_end, " raw=\"" + raw_ + "\"");
  raw_.clear();
  in_tag_ = false;
  return *this;
}

Writer& Writer::base64(std::string_view bytes) {
  finish_tag();
  out_.append(to_base64(bytes));
  return *this;
}

Writer& Writer::xml(std::string_view element) {
  finish_tag();
  out_.append(element);
  return *this;
}

Writer& Writer::close() {
  TELEPOST_ASSERT(!open_.empty());
  if (in_tag_) {
    if (!raw_.empty()) out_.append(" raw=\"").append(raw_).append("\"");
    raw_.clear();
    out_.append("/>");
    in_tag_ = false;
  } else {
    out_.append("</").append(open_.back()).push_back('>');
  }
  open_.pop_back();
  return *this;
}

}  // namespace telepost::schema::xml
