// Who is at the other end of a connection, and the limits that hold before more is known of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace telepost::adapters::net {

struct Peer {
  std::string address;       // "192.0.2.1", "2001:db8::1" (IPv4 mapped into IPv6 as IPv4); "" for a Unix socket
  std::optional<uid_t> uid;  // of the process at the other end of a Unix socket, as it was when it connected
  bool is_loopback = false;
  // What limits are counted under and logs show: the address (an IPv6 address by its /64), or "unix".
  std::string network() const;
};

// The peer of a connected socket; nothing if it is gone already.
std::optional<Peer> peer_of(int socket);

// Bounds connections in all and per network. Any thread.
class ConnectionLimits : public std::enable_shared_from_this<ConnectionLimits> {
 public:
  ConnectionLimits(std::uint32_t in_all, std::uint32_t per_network) : in_all_(in_all), per_network_(per_network) {}

  // Held while the connection lasts; it keeps the limits alive.
  class Ticket {
   public:
    Ticket(std::shared_ptr<ConnectionLimits> limits, std::string network)
        : limits_(std::move(limits)), network_(std::move(network)) {}
    ~Ticket() { limits_->release(network_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    const std::shared_ptr<ConnectionLimits> limits_;
    const std::string network_;
  };
  // Null when a limit is reached. A Unix socket counts only in all: its other end is this machine, a relay as a rule.
  std::unique_ptr<Ticket> admit(const Peer& peer);

 private:
  void release(const std::string& network);

  const std::uint32_t in_all_;
  const std::uint32_t per_network_;
  std::mutex mutex_;
  std::uint32_t count_ = 0;                           // guarded by mutex_
  std::map<std::string, std::uint32_t> by_network_;   // guarded by mutex_; no zeros
};

}  // namespace telepost::adapters::net
