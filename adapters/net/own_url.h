// What a server knows of the way by which it was asked.
#pragma once

#include <string>
#include <string_view>

#include "adapters/net/cookie_codec.h"
#include "adapters/net/http_exchange.h"

namespace telepost::adapters::net {

// In TLS, from this machine, or where a trusted front may have ended TLS.
bool may_take_passwords(const Peer& peer, bool in_tls);
bool may_take_passwords(const HttpExchange& exchange);

// What the server's own addresses begin with: what is configured, else the host that was asked for.
std::string own_url(std::string_view configured, const HttpExchange& exchange);

// Whether that is a name of this server's own, and not whatever leads here: in TLS the certificate says so, and what is configured is. Else
// it is a name of this machine alone, or a page of anybody whose name comes to lead to 127.0.0.1 would be one of ours.
bool is_own_name(std::string_view configured, const HttpExchange& exchange);
// "localhost:8080", "127.0.0.1", "[::1]:8080".
bool names_this_machine(std::string_view host);

CookieChannel cookie_channel(const HttpExchange& exchange);

}  // namespace telepost::adapters::net
