#include "adapters/net/cookie_codec.h"

#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

constexpr std::string_view kSessionAttributes = "; Path=/; HttpOnly; SameSite=Strict";

// Section 4.2.1, read as leniently as section 5.2 reads Set-Cookie: a pair ends with ";", quotes around a value are no part of it.
std::string_view next_pair(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(';'), rest.size());
  const std::string_view pair = trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return pair;
}

std::string_view without_quotes(std::string_view value) {
  const bool is_quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return is_quoted ? value.substr(1, value.size() - 2) : value;
}

}  // namespace

std::optional<std::string> cookie_from(const HttpFields& fields, std::string_view name) {
  std::optional<std::string> found;
  for (const HttpField& field : fields) {
    if (!equals_ignoring_case(field.name, "Cookie")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::string_view pair = next_pair(rest);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != name) continue;
      if (found) return std::nullopt;
      found = without_quotes(trim(pair.substr(equals + 1)));
    }
  }
  return found;
}

std::string_view session_cookie_name(CookieChannel channel) { return channel == CookieChannel::tls ? "__Host-telepost" : "telepost-session"; }

std::string session_cookie(CookieChannel channel, std::string_view value, std::chrono::seconds lifetime) {
  std::string cookie(session_cookie_name(channel));
  cookie.append("=").append(value).append("; Max-Age=" + std::to_string(lifetime.count())).append(kSessionAttributes);
  if (channel == CookieChannel::tls) cookie += "; Secure";
  return cookie;
}

std::string no_session_cookie(CookieChannel channel) { return session_cookie(channel, "", std::chrono::seconds(0)); }

}  // namespace telepost::adapters::net
