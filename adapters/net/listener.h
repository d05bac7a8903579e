// Accepts connections on one endpoint.
#pragma once

#include <functional>
#include <memory>

#include "adapters/net/listening_socket.h"
#include "adapters/net/peer.h"

namespace telepost::adapters::net {

class Loop;

class Listener {
 public:
  // On the listener's loop, for each connection: a socket that does not block (the callee closes it) and its peer. It
  // must not block.
  using OnConnection = std::function<void(int socket, Peer peer)>;

  // When the process or the machine is out of descriptors or memory it pauses for a moment and tries again.
  Listener(Loop& loop, ListeningSocket socket, OnConnection on_connection);
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
