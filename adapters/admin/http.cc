#include "adapters/admin/http.h"

#include "base/metrics.h"

namespace telepost::adapters::admin {
namespace {

constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";

// Not a capturing lambda: its frame must own what it uses after the caller's handler is gone.
boost::asio::awaitable<net::HttpResponse> respond(net::HttpRequest request, Readiness readiness) {
  co_return answer(request, readiness);
}

}  // namespace

net::HttpResponse answer(const net::HttpRequest& request, const Readiness& readiness) {
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  net::HttpResponse response;
  if (request.method != "GET") {
    response.status = 405;
    response.body = "only GET and HEAD\n";
  } else if (path == "/metrics") {
    response.content_type = kExposition;
    response.body = metrics::exposition();
  } else if (path == "/healthz") {
    response.body = "ok\n";
  } else if (path == "/readyz") {
    const Result<void> ready = readiness();
    response.status = ready.ok() ? 200 : 503;
    response.body = ready.ok() ? "ready\n" : to_string(ready.error()) + "\n";
  } else {
    response.status = 404;
    response.body = "try /metrics, /healthz or /readyz\n";
  }
  return response;
}

Result<std::unique_ptr<net::HttpServer>> start_http(net::Loop& loop, schema::Endpoints listen,
                                                    Readiness readiness) {
  net::HttpServerOptions options;
  options.listen = std::move(listen);
  net::HttpHandler handler = [readiness = std::move(readiness)](net::HttpRequest request) {
    return respond(std::move(request), readiness);
  };
  return net::HttpServer::start(loop, std::move(options), std::move(handler));
}

}  // namespace telepost::adapters::admin
