#include "adapters/admin/http.h"

#include "base/metrics.h"

namespace telepost::adapters::admin {
namespace {

constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::uint32_t kMostConnections = 64;

// Not a capturing lambda: its frame must own what it uses after the caller's handler is gone.
net::Awaitable<std::optional<net::HttpReply>> respond(const net::HttpExchange& exchange, Readiness readiness) {
  co_return answer(exchange.request(), readiness);
}

}  // namespace

net::HttpReply answer(const net::HttpRequest& request, const Readiness& readiness) {
  net::HttpReply reply;
  if (request.method != "GET") {
    reply.status = 405;
    reply.fields = {{"Allow", "GET, HEAD"}};
    reply.body = "only GET and HEAD\n";
  } else if (request.path == "/metrics") {
    reply.content_type = kExposition;
    reply.body = metrics::exposition();
  } else if (request.path == "/healthz") {
    reply.body = "ok\n";
  } else if (request.path == "/readyz") {
    const Result<void> ready = readiness();
    reply.status = ready.ok() ? 200 : 503;
    reply.body = ready.ok() ? "ready\n" : to_string(ready.error()) + "\n";
  } else {
    reply.status = 404;
    reply.body = "try /metrics, /healthz or /readyz\n";
  }
  return reply;
}

Result<std::unique_ptr<net::HttpServer>> start_http(net::IoThreads& threads, schema::Endpoints listen, const Clock& clock,
                                                    Readiness readiness, store::VisitLog* visits) {
  net::HttpServerOptions options;
  options.name = "admin";
  options.listen = std::move(listen);
  options.visits = visits;
  options.max_connections = options.max_connections_per_peer = kMostConnections;
  net::HttpHandler handler = [readiness = std::move(readiness)](net::HttpExchange& exchange) { return respond(exchange, readiness); };
  return net::HttpServer::start(threads, std::move(options), clock, std::move(handler));
}

}  // namespace telepost::adapters::admin
