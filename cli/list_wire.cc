#include "cli/list_wire.h"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>

#include "cli/load_connection.h"

namespace telepost::cli {

namespace asio = boost::asio;
using boost::system::error_code;

struct ListWire::Socket {
  asio::io_context context{1};
  asio::ssl::context tls_context{asio::ssl::context::tls_client};
  asio::ssl::stream<asio::ip::tcp::socket> stream{context, tls_context};
  bool is_tls = false;
};

ListWire::ListWire(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
ListWire::~ListWire() = default;

Result<std::unique_ptr<ListWire>> ListWire::connect(const std::string& target, WireTls tls) {
  TELEPOST_ASSIGN(const int descriptor, connect_to(target));
  auto socket = std::make_unique<Socket>();
  error_code error;
  socket->stream.next_layer().assign(asio::ip::tcp::v4(), descriptor, error);
  if (!error && tls == WireTls::unchecked) {
    socket->is_tls = true;
    socket->stream.handshake(asio::ssl::stream_base::client, error);
  }
  if (error) return {Errc::unavailable, target + ": " + error.message()};
  return std::unique_ptr<ListWire>(new ListWire(std::move(socket)));
}

Result<void> ListWire::send(std::string_view bytes) {
  error_code error;
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  if (socket_->is_tls) asio::write(socket_->stream, buffer, error);
  else asio::write(socket_->stream.next_layer(), buffer, error);
  return error ? Result<void>(Errc::unavailable, error.message()) : Result<void>();
}

Result<void> ListWire::read_more() {
  constexpr std::size_t kPiece = std::size_t{64} << 10;
  in_.erase(0, at_);
  at_ = 0;
  const std::size_t had = in_.size();
  in_.resize(had + kPiece);
  error_code error;
  const asio::mutable_buffer buffer(in_.data() + had, kPiece);
  const std::size_t got = socket_->is_tls ? socket_->stream.read_some(buffer, error) : socket_->stream.next_layer().read_some(buffer, error);
  in_.resize(had + got);
  return error ? Result<void>(Errc::unavailable, error.message()) : Result<void>();
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
