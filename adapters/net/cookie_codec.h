// Cookies (RFC 6265): what a browser sends along, and what it is given to send.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/net/http_request.h"

namespace telepost::adapters::net {

// The value of the cookie of that name, whose case counts. None: there is none; or there are two, of which nobody knows which one is ours:
// what another path or port of the host has set comes along as well (section 5.4).
std::optional<std::string> cookie_from(const HttpFields& fields, std::string_view name);

// The cookie of a sign-in at the portal. In TLS its name has a prefix that browsers let no other host set, and no page without TLS
// (RFC 6265bis section 4.1.3.2). In plain text, which is for this machine alone, there can be no such prefix.
enum class CookieChannel : unsigned char { tls, plain };
std::string_view session_cookie_name(CookieChannel channel);

// What Set-Cookie says: for this host alone, for no script, and never sent with what another site's page asks for. The value is of
// letters, digits, "-" and "_".
std::string session_cookie(CookieChannel channel, std::string_view value, std::chrono::seconds lifetime);
std::string no_session_cookie(CookieChannel channel);  // takes it away

}  // namespace telepost::adapters::net
