#include "base/bytes.h"
#include "base/unicode.h"
#include "store/accounts.h"

namespace telepost::store {
namespace {

constexpr std::size_t kMaxAddressBytes = 320;  // RFC 5321 section 4.5.3.1: 64 + 1 + 255

Error bad(std::string_view address, std::string_view why) {
  return {Errc::invalid, "'" + std::string(address.substr(0, 80)) + "' is no address: " + std::string(why)};
}

// RFC 3966: visual separators go; a global number is "+" and 3 to 20 digits.
Result<std::string> canonical_number(std::string_view given, std::string_view number) {
  if (number.find_first_of("0123456789") == std::string_view::npos) return bad(given, "write ann@example.test or +15550100");
  std::string digits;
  for (const char c : number) {
    if (c >= '0' && c <= '9') digits.push_back(c);
    else if (c == '+' && digits.empty()) digits.push_back(c);
    else if (c != ' ' && c != '-' && c != '.' && c != '(' && c != ')') return bad(given, "a number has digits only");
  }
  if (!digits.starts_with("+")) return bad(given, "write the number with + and its country code");
  if (digits.size() < 4 || digits.size() > 21) return bad(given, "a number has 3 to 20 digits");
  return "tel:" + digits;
}

Result<std::string> canonical_mailto(std::string_view given, std::string_view rest, std::string_view scheme) {
  const std::size_t at = rest.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == rest.size()) return bad(given, "write it as name@domain");
  if (rest.size() > kMaxAddressBytes || at > 64) return bad(given, "it is too long");
  if (!is_valid_utf8(rest)) return bad(given, "it is not UTF-8");
  for (std::string_view left = rest; !left.empty();) {
    const Utf8Character character = first_character(left);
    const char32_t code = character.code;
    // What cannot be seen would make two addresses that look the same.
    const bool foreign = is_control(code) || is_invisible(code) || is_line_separator(code);
    if (foreign || code == ' ' || code == '<' || code == '>') return bad(given, "it has a character that no address has");
    left.remove_prefix(character.size_bytes);
  }
  return std::string(scheme) + ":" + to_lower(rest);
}

}  // namespace

Result<std::string> canonical_address(std::string_view address) {
  const std::string_view text = trim(address);
  if (text.size() > kMaxAddressBytes + 8) return bad(text, "it is too long");
  if (starts_with_ignoring_case(text, "mailto:")) return canonical_mailto(text, text.substr(7), "mailto");
  if (starts_with_ignoring_case(text, "sip:")) return canonical_mailto(text, text.substr(4), "sip");
  if (starts_with_ignoring_case(text, "tel:")) return canonical_number(text, text.substr(4));
  if (text.find('@') != std::string_view::npos) return canonical_mailto(text, text, "mailto");
  return canonical_number(text, text);
}

std::string addr_spec(std::string_view address) {
  return std::string(address.starts_with("mailto:") ? address.substr(7) : address);
}

}  // namespace telepost::store
