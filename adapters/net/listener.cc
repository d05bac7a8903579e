#include "adapters/net/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <cstring>
#include <future>
#include <optional>

#include "adapters/net/front_connection.h"
#include "adapters/net/io_threads.h"
#include "base/log.h"

namespace telepost::adapters::net {
namespace {

constexpr int kAcceptsPerTurn = 64;             // so that a flood of connections leaves time for sessions
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

// Lives on the loop. Its handlers hold it, so it ends when the last of them has run.
struct Listener::Accepting : std::enable_shared_from_this<Accepting> {
  Accepting(Loop& home, ListeningSocket bound, OnConnection handler, schema::Networks trusted_fronts)
      : socket(std::move(bound)), on_connection(std::move(handler)), fronts(home, std::move(trusted_fronts)),
        descriptor(home.context()), timer(home.context()) {}

  void wait() {
    descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code&) { self->accept(); });
  }

  void pause() {
    timer.expires_after(kPause);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code&) { self->accept(); });
  }

  void accept() {
    for (int i = 0; i < kAcceptsPerTurn && !closed; ++i) {
      const int fd = accept4(socket->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return after_error(errno);
      if (std::optional<Peer> peer = peer_of(fd)) {
        const int on = 1;
        if (!peer->uid) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (fronts.is_trusted(*peer)) fronts.take(fd, std::move(*peer), on_connection);
        else on_connection(fd, std::move(*peer));
      } else {
        ::close(fd);  // the peer was gone before we looked
      }
    }
    // Back to the queue's end: more may wait, which an edge-triggered wait would not tell again.
    if (!closed) boost::asio::post(descriptor.get_executor(), [self = shared_from_this()] { self->accept(); });
  }

  void after_error(int number) {
    if (number == EAGAIN || number == EWOULDBLOCK) return wait();
    const bool exhausted = number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
    if (exhausted && !complained) {
      log::error("accept_paused", {{"listener", to_string(socket->endpoint())}, {"reason", std::strerror(number)}});
    }
    complained = exhausted;
    pause();  // anything else (ECONNABORTED …) concerns one connection; the pause keeps an unknown error from spinning
  }

  void close() {
    closed = true;
    fronts.close();
    timer.cancel();
    descriptor.cancel();
    descriptor.release();  // the socket closes it
    socket.reset();
    on_connection = nullptr;
  }

  std::optional<ListeningSocket> socket;
  OnConnection on_connection;
  FrontConnections fronts;
  boost::asio::posix::stream_descriptor descriptor;
  boost::asio::steady_timer timer;
  bool closed = false;
  bool complained = false;
};

Listener::Listener(Loop& loop, ListeningSocket socket, OnConnection on_connection, schema::Networks trusted_fronts)
    : loop_(loop), endpoint_(socket.endpoint()),
      accepting_(std::make_shared<Accepting>(loop, std::move(socket), std::move(on_connection),
                                             std::move(trusted_fronts))) {
  loop_.post([accepting = accepting_] {
    accepting->descriptor.assign(accepting->socket->fd());
    accepting->accept();
  });
}

Listener::~Listener() {
  std::promise<void> closed;
  std::future<void> done = closed.get_future();
  loop_.post([accepting = std::move(accepting_), &closed]() mutable {
    accepting->close();
    accepting.reset();
    closed.set_value();
  });
  done.wait();
}

}  // namespace telepost::adapters::net
