// Whose page a request comes from (RFC 6454; Fetch, section 3.1; Fetch Metadata): what a browser sends by itself, such as a cookie, counts
// for the server's own pages alone.
#pragma once

#include <string>
#include <string_view>

#include "adapters/net/http_request.h"

namespace telepost::adapters::net {

// "https://mail.example.test:8443" of "https://Mail.Example.test:8443/x": in lower case, without the port that goes without saying.
// "" of what is no http or https address.
std::string origin_of(std::string_view url);

enum class PageOrigin : unsigned char {
  own,     // the server's own page, or no page at all: a person typed the address
  other,   // another origin, or one that hides
  untold,  // a client that tells nothing: no browser of today, or a browser's plain GET without TLS
};
PageOrigin page_origin(const HttpRequest& request, std::string_view own_url);

// Whether a cookie that came along says who asks. What changes something and what opens a WebSocket must name its origin, as browsers do;
// a plain GET, whose answer no other page can read, may also say where it comes from by Sec-Fetch-Site.
bool may_use_cookie(const HttpRequest& request, std::string_view own_url);

}  // namespace telepost::adapters::net
