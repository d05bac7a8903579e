// Connections from load balancers, until their PROXY header has told whom they speak for.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "adapters/net/peer.h"
#include "schema/network.h"

namespace telepost::adapters::net {

class Loop;

// Only on its loop.
class FrontConnections {
 public:
  using OnConnection = std::function<void(int socket, Peer peer)>;

  FrontConnections(Loop& loop, schema::Networks trusted) : loop_(loop), trusted_(std::move(trusted)) {}
  bool is_trusted(const Peer& peer) const { return !peer.uid && schema::contains(trusted_, peer.address); }
  // Takes the socket, reads the header and not a byte more, and hands on the socket and whom it named. Whoever sends
  // no header, a broken one, or too slowly is closed, and the log says so.
  void take(int socket, Peer front, OnConnection on_connection);
  // Closes what still waits; no callback runs after it.
  void close();

 private:
  struct Waiting;
  Loop& loop_;
  const schema::Networks trusted_;
  std::set<std::shared_ptr<Waiting>> waiting_;
};

}  // namespace telepost::adapters::net
