#include "adapters/smtp/authentication/header_field.h"

#include <algorithm>

#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {

std::string_view HeaderField::value() const {
  const std::size_t colon = raw.find(':');
  std::string_view text(raw);
  if (colon == std::string_view::npos) return {};
  text.remove_prefix(colon + 1);
  if (text.ends_with("\r\n")) text.remove_suffix(2);
  return text;
}

HeaderField header_field_from(std::string raw) {
  const std::size_t colon = raw.find(':');
  const std::string_view name = std::string_view(raw).substr(0, colon == std::string::npos ? 0 : colon);
  return {to_lower(trim(name)), std::move(raw)};
}

Header header_from(std::string_view message) {
  Header header;
  for (std::size_t begin = 0; begin < message.size();) {
    if (message.substr(begin, 2) == "\r\n") break;
    std::size_t end = begin;
    do {
      end = message.find("\r\n", end);
      end = end == std::string_view::npos ? message.size() : end + 2;
    } while (end < message.size() && (message[end] == ' ' || message[end] == '\t'));
    header.push_back(header_field_from(std::string(message.substr(begin, end - begin))));
    begin = end;
  }
  return header;
}

}  // namespace telepost::adapters::smtp::authentication
