// Characters that are not what they seem to be to a terminal, a log or the eye. Code points of Unicode 15.
#pragma once

#include <cstddef>
#include <string_view>

namespace telepost {

struct Utf8Character {
  char32_t code = 0;
  std::size_t size_bytes = 0;  // 0: what stands there is not UTF-8 (RFC 3629 section 4), or nothing
};
Utf8Character first_character(std::string_view text);

// C0, DEL and C1 (U+0080 to U+009F, which terminals obey as they obey ESC).
bool is_control(char32_t code);
// What turns the direction of the text around it, and with it what a person reads; the marks U+200E and U+200F too.
bool is_bidi_control(char32_t code);
// U+2028 and U+2029.
bool is_line_separator(char32_t code);
// Nothing is seen where it stands: zero-width characters, the soft hyphen, the byte order mark, bidi controls.
bool is_invisible(char32_t code);

// No control, bidi control or line separator in it, and valid UTF-8.
bool is_harmless_text(std::string_view text);

}  // namespace telepost
