#include "adapters/net/front_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cerrno>
#include <string>

#include "adapters/net/deadline.h"
#include "adapters/net/io_threads.h"
#include "adapters/net/listener.h"
#include "adapters/net/proxy_header_codec.h"
#include "base/log.h"

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kMostWaiting = 1000;

void complain(const Peer& front, std::string_view reason) {
  log::warning("front_refused", {{"front", front.network()}, {"reason", reason}});
}

}  // namespace

struct FrontConnections::Waiting : std::enable_shared_from_this<Waiting> {
  Waiting(FrontConnections& all, int socket, Peer peer, OnConnection handler)
      : owner(&all), front(std::move(peer)), on_connection(std::move(handler)), descriptor(all.loop_.context(), socket),
        deadline(std::in_place, all.loop_.deadlines(), [this] { descriptor.cancel(); }) {}

  void wait() {
    descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code&) { self->on_ready(); });
  }

  void on_ready() {
    if (owner == nullptr) return;
    if (deadline->expired()) return refuse("its PROXY header took too long");
    // Looks before it takes: what follows the header is the session's, or TLS's.
    std::array<char, kMaxProxyHeader> bytes;
    const ssize_t size = ::recv(descriptor.native_handle(), bytes.data(), bytes.size() - received.size(), MSG_PEEK | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return wait();
    if (size <= 0) return refuse("it ended before its PROXY header did");
    const std::size_t before = received.size();
    received.append(bytes.data(), static_cast<std::size_t>(size));
    const ProxyScan scan = scan_proxy_header(received);
    if (scan.status == ProxyScan::Status::broken || (scan.status == ProxyScan::Status::incomplete && received.size() >= kMaxProxyHeader)) {
      return refuse("it sent no PROXY header of version 1 or 2");
    }
    const std::size_t taken = scan.status == ProxyScan::Status::complete ? scan.size_bytes - before : static_cast<std::size_t>(size);
    (void)!::recv(descriptor.native_handle(), bytes.data(), taken, MSG_DONTWAIT);
    if (scan.status == ProxyScan::Status::incomplete) return wait();
    hand_on(scan.header);
  }

  void hand_on(const ProxyHeader& header) {
    std::optional<Peer> peer = header.names_source ? peer_behind(front, header.source) : front;
    const auto self = leave();
    on_connection(descriptor.release(), std::move(*peer));
  }

  void refuse(std::string_view reason) {
    complain(front, reason);
    const auto self = leave();
    boost::system::error_code ignored;
    descriptor.close(ignored);
  }

  std::shared_ptr<Waiting> leave() {
    std::shared_ptr<Waiting> self = shared_from_this();
    deadline.reset();
    std::exchange(owner, nullptr)->waiting_.erase(self);
    return self;
  }

  FrontConnections* owner;
  const Peer front;
  const OnConnection on_connection;
  boost::asio::posix::stream_descriptor descriptor;
  std::optional<Deadline> deadline;  // none once it left: a cancelled handler may outlive the loop's deadlines
  std::string received;  // all of it the header's
};

void FrontConnections::take(int socket, Peer front, OnConnection on_connection) {
  if (waiting_.size() >= kMostWaiting) {
    complain(front, "too many connections of fronts wait for their PROXY header");
    ::close(socket);
    return;
  }
  const auto waiting = std::make_shared<Waiting>(*this, socket, std::move(front), std::move(on_connection));
  waiting_.insert(waiting);
  waiting->deadline->expires_after(kProxyHeaderTimeout);
  waiting->wait();
}

void FrontConnections::close() {
  for (const auto& waiting : waiting_) {
    waiting->owner = nullptr;
    waiting->deadline.reset();
    boost::system::error_code ignored;
    waiting->descriptor.close(ignored);
  }
  waiting_.clear();
}

}  // namespace telepost::adapters::net
