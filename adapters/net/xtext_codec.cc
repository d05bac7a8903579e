#include "adapters/net/xtext_codec.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

bool stands_for_itself(char c) { return c >= '!' && c <= '~' && c != '+' && c != '='; }

}  // namespace

std::string encode_xtext(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (stands_for_itself(c)) encoded.push_back(c);
    else encoded += fmt::format("+{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

Result<std::string> decode_xtext(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (stands_for_itself(text[i])) {
      decoded.push_back(text[i]);
      continue;
    }
    if (text[i] != '+') return {Errc::invalid, "a character that xtext must encode"};
    const std::string_view digits = text.substr(i + 1, 2);
    if (digits.size() < 2 || digits.find_first_not_of("0123456789ABCDEF") != std::string_view::npos) {
      return {Errc::invalid, "+ wants two upper-case hex digits"};
    }
    TELEPOST_ASSIGN(std::string byte, from_hex(digits));
    decoded += byte;
    i += 2;
  }
  return decoded;
}

}  // namespace telepost::adapters::net
