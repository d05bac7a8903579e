#include "adapters/access/access.h"

#include <algorithm>
#include <vector>

#include "adapters/access/service.h"
#include "adapters/net/own_url.h"

namespace telepost::adapters::access {
namespace {

struct RouteEntry {
  std::string_view method, path;
  Route* run;
  // Programs of other origins may ask, with what they hold themselves: no cookie counts there.
  enum class For : unsigned char { portal, clients } who = For::portal;
};

const std::vector<RouteEntry>& access_routes() {
  using enum RouteEntry::For;
  static const std::vector<RouteEntry> all = {
      {"POST", "/access/sign-in", sign_in},
      {"POST", "/access/sign-out", sign_out},
      {"GET", "/access/sessions", show_sessions},
      {"POST", "/access/sessions/revoke", revoke_session},
      {"POST", "/access/password", change_password},
      {"GET", "/access/second-factor", show_second_factor},
      {"POST", "/access/second-factor/enrol", enrol_second_factor},
      {"POST", "/access/second-factor/confirm", confirm_second_factor},
      {"POST", "/access/second-factor/remove", remove_second_factor},
      {"GET", "/.well-known/oauth-authorization-server", show_metadata, clients},
      {"GET", "/oauth/authorize", show_consent},
      {"POST", "/oauth/authorize", take_consent},
      {"POST", "/oauth/token", give_token, clients},
      {"POST", "/oauth/revoke", revoke_token, clients},
  };
  return all;
}

net::HttpReply preflight_of_clients(std::string_view methods) {
  net::HttpReply reply{.status = 204, .content_type = ""};
  reply.fields = {
      {"Access-Control-Allow-Methods", std::string(methods)}, {"Access-Control-Allow-Headers", "Content-Type"}, {"Access-Control-Max-Age", "86400"}};
  return reply;
}

Answered route(const Service& service, net::HttpExchange& exchange) {
  const net::HttpRequest& request = exchange.request();
  std::string methods;
  const RouteEntry* found = nullptr;
  bool is_for_clients = false;
  for (const RouteEntry& entry : access_routes()) {
    if (entry.path != request.path) continue;
    methods += (methods.empty() ? "" : ", ") + std::string(entry.method);
    is_for_clients = entry.who == RouteEntry::For::clients;
    if (entry.method == request.method) found = &entry;
  }
  if (methods.empty()) co_return net::problem(404);
  if (request.method == "OPTIONS" && is_for_clients) co_return preflight_of_clients(methods);
  if (found == nullptr) {
    net::HttpReply reply = net::problem(405);
    reply.fields.push_back({"Allow", methods});
    co_return reply;
  }
  Answered running = found->run(service, exchange);
  std::optional<net::HttpReply> reply = co_await std::move(running);
  co_return reply;
}

}  // namespace

Access::Access(store::Store& store, const Clock& clock, Options options)
    : service_(new Service{store, clock, std::move(options.url),
                           options.delays ? std::move(options.delays) : std::make_shared<net::LoginDelays>(clock), std::move(options.clients)}) {}

Access::~Access() = default;

net::HttpHandler Access::handler() const {
  return [service = service_.get()](net::HttpExchange& exchange) { return route(*service, exchange); };
}

std::string issuer_of(const Service& service, const net::HttpExchange& exchange) { return net::own_url(service.url, exchange); }

}  // namespace telepost::adapters::access
