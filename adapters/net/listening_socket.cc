#include "adapters/net/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace telepost::adapters::net {
namespace {

constexpr int kBacklog = 1024;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<SocketAddress> address_of(const schema::Endpoint& endpoint) {
  SocketAddress address;
  auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (endpoint.is_unix()) {
    if (endpoint.path.size() >= sizeof un.sun_path) return {Errc::invalid, endpoint.path + ": a socket's path has at most 107 bytes"};
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, endpoint.path.c_str(), endpoint.path.size() + 1);
    address.size = sizeof un;
  } else if (inet_pton(AF_INET, endpoint.address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    address.size = sizeof v4;
  } else if (inet_pton(AF_INET6, endpoint.address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    address.size = sizeof v6;
  } else {
    return {Errc::invalid, endpoint.address + " is no IP address"};
  }
  return address;
}

Error error_from(int number, const schema::Endpoint& endpoint) {
  const std::string detail = to_string(endpoint) + ": " + std::strerror(number);
  if (number == EADDRINUSE) return {Errc::busy, detail};
  if (number == EACCES || number == EPERM) return {Errc::denied, detail};
  if (number == EADDRNOTAVAIL || number == ENOENT || number == ENOTDIR) return {Errc::invalid, detail};
  return {Errc::io, detail};
}

// Removes the path of a socket where nobody listens: what a crash left.
void remove_stale(const SocketAddress& address, const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return;
  const bool refused = connect(probe, address.get(), address.size) != 0 && errno == ECONNREFUSED;
  close(probe);
  if (refused) unlink(path.c_str());
}

bool bind_and_listen(int fd, const SocketAddress& address, const schema::Endpoint& endpoint, mode_t unix_mode) {
  const int on = 1;
  if (endpoint.is_unix()) {
    remove_stale(address, endpoint.path);
    fchmod(fd, unix_mode);  // before bind, so that the path never has a wider mode
  } else {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.storage.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (bind(fd, address.get(), address.size) != 0) return false;
  if (endpoint.is_unix() && chmod(endpoint.path.c_str(), unix_mode) != 0) return false;  // what the umask took
  return listen(fd, kBacklog) == 0;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(storage).sin_port
                                            : reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const schema::Endpoint& endpoint, mode_t unix_mode) {
  TELEPOST_ASSIGN(const SocketAddress address, address_of(endpoint));
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return error_from(errno, endpoint);
  if (!bind_and_listen(fd, address, endpoint, unix_mode)) {
    const int number = errno;
    close(fd);
    return error_from(number, endpoint);
  }
  schema::Endpoint bound = endpoint;
  if (!bound.is_unix()) bound.port = port_of(fd);
  return ListeningSocket(fd, std::move(bound));
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), endpoint_(std::move(other.endpoint_)) {}

ListeningSocket::~ListeningSocket() {
  if (fd_ < 0) return;
  if (endpoint_.is_unix()) unlink(endpoint_.path.c_str());
  close(fd_);
}

}  // namespace telepost::adapters::net
