#include "adapters/smtp/path_codec.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/unicode.h"

namespace telepost::adapters::smtp {
namespace {

constexpr std::string_view kAtext =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";

bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }
bool is_atext(char c) { return is_high(c) || kAtext.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_label_character(char c) {
  return is_high(c) || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool is_dot_string(std::string_view text) {
  bool after_dot = true;  // an atom must follow
  for (const char c : text) {
    if (c == '.' ? after_dot : !is_atext(c)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

// E.164: up to 15 digits; three at least, so that no +1@domain is taken for a number.
bool is_number(std::string_view text) {
  return text.size() >= 4 && text.size() <= 16 && text.front() == '+' &&
         std::all_of(text.begin() + 1, text.end(), is_digit);
}

// Quoted-string from the front of `rest`, with its quotes taken off.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string text;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return text;
    }
    if (rest[i] == '\\' && ++i == rest.size()) return {};
    if (!is_high(rest[i]) && (rest[i] < ' ' || rest[i] > '~')) return {};
    text.push_back(rest[i]);
  }
  return {};
}

std::optional<std::string> take_local_part(std::string_view& rest) {
  if (rest.starts_with('"')) return take_quoted(rest);
  const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return c != '.' && !is_atext(c); });
  const std::string_view local = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  if (!is_dot_string(local)) return {};
  rest.remove_prefix(local.size());
  return std::string(local);
}

// A-d-l ":" of RFC 5321 section 4.1.2: read and ignored.
bool skip_source_route(std::string_view& rest) {
  if (!rest.starts_with('@')) return true;
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return false;
  for (std::string_view route = rest.substr(0, colon); !route.empty();) {
    const std::size_t comma = route.find(',');
    const std::string_view hop = route.substr(0, comma);
    if (!hop.starts_with('@') || !is_domain(hop.substr(1))) return false;
    if (comma == route.size() - 1) return false;
    route = comma == std::string_view::npos ? std::string_view() : route.substr(comma + 1);
  }
  rest.remove_prefix(colon + 1);
  return true;
}

// The end of "<...>", not counting a ">" inside a quoted string.
std::size_t find_closing(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') ++i;
    else if (text[i] == '"') quoted = !quoted;
    else if (!quoted && text[i] == '>') return i;
  }
  return std::string_view::npos;
}

std::string quoted_string(std::string_view local) {
  std::string text = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  return text + '"';
}

}  // namespace

bool is_domain(std::string_view text) {
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.' ? label == 0 : !is_label_character(c)) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;  // RFC 1035 section 2.3.4
  }
  return label > 0 && text.front() != '-' && is_harmless_text(text);
}

bool is_address_literal(std::string_view text) {
  if (text.size() <= 2 || text.front() != '[' || text.back() != ']') return false;
  std::string address(text.substr(1, text.size() - 2));
  const bool is_v6 = starts_with_ignoring_case(address, "IPv6:");
  if (is_v6) address.erase(0, 5);
  std::array<unsigned char, 16> parsed{};
  return address.find('\0') == std::string::npos && inet_pton(is_v6 ? AF_INET6 : AF_INET, address.c_str(), parsed.data()) == 1;
}

std::optional<Path> parse_path(std::string_view& rest) {
  if (!rest.starts_with('<')) return {};
  const std::size_t closing = find_closing(rest);
  if (closing == std::string_view::npos || closing + 1 > kMaxPath) return {};
  std::string_view inside = rest.substr(1, closing - 1);
  Path path;
  if (!skip_source_route(inside) || !is_harmless_text(inside)) return {};
  path.text = inside;
  path.has_utf8 = std::any_of(inside.begin(), inside.end(), is_high);
  rest.remove_prefix(closing + 1);
  if (inside.empty()) return path;
  const bool is_tel = starts_with_ignoring_case(inside, "tel:");
  if (is_tel) inside.remove_prefix(4);
  std::optional<std::string> local = take_local_part(inside);
  if (!local || local->empty() || local->size() > kMaxLocalPart) return {};
  path.local = std::move(*local);
  if (inside.empty()) return path;
  const std::string_view domain = inside.substr(1);
  if (inside.front() != '@' || is_tel || domain.size() > kMaxDomain) return {};
  if (!is_domain(domain) && !is_address_literal(domain)) return {};
  path.domain = to_lower(domain);
  return path;
}

std::string mailto_of(const Path& path) {
  if (path.is_null()) return {};
  if (path.domain.empty() && is_number(path.local)) return "tel:" + path.local;
  std::string address = "mailto:";
  address += is_dot_string(path.local) ? path.local : quoted_string(path.local);
  if (!path.domain.empty()) (address += '@') += path.domain;
  return address;
}

std::optional<std::string> number_of(const Path& path) {
  if (!is_number(path.local)) return {};
  return path.local;
}

}  // namespace telepost::adapters::smtp
