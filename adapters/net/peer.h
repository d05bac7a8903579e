// Who is at the other end of a connection, and the limits that hold before more is known of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace telepost::adapters::net {

struct Peer {
  std::string address;       // "192.0.2.1", "2001:db8::1" (IPv4 mapped into IPv6 as IPv4); "" for a Unix socket
  std::optional<uid_t> uid;  // of the process at the other end of a Unix socket, as it was when it connected
  bool is_loopback = false;
  std::string front{};       // the load balancer that named the address (proxy_header_codec.h); "" where we saw it ourselves
  // What limits are counted under and logs show: the address (an IPv6 address by its /64), or "unix".
  std::string network() const;
};

// The peer of a connected socket; nothing if it is gone already.
std::optional<Peer> peer_of(int socket);
// Whom a trusted front speaks for. It is never loopback: what is local to the front is not local to us. Nothing for what is
// no IP address.
std::optional<Peer> peer_behind(const Peer& front, const std::string& address);

// Bounds connections in all and per network, and how many a network begins in a minute. Any thread.
class ConnectionLimits : public std::enable_shared_from_this<ConnectionLimits> {
 public:
  ConnectionLimits(std::uint32_t in_all, std::uint32_t per_network) : in_all_(in_all), per_network_(per_network) {}
  // The clock must outlive it.
  ConnectionLimits(std::uint32_t in_all, std::uint32_t per_network, std::uint32_t new_per_minute, const Clock& clock)
      : in_all_(in_all), per_network_(per_network), new_per_minute_(new_per_minute), clock_(&clock) {}

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
  // Null when a limit is reached. A Unix socket counts only in all: its other end is this machine, a relay as a rule. What this
  // machine begins in a minute is not counted either.
  std::unique_ptr<Ticket> admit(const Peer& peer);

 private:
  void release(const std::string& network);
  bool begins_too_often(const Peer& peer, const std::string& network);

  const std::uint32_t in_all_;
  const std::uint32_t per_network_;
  const std::uint32_t new_per_minute_ = 0;
  const Clock* const clock_ = nullptr;  // without one nobody begins too often
  std::mutex mutex_;
  std::uint32_t count_ = 0;                           // guarded by mutex_
  std::map<std::string, std::uint32_t> by_network_;   // guarded by mutex_; no zeros
  SteadyTime minute_end_{};                           // guarded by mutex_
  std::unordered_map<std::string, std::uint32_t> begun_;  // guarded by mutex_; in this minute, refused ones as well
};

}  // namespace telepost::adapters::net
