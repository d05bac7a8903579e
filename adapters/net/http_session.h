// One connection of an HttpServer: request after request, each answered before the next is looked at.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "adapters/net/http_exchange.h"
#include "adapters/net/http_request_codec.h"
#include "adapters/net/http_server.h"
#include "adapters/net/session_group.h"

namespace telepost::adapters::net {

// What a server's connections share. Immutable.
struct HttpService {
  const HttpServerOptions options;
  const Clock& clock;
  const HttpHandler handler;
};

// A refusal of the server's own, which says why, as options.errors wants it.
HttpReply refusal_of(const HttpServerOptions& options, unsigned status, std::string_view why);

class HttpSession final : public Stoppable {
 public:
  enum class Transport : unsigned char { plain, tls };
  // Takes the socket. Any thread.
  static void start(Loop& loop, SessionGroup& group, std::shared_ptr<const HttpService> service, Transport transport, Peer peer,
                    int socket, std::unique_ptr<ConnectionLimits::Ticket> ticket);
  ~HttpSession() override;
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  void drain() override;
  void abort() override;

 private:
  HttpSession(std::shared_ptr<const HttpService> service, Transport transport, Peer peer, int socket,
              std::unique_ptr<ConnectionLimits::Ticket> ticket);
  Awaitable<void> run(Loop& loop);
  Awaitable<bool> read_head();
  Awaitable<bool> exchange();
  Awaitable<std::optional<HttpReply>> ask_handler();
  Awaitable<void> refuse(const HttpRefusal& refusal);
  void count(unsigned status) const;

  const std::shared_ptr<const HttpService> service_;
  const Transport transport_;
  const Peer peer_;
  const std::unique_ptr<ConnectionLimits::Ticket> ticket_;
  int socket_;  // until the loop has it
  std::optional<LineStream> stream_;
  HttpRequestReader reader_;
  std::optional<HttpExchange> exchange_;
  std::uint32_t requests_ = 0;
  bool draining_ = false;
  bool aborted_ = false;
};

}  // namespace telepost::adapters::net
