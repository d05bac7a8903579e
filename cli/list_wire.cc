#include "cli/list_wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>
#include <utility>

#include "cli/load_connection.h"

namespace telepost::cli {

namespace asio = boost::asio;
using boost::system::error_code;

struct ListWire::Socket {
  asio::io_context context{1};
  asio::ssl::context tls_context{asio::ssl::context::tls_client};
  asio::ssl::stream<asio::generic::stream_protocol::socket> stream{context, tls_context};
  bool is_tls = false;
  std::chrono::milliseconds silence{};

  // begin(handler) starts one operation; gives how many bytes it took.
  template <class Begin>
  Result<std::size_t> run(const Begin& begin) {
    std::optional<error_code> ended;
    std::size_t count = 0;
    begin([&](error_code error, std::size_t bytes = 0) {
      ended = error;
      count = bytes;
    });
    context.restart();
    context.run_for(silence);
    if (!ended) {
      error_code ignored;
      stream.next_layer().close(ignored);
      context.run();  // to the end of the operation, which writes to what is here
      return {Errc::timeout, "the other side was silent for too long"};
    }
    if (*ended) return {Errc::unavailable, ended->message()};
    return count;
  }
};

namespace {

// Of what connect_to() gave: IPv4, IPv6 or Unix.
int family_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address.ss_family : AF_UNSPEC;
}

}  // namespace

ListWire::ListWire(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
ListWire::~ListWire() = default;

Result<std::unique_ptr<ListWire>> ListWire::connect(const std::string& target, WireTls tls, std::chrono::milliseconds silence) {
  TELEPOST_ASSIGN(const int descriptor, connect_to(target));
  auto socket = std::make_unique<Socket>();
  socket->silence = silence;
  error_code error;
  socket->stream.next_layer().assign(asio::generic::stream_protocol(family_of(descriptor), 0), descriptor, error);
  if (error) {
    ::close(descriptor);
    return {Errc::unavailable, target + ": " + error.message()};
  }
  if (tls == WireTls::unchecked) {
    socket->is_tls = true;
    const auto shaken = socket->run([&](auto handler) { socket->stream.async_handshake(asio::ssl::stream_base::client, std::move(handler)); });
    if (!shaken.ok()) return {shaken.error().kind, target + ": " + shaken.error().detail};
  }
  return std::unique_ptr<ListWire>(new ListWire(std::move(socket)));
}

Result<void> ListWire::send(std::string_view bytes) {
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  TELEPOST_TRY(socket_->run([&](auto handler) {
    if (socket_->is_tls) asio::async_write(socket_->stream, buffer, std::move(handler));
    else asio::async_write(socket_->stream.next_layer(), buffer, std::move(handler));
  }));
  return {};
}

Result<void> ListWire::read_more() {
  constexpr std::size_t kPiece = std::size_t{64} << 10;
  in_.erase(0, at_);
  at_ = 0;
  const std::size_t had = in_.size();
  in_.resize(had + kPiece);
  const asio::mutable_buffer buffer(in_.data() + had, kPiece);
  const Result<std::size_t> got = socket_->run([&](auto handler) {
    if (socket_->is_tls) socket_->stream.async_read_some(buffer, std::move(handler));
    else socket_->stream.next_layer().async_read_some(buffer, std::move(handler));
  });
  in_.resize(had + (got.ok() ? *got : 0));
  return got.ok() ? Result<void>() : Result<void>(got.error());
}

Result<std::string> ListWire::line() {
  std::size_t from = at_, end = 0;
  while ((end = in_.find('\n', from)) == std::string::npos) {
    const std::size_t unread = in_.size() - at_;
    TELEPOST_TRY(read_more());
    from = unread;
  }
  std::string line = in_.substr(at_, end - at_);
  at_ = end + 1;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

Result<std::string> ListWire::bytes(std::size_t count) {
  while (in_.size() - at_ < count) TELEPOST_TRY(read_more());
  std::string bytes = in_.substr(at_, count);
  at_ += count;
  return bytes;
}

}  // namespace telepost::cli
