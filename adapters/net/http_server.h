// The one HTTP server seam: HTTP/1.1 (RFC 9110, 9112) in plain text and TLS. Handlers see http_exchange.h, and beside it what is pure:
// http_target_codec.h (paths, queries), http_condition_codec.h (If-Match …), http_range_codec.h, http_accept_codec.h,
// http_date_codec.h, http_gzip.h; http_content.h sends content of any size by all of them. Whole replies are packed for who takes gzip.
//
// A connection is a LineStream, as SMTP's are, and not a beast::ssl_stream: it holds no buffer while nothing comes (Asio's TLS
// stream keeps two of 17 KiB for ever), and it has the deadlines, TLS identities and drain that the other listeners have.
// Boost.Beast parses what is in its buffer, in http_request_codec.cc and nowhere else, behind a scan that refuses what two
// parsers might read differently: bare LF or CR, folded fields, a space before the colon, two lengths, a length beside
// Transfer-Encoding, an encoding but "chunked" (RFC 9112 sections 2.2, 5.1, 5.2, 6.1, 6.3). All these end the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/net/http_exchange.h"
#include "base/clock.h"
#include "base/result.h"
#include "schema/configuration.h"

namespace telepost::store {
class VisitLog;
}

namespace telepost::adapters::net {

class IoThreads;
class TlsIdentities;

struct HttpServerOptions {
  std::string name{};              // of the listener, in logs and metrics: "admin"
  schema::Endpoints listen{};      // TCP, plain text
  schema::Endpoints listen_tls{};  // TCP, TLS from the first byte; needs identities
  schema::Networks trusted_fronts{};
  const TlsIdentities* identities = nullptr;  // must outlive the server

  std::uint32_t max_connections = 1000;         // beyond: 503 and closed; in TLS closed
  std::uint32_t max_connections_per_peer = 100;  // per network
  std::uint32_t max_new_per_minute = 1200;
  std::uint32_t max_requests = 10'000;        // of one connection, which then ends with its reply
  std::uint32_t max_target_bytes = 8 << 10;   // beyond: 414
  std::uint32_t max_header_bytes = 16 << 10;  // request line and fields; beyond: 431. 64 KiB at most
  std::uint32_t max_header_fields = 100;      // beyond: 431
  Duration header_timeout = std::chrono::seconds(10);  // from a head's first byte to its last; beyond: 408
  Duration idle_timeout = std::chrono::minutes(1);     // for a request to begin; beyond: closed
  Duration body_timeout = std::chrono::minutes(1);     // waited for each 64 KiB of a body, and for its end
  Duration reply_timeout = std::chrono::minutes(1);    // for each 64 KiB to be taken

  HttpFields fields{};  // of every reply to a request, the server's own refusals too
  // How the server's own refusals (400, 408, 412, 414, 416, 417, 431, 500, 501, 505) look.
  enum class Errors : unsigned char { text, problem_json } errors = Errors::text;
  store::VisitLog* visits = nullptr;  // of each connection; null: none is logged. Must outlive the server
};

class HttpServer {
 public:
  // Binds every endpoint or none. Connections are served on the threads' loops in turns. Errors: invalid (a Unix socket, TLS
  // without identities), busy (the port is taken), denied, io. Threads and clock must outlive it.
  static Result<std::unique_ptr<HttpServer>> start(IoThreads& threads, HttpServerOptions options, const Clock& clock,
                                                   HttpHandler handler);
  // stop(0). Never on a loop.
  ~HttpServer();

  // Accepts no more, closes connections between two requests, and lets those in a request end with its reply; what is not
  // done after `drain` is broken off. A handler that awaits something is awaited in either case. Never on a loop; once is enough.
  void stop(Duration drain);

  const schema::Endpoints& endpoints() const;  // plain ones first; with the ports that were taken for 0

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::net
