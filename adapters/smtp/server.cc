#include "adapters/smtp/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include "adapters/net/io_threads.h"
#include "adapters/net/listener.h"
#include "adapters/net/session_group.h"
#include "adapters/net/visit.h"
#include "adapters/smtp/session.h"
#include "base/log.h"
#include "base/metrics.h"

namespace telepost::adapters::smtp {
namespace {

metrics::Counter& connections() {
  static metrics::Counter counter("telepost_smtp_connections_total", "Connections to SMTP and LMTP listeners",
                                  {"listener", "result"});
  return counter;
}

// Before there is a session; what does not fit the socket's buffer is not worth waiting for.
void refuse(int socket, const Context& context, const net::Peer& peer, const Reply& reply, std::string_view result) {
  std::string line;
  append(line, reply);
  (void)!::send(socket, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::close(socket);
  connections().with({context.listener.name, std::string(result)}).add();
  log::info("connection_refused", {{"listener", context.listener.name}, {"peer", peer.network()}, {"reason", reply.text}});
  net::note_refused(context.store.visits(), context.listener.name, peer, reply.text);
}

}  // namespace

struct Server::Parts {
  explicit Parts(net::IoThreads& io) : threads(io) {}

  void connected(const std::shared_ptr<const Context>& context, const std::shared_ptr<net::ConnectionLimits>& limits,
                 int socket, net::Peer peer) {
    const Proof proof = proof_of(context->listener, peer);
    if (proof == Proof::refused) {
      return refuse(socket, *context, peer, {554, "5.7.1", "This socket is for others"}, "denied");  // RFC 5321 3.1
    }
    std::unique_ptr<net::ConnectionLimits::Ticket> ticket = limits->admit(peer);
    if (!ticket) return refuse(socket, *context, peer, {421, "4.7.0", "Too many connections; come back later"}, "limited");
    connections().with({context->listener.name, "accepted"}).add();
    const bool is_front = schema::contains(context->listener.xclient_fronts, peer.address);
    Session::start(threads.next(), sessions, context, {std::move(peer), proof, is_front}, socket, std::move(ticket));
  }

  Result<void> listen(const std::shared_ptr<const Context>& context) {
    const ListenerConfig& config = context->listener;
    const auto limits = std::make_shared<net::ConnectionLimits>(config.max_connections, config.max_connections_per_peer,
                                                                      config.max_new_per_minute, context->clock);
    for (const schema::Endpoint& endpoint : config.endpoints) {
      auto opened = net::ListeningSocket::open(endpoint, config.unix_mode());
      if (!opened.ok()) return {opened.error().kind, "the listener " + config.name + ": " + opened.error().detail};
      net::ListeningSocket socket = std::move(*opened);
      listening.push_back({config.name, to_string(socket.endpoint())});
      listeners.push_back(std::make_unique<net::Listener>(
          threads.first(), std::move(socket),
          [this, context, limits](int fd, net::Peer peer) { connected(context, limits, fd, std::move(peer)); },
          config.trusted_fronts));
    }
    return {};
  }

  net::IoThreads& threads;
  std::vector<Listening> listening;
  net::SessionGroup sessions;
  std::vector<std::unique_ptr<net::Listener>> listeners;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { stop(Duration(0)); }

Result<std::unique_ptr<Server>> Server::start(net::IoThreads& threads, store::Store& store, const Clock& clock,
                                              Random& random, Options options) {
  const auto held = std::make_shared<HeldBytes>(options.held_budget, clock);
  const auto delays = options.delays ? options.delays : std::make_shared<net::LoginDelays>(clock);
  std::unique_ptr<Server> server(new Server(std::make_unique<Parts>(threads)));
  for (ListenerConfig& listener : listeners_of(store.configuration())) {
    // What comes by LMTP was looked at by the server that sends it, and our own subscribers have logged in.
    const std::shared_ptr<Examiner> examiner = listener.mode == Mode::smtp ? options.examiner : nullptr;
    TELEPOST_TRY(server->parts_->listen(std::make_shared<const Context>(Context{
        std::move(listener), store, clock, random, held, options.identities, delays, examiner})));
  }
  return server;
}

const std::vector<Server::Listening>& Server::listening() const { return parts_->listening; }

void Server::stop(Duration drain) {
  parts_->listeners.clear();
  parts_->sessions.drain();
  if (parts_->sessions.wait(drain)) return;
  log::warning("sessions_broken_off", {{"sessions", parts_->sessions.size()}});
  parts_->sessions.abort();
  while (!parts_->sessions.wait(std::chrono::seconds(1))) {}  // a commit that was begun is waited for
}

}  // namespace telepost::adapters::smtp
