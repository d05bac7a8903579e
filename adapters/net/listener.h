// Accepts connections on one endpoint.
#pragma once

#include <functional>
#include <memory>

#include "adapters/net/listening_socket.h"
#include "adapters/net/peer.h"

namespace telepost::adapters::net {

class Loop;

inline constexpr Duration kProxyHeaderTimeout = std::chrono::seconds(5);

class Listener {
 public:
  // On the listener's loop, for each connection: a socket that does not block (the callee closes it) and its peer. It
  // must not block. Behind one of the trusted fronts the peer is whom its PROXY header names.
  using OnConnection = std::function<void(int socket, Peer peer)>;

  // When the process or the machine is out of descriptors or memory it pauses for a moment and tries again.
  // A connection from a trusted front that does not begin with a whole PROXY header within kProxyHeaderTimeout is closed; from
  // anybody else such a header is content like any other.
  Listener(Loop& loop, ListeningSocket socket, OnConnection on_connection, schema::Networks trusted_fronts = {});
  // No connection is accepted and no callback runs after it. Never on the listener's loop.
  ~Listener();

  const schema::Endpoint& endpoint() const { return endpoint_; }

 private:
  struct Accepting;
  Loop& loop_;
  const schema::Endpoint endpoint_;
  std::shared_ptr<Accepting> accepting_;
};

}  // namespace telepost::adapters::net
