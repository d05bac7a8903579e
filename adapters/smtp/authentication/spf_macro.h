// The grammar and the meaning of SPF's macro strings (RFC 7208 sections 7.1 to 7.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace telepost::adapters::smtp::authentication {

struct Macro {
  char letter = 's';          // lower case
  bool escaped = false;       // it was an upper-case letter: the value is URL-escaped
  std::uint64_t parts = 0;    // keep that many from the right; 0: all
  bool reversed = false;
  std::string_view delimiters = ".";
};

// The macro that begins at "%" in text, which moves behind it: %%, %_ and %- give a literal instead.
struct MacroOrText {
  std::optional<Macro> macro;
  std::string_view text;
};
// Takes the next stretch of a macro-string; nothing where the grammar is broken there. Precondition: text is not empty.
std::optional<MacroOrText> next_of_macro_string(std::string_view& text);

bool is_macro_string(std::string_view text);
// macro-string domain-end: the last label is no number alone, or the end is a macro.
bool is_domain_spec(std::string_view text);

// Splits, reverses, cuts and escapes the letter's value.
std::string transformed(const Macro& macro, std::string_view value);

}  // namespace telepost::adapters::smtp::authentication
