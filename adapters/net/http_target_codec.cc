#include "adapters/net/http_target_codec.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/net/http_field_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

// RFC 3986: pchar, "/", "?", and what browsers leave bare in queries.
bool may_stand_in_target(char c) { return is_alphanumeric(c) || (c != '\0' && is_one_of(c, "-._~!$&'()*+,;=:@/?%[]|^`{}\"<>\\")); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus : unsigned char { plus, space };

Result<std::string> decode(std::string_view text, Plus plus) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus == Plus::space) c = ' ';
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1, low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return {Errc::invalid, "a % without two hexadecimal digits"};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    // In a query a line end is content; a NUL is content nowhere.
    const bool is_space = plus == Plus::space && (c == '\t' || c == '\r' || c == '\n');
    if ((static_cast<unsigned char>(c) < 0x20 && !is_space) || c == 0x7f) return {Errc::invalid, "a control letter"};
    decoded += c;
  }
  if (!is_valid_utf8(decoded)) return {Errc::invalid, "what is no UTF-8"};
  return decoded;
}

// Also behind a slash that was encoded, and what some take for one.
bool climbs(std::string_view segment) {
  for (std::size_t begin = 0; begin <= segment.size();) {
    const std::size_t end = std::min(segment.find_first_of("/\\", begin), segment.size());
    const std::string_view part = segment.substr(begin, end - begin);
    if (part == "." || part == "..") return true;
    begin = end + 1;
  }
  return false;
}

Result<void> parse_path(std::string_view text, HttpTarget& target) {
  for (std::size_t begin = 1; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    TELEPOST_ASSIGN(std::string segment, decode(text.substr(begin, end - begin), Plus::plus));
    if (climbs(segment)) return {Errc::invalid, "a path with . or .."};
    target.path += '/';
    target.path += segment;
    target.segments.push_back(std::move(segment));
    begin = end + 1;
  }
  return {};
}

Result<void> parse_query(std::string_view text, HttpTarget& target) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('&', begin), text.size());
    const std::string_view pair = text.substr(begin, end - begin);
    begin = end + 1;
    if (pair.empty()) continue;
    if (target.query.size() == kMostParameters) return {Errc::invalid, "too many parameters"};
    const std::size_t equals = std::min(pair.find('='), pair.size());
    TELEPOST_ASSIGN(std::string key, decode(pair.substr(0, equals), Plus::space));
    TELEPOST_ASSIGN(std::string value, decode(pair.substr(std::min(equals + 1, pair.size())), Plus::space));
    target.query.emplace_back(std::move(key), std::move(value));
  }
  return {};
}

// "http://host:port" off the front of an absolute form (RFC 9112 section 3.2.2). False: it is none of ours.
bool take_authority(std::string_view& rest, HttpTarget& target) {
  const std::size_t scheme = starts_with_ignoring_case(rest, "http://") ? 7 : starts_with_ignoring_case(rest, "https://") ? 8 : 0;
  if (scheme == 0) return false;
  rest.remove_prefix(scheme);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  target.host = rest.substr(0, end);
  rest.remove_prefix(end);
  const auto may_stand = [](char c) { return is_alphanumeric(c) || is_one_of(c, "-._~:[]"); };
  return !target.host.empty() && std::all_of(target.host.begin(), target.host.end(), may_stand);
}

}  // namespace

Result<HttpTarget> parse_target(std::string_view text) {
  HttpTarget target;
  if (text == "*") {
    target.path = "*";
    return target;
  }
  if (!std::all_of(text.begin(), text.end(), may_stand_in_target)) return {Errc::invalid, "a letter that must be encoded"};
  std::string_view rest = text;
  if (!rest.starts_with('/') && !take_authority(rest, target)) return {Errc::invalid, "neither a path nor a URL"};
  const std::size_t question = std::min(rest.find('?'), rest.size());
  TELEPOST_TRY(parse_path(question == 0 ? "/" : rest.substr(0, question), target));
  TELEPOST_TRY(parse_query(rest.substr(std::min(question + 1, rest.size())), target));
  return target;
}

std::string to_segment(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_alphanumeric(c) || is_one_of(c, "-._~")) encoded += c;
    else encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace telepost::adapters::net
