#include "base/unicode.h"

#include "base/bytes.h"

namespace telepost {

Utf8Character first_character(std::string_view text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (text.size() < size || !is_valid_utf8(text.substr(0, size))) return {};
  char32_t code = lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
  return {code, size};
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

bool is_bidi_control(char32_t code) {
  return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

bool is_line_separator(char32_t code) { return code == 0x2028 || code == 0x2029; }

bool is_invisible(char32_t code) {
  return code == 0xad || (code >= 0x200b && code <= 0x200f) || (code >= 0x2060 && code <= 0x2064) || code == 0xfeff ||
         is_bidi_control(code);
}

bool is_harmless_text(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (character.size_bytes == 0 || is_control(character.code) || is_bidi_control(character.code) ||
        is_line_separator(character.code)) {
      return false;
    }
    text.remove_prefix(character.size_bytes);
  }
  return true;
}

}  // namespace telepost
