#include "adapters/net/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/assert.h"

namespace telepost::adapters::net {
namespace {

Peer peer_from(const in_addr& address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &address, text.data(), text.size());
  return {text.data(), {}, (ntohl(address.s_addr) >> 24) == 127, {}};
}

Peer peer_from(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    in_addr mapped{};
    std::memcpy(&mapped, address.s6_addr + 12, sizeof mapped);
    return peer_from(mapped);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, &address, text.data(), text.size());
  return {text.data(), {}, IN6_IS_ADDR_LOOPBACK(&address) != 0, {}};
}

}  // namespace

std::string Peer::network() const {
  if (uid) return "unix";
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1 || is_loopback) return address;
  std::memset(v6.s6_addr + 8, 0, 8);
  return peer_from(v6).address + "/64";
}

std::optional<Peer> peer_of(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family == AF_INET) return peer_from(reinterpret_cast<const sockaddr_in&>(storage).sin_addr);
  if (storage.ss_family == AF_INET6) return peer_from(reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr);
  ucred credentials{};
  size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
  return Peer{"", credentials.uid, false, {}};
}

std::optional<Peer> peer_behind(const Peer& front, const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  Peer peer;
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) peer = peer_from(v4);
  else if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) peer = peer_from(v6);
  else return {};
  peer.is_loopback = false;
  peer.front = front.address;
  return peer;
}

// In steps of a minute: what is counted is forgotten as a whole, so that a flood from everywhere leaves nothing behind.
bool ConnectionLimits::begins_too_often(const Peer& peer, const std::string& network) {
  if (clock_ == nullptr || peer.uid || peer.is_loopback) return false;
  const SteadyTime now = clock_->steady();
  if (now >= minute_end_) {
    begun_.clear();
    minute_end_ = now + std::chrono::minutes(1);
  }
  return ++begun_[network] > new_per_minute_;
}

std::unique_ptr<ConnectionLimits::Ticket> ConnectionLimits::admit(const Peer& peer) {
  std::string network = peer.network();
  {
    std::lock_guard lock(mutex_);
    if (begins_too_often(peer, network) || count_ >= in_all_) return nullptr;
    std::uint32_t& of_network = by_network_[network];
    if (!peer.uid && of_network >= per_network_) {
      if (of_network == 0) by_network_.erase(network);
      return nullptr;
    }
    ++of_network;
    ++count_;
  }
  return std::make_unique<Ticket>(shared_from_this(), std::move(network));
}

void ConnectionLimits::release(const std::string& network) {
  std::lock_guard lock(mutex_);
  --count_;
  const auto found = by_network_.find(network);
  if (--found->second == 0) by_network_.erase(found);
}

}  // namespace telepost::adapters::net
