#include "adapters/net/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "adapters/net/http_session.h"
#include "adapters/net/io_threads.h"
#include "adapters/net/listener.h"
#include "adapters/net/session_group.h"
#include "adapters/net/visit.h"
#include "base/log.h"
#include "base/metrics.h"

namespace telepost::adapters::net {
namespace {

constexpr std::uint32_t kMostHeaderBytes = 64u << 10;  // half of what a LineStream buffers

metrics::Counter& connections() {
  static metrics::Counter counter("telepost_http_connections_total", "Connections to HTTP listeners", {"listener", "result"});
  return counter;
}

}  // namespace

struct HttpServer::Parts {
  Parts(IoThreads& io, HttpServerOptions options, const Clock& clock, HttpHandler handler)
      : threads(io), limits(std::make_shared<ConnectionLimits>(options.max_connections, options.max_connections_per_peer,
                                                               options.max_new_per_minute, clock)),
        service(std::make_shared<const HttpService>(HttpService{std::move(options), clock, std::move(handler)})) {}

  void connected(HttpSession::Transport transport, int socket, Peer peer) {
    const std::string& name = service->options.name;
    std::unique_ptr<ConnectionLimits::Ticket> ticket = limits->admit(peer);
    if (!ticket) {
      // What does not fit the socket's buffer is not worth waiting for; whoever expects TLS could not read it.
      constexpr std::string_view kFull = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      if (transport == HttpSession::Transport::plain) (void)!::send(socket, kFull.data(), kFull.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      ::close(socket);
      connections().with({name, "limited"}).add();
      log::info("connection_refused", {{"listener", name}, {"peer", peer.network()}, {"reason", "too many connections"}});
      if (service->options.visits != nullptr) note_refused(*service->options.visits, name, peer, "too many connections");
      return;
    }
    connections().with({name, "accepted"}).add();
    HttpSession::start(threads.next(), sessions, service, transport, std::move(peer), socket, std::move(ticket));
  }

  Result<void> listen(const schema::Endpoints& where, HttpSession::Transport transport) {
    for (const schema::Endpoint& endpoint : where) {
      if (endpoint.is_unix()) return {Errc::invalid, to_string(endpoint) + ": HTTP is served on address:port only"};
      TELEPOST_ASSIGN(ListeningSocket socket, ListeningSocket::open(endpoint, 0600));
      endpoints.push_back(socket.endpoint());
      listeners.push_back(std::make_unique<Listener>(
          threads.first(), std::move(socket),
          [this, transport](int fd, Peer peer) { connected(transport, fd, std::move(peer)); }, service->options.trusted_fronts));
    }
    return {};
  }

  IoThreads& threads;
  schema::Endpoints endpoints;
  const std::shared_ptr<ConnectionLimits> limits;
  const std::shared_ptr<const HttpService> service;
  SessionGroup sessions;
  std::vector<std::unique_ptr<Listener>> listeners;
};

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

HttpServer::~HttpServer() { stop(Duration(0)); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(IoThreads& threads, HttpServerOptions options, const Clock& clock,
                                                      HttpHandler handler) {
  options.max_header_bytes = std::min(options.max_header_bytes, kMostHeaderBytes);
  if (!options.listen_tls.empty() && options.identities == nullptr) return {Errc::invalid, options.name + ": TLS needs certificates"};
  std::unique_ptr<HttpServer> server(
      new HttpServer(std::make_unique<Parts>(threads, std::move(options), clock, std::move(handler))));
  Parts& parts = *server->parts_;
  TELEPOST_TRY(parts.listen(parts.service->options.listen, HttpSession::Transport::plain));
  TELEPOST_TRY(parts.listen(parts.service->options.listen_tls, HttpSession::Transport::tls));
  return server;
}

void HttpServer::stop(Duration drain) {
  parts_->listeners.clear();
  parts_->sessions.drain();
  if (parts_->sessions.wait(drain)) return;
  log::warning("sessions_broken_off", {{"listener", parts_->service->options.name}, {"sessions", parts_->sessions.size()}});
  parts_->sessions.abort();
  while (!parts_->sessions.wait(std::chrono::seconds(1))) {}  // what a handler awaits is waited for
}

const schema::Endpoints& HttpServer::endpoints() const { return parts_->endpoints; }

}  // namespace telepost::adapters::net
