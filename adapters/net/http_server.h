// The one HTTP server seam: HTTP/1.1 (RFC 9112) on TCP listeners, Boost.Beast behind it in http_server.cc and nowhere else.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "schema/configuration.h"

namespace telepost::adapters::net {

class Loop;

struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // as it came: "/metrics?x=1"
  std::string body;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Runs on the loop; must not block. A HEAD is asked as a GET and answered without the body.
using HttpHandler = std::function<boost::asio::awaitable<HttpResponse>(HttpRequest)>;

struct HttpServerOptions {
  schema::Endpoints listen;          // TCP only
  std::size_t max_connections = 64;  // further ones are closed at once
  std::uint32_t max_header_bytes = 8192;
  std::uint64_t max_body_bytes = 0;
  Duration timeout = std::chrono::seconds(30);  // for a request to come, for a response to be taken
};

class HttpServer {
 public:
  // Binds every endpoint or none, and serves on this loop. Errors: invalid (a Unix socket), busy (the port is taken), denied, io.
  static Result<std::unique_ptr<HttpServer>> start(Loop& loop, HttpServerOptions options,
                                                   HttpHandler handler);
  // Accepts no more, closes what is open and waits until every connection has ended. Never on the loop.
  ~HttpServer();

  const schema::Endpoints& endpoints() const;  // with the ports that were taken for 0

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace telepost::adapters::net
