#include "adapters/net/own_url.h"

#include <algorithm>

#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

// A trusted front has TLS before it, as a rule; what it takes in plain text is its own affair.
bool is_tls(const HttpExchange& exchange) { return exchange.tls() != nullptr || !exchange.peer().front.empty(); }

}  // namespace

bool may_take_passwords(const Peer& peer, bool in_tls) { return in_tls || peer.is_loopback || !peer.front.empty(); }

bool may_take_passwords(const HttpExchange& exchange) { return may_take_passwords(exchange.peer(), exchange.tls() != nullptr); }

std::string own_url(std::string_view configured, const HttpExchange& exchange) {
  if (!configured.empty()) return std::string(configured);
  return (is_tls(exchange) ? "https://" : "http://") + exchange.request().host;
}

bool is_own_name(std::string_view configured, const HttpExchange& exchange) {
  return !configured.empty() || is_tls(exchange) || names_this_machine(exchange.request().host);
}

bool names_this_machine(std::string_view host) {
  const std::size_t port = host.find(':', host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0);
  const std::string_view name = host.substr(0, port);
  return equals_ignoring_case(name, "localhost") || name == "127.0.0.1" || name == "[::1]";
}

CookieChannel cookie_channel(const HttpExchange& exchange) { return is_tls(exchange) ? CookieChannel::tls : CookieChannel::plain; }

}  // namespace telepost::adapters::net
