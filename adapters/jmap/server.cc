#include "adapters/jmap/server.h"

#include "adapters/jmap/push_sender.h"
#include "adapters/jmap/service.h"
#include "adapters/jmap/types.h"
#include "adapters/net/http_server.h"
#include "base/log.h"

namespace telepost::adapters::jmap {
namespace {

net::HttpServerOptions options_of(const schema::JmapSettings& settings, const net::TlsIdentities* identities) {
  net::HttpServerOptions options;
  options.name = "jmap";
  options.listen = settings.listen;
  options.listen_tls = settings.listen_tls;
  options.trusted_fronts = settings.trusted_fronts;
  options.identities = identities;
  options.max_connections = settings.max_connections;
  options.max_connections_per_peer = settings.max_connections_per_peer;
  options.max_new_per_minute = settings.max_new_per_minute;
  options.errors = net::HttpServerOptions::Errors::problem_json;
  // Any page may call, with credentials of its own (Fetch, section 3.2), and hears of errors, too.
  options.fields = {{"Access-Control-Allow-Origin", "*"}, {"X-Content-Type-Options", "nosniff"}};
  return options;
}

}  // namespace

struct Server::Parts {
  Service service;
  std::size_t plain_listeners = 0;
  std::unique_ptr<PushDesk> push = {};          // null: nothing is pushed, and nothing offered that would be
  std::unique_ptr<net::HttpServer> http = {};  // null: it listens nowhere
  std::unique_ptr<PushSender> sender = {};
};

// Without its key file a server goes on without push.
Result<void> Server::begin_push(net::IoThreads& threads, Random& random, net::Resolver* resolver) {
  Service& service = parts_->service;
  if (resolver == nullptr) return {};
  auto desk = PushDesk::open(service.context, service.methods, service.clock, random);
  if (!desk.ok()) {
    log::error("push_not_offered", {{"reason", to_string(desk.error())}});
    return {};
  }
  parts_->push = *std::move(desk);
  service.context.push = parts_->push.get();
  add_push_subscriptions(service.methods);
  const schema::Configuration& configuration = service.context.store.configuration();
  TELEPOST_ASSIGN(parts_->sender, PushSender::start(threads, service.context.store, service.push, *parts_->push, service.clock,
                                                    {resolver, configuration.tls.authorities, configuration.relay.refuse_networks}));
  return {};
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() = default;  // the HTTP server's stops it

Result<std::unique_ptr<Server>> Server::start(net::IoThreads& threads, store::Store& store, const Clock& clock, Random& random, Options options) {
  const schema::JmapSettings& settings = store.configuration().jmap;
  const auto delays = options.delays ? options.delays : std::make_shared<net::LoginDelays>(clock);
  std::unique_ptr<Server> server(new Server(std::unique_ptr<Parts>(
      new Parts{{{store, settings}, all_methods(), clock, delays, DerivedKeys(clock, random), {}}})));
  Parts& parts = *server->parts_;
  parts.plain_listeners = settings.listen.size();
  if (settings.listen.empty() && settings.listen_tls.empty()) return server;
  TELEPOST_TRY(server->begin_push(threads, random, options.resolver));
  const net::HttpHandler handler = [&service = parts.service, beside = std::move(options.beside)](net::HttpExchange& exchange) {
    return beside && !has_route(exchange.request()) ? beside(exchange) : answer(service, exchange);
  };
  net::HttpServerOptions listening = options_of(settings, options.identities);
  listening.visits = &store.visits();
  TELEPOST_ASSIGN(parts.http, net::HttpServer::start(threads, std::move(listening), clock, handler));
  return server;
}

void Server::for_each_listener(const std::function<void(std::string_view name, std::string_view endpoint)>& visit) const {
  if (!parts_->http) return;
  std::size_t index = 0;
  for (const schema::Endpoint& endpoint : parts_->http->endpoints()) {
    visit(index++ < parts_->plain_listeners ? "jmap" : "jmap-tls", to_string(endpoint));
  }
}

void Server::stop(Duration drain) {
  if (parts_->http) parts_->http->stop(drain);
  if (parts_->sender) parts_->sender->stop();
}

}  // namespace telepost::adapters::jmap
