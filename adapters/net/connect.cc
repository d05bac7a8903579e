#include "adapters/net/connect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "adapters/net/deadline.h"
#include "adapters/net/io_threads.h"

namespace telepost::adapters::net {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::optional<SocketAddress> address_from(const std::string& text, std::uint16_t port) {
  SocketAddress address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof v6;
  } else {
    return {};
  }
  return address;
}

Error error_from(int number, const std::string& address) {
  const std::string detail = address + ": " + std::strerror(number);
  if (number == EADDRNOTAVAIL || number == EACCES || number == EPERM) return {Errc::denied, detail};
  if (number == ETIMEDOUT) return {Errc::timeout, detail};
  return {Errc::unavailable, detail};
}

// A socket whose connect() has begun.
Result<int> begin(const SocketAddress& address, const std::string& text, const std::string& source) {
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return error_from(errno, text);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!source.empty()) {
    const std::optional<SocketAddress> from = address_from(source, 0);
    // The port is chosen at connect(), so that one address can serve more than 64,000 connections to different peers.
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (!from || ::bind(fd, from->get(), from->size) != 0) {
      const int number = from ? errno : EADDRNOTAVAIL;
      ::close(fd);
      return error_from(number, "from " + source);
    }
  }
  if (::connect(fd, address.get(), address.size) != 0 && errno != EINPROGRESS) {
    const int number = errno;
    ::close(fd);
    return error_from(number, text);
  }
  return fd;
}

}  // namespace

// While it lives the breaker ends a wait for the socket.
class ConnectInProgress {
 public:
  ConnectInProgress(ConnectBreaker* breaker, Socket& socket) : breaker_(breaker) {
    if (breaker_ != nullptr) breaker_->cancel_ = [&socket] { socket.cancel(); };
  }
  ~ConnectInProgress() {
    if (breaker_ != nullptr) breaker_->cancel_ = nullptr;
  }
  ConnectInProgress(const ConnectInProgress&) = delete;
  ConnectInProgress& operator=(const ConnectInProgress&) = delete;

 private:
  ConnectBreaker* const breaker_;
};

namespace {

Awaitable<Result<int>> connect_one(Loop& loop, const std::string& text, const ConnectTarget& target, Duration timeout) {
  const std::optional<SocketAddress> address = address_from(text, target.port);
  if (!address) co_return Error{Errc::invalid, "'" + text.substr(0, 64) + "' is no IP address"};
  const bool is_v4 = address->storage.ss_family == AF_INET;
  Result<int> begun = begin(*address, text, is_v4 ? target.source_v4 : target.source_v6);
  if (!begun.ok()) co_return begun.error();
  Socket socket(loop.context().get_executor());
  boost::system::error_code error;
  socket.assign(boost::asio::generic::stream_protocol(address->storage.ss_family, 0), *begun, error);
  if (error) {
    ::close(*begun);
    co_return Error{Errc::unavailable, text + ": " + error.message()};
  }
  Deadline deadline(loop.deadlines(), [&socket] { socket.cancel(); });
  const ConnectInProgress in_progress(target.breaker, socket);
  deadline.expires_after(timeout);
  co_await socket.async_wait(boost::asio::socket_base::wait_write, boost::asio::redirect_error(kUseAwaitable, error));
  if (deadline.expired()) co_return Error{Errc::timeout, text + ": no answer"};
  if (error) co_return Error{Errc::cancelled, "the connection is not wanted any more"};
  int number = 0;
  socklen_t size = sizeof number;
  getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &number, &size);
  if (number != 0) co_return error_from(number, text);
  const int connected = socket.release(error);
  co_return connected;
}

}  // namespace

Awaitable<Result<Connected>> connect(Loop& loop, ConnectTarget target) {
  Error last{Errc::invalid, "there is no address to connect to"};
  const Clock& clock = loop.deadlines().clock();
  const SteadyTime end = clock.steady() + target.total;
  for (const std::string& address : target.addresses) {
    const auto left = std::chrono::duration_cast<Duration>(end - clock.steady());
    if (left <= Duration(0)) break;
    if (target.breaker != nullptr && target.breaker->is_broken()) co_return Error{Errc::cancelled, "the connection is not wanted any more"};
    Result<int> socket = co_await connect_one(loop, address, target, std::min(left, target.timeout));
    if (socket.ok()) co_return Connected{*socket, address};
    last = socket.error();
  }
  co_return last;
}

}  // namespace telepost::adapters::net
