#include "adapters/net/line_stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "adapters/net/io_threads.h"

namespace telepost::adapters::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kFirstBuffer = 16u << 10;
constexpr std::size_t kLastBuffer = 128u << 10;
constexpr Duration kLinger = std::chrono::seconds(2);

int family_of(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size);
  return storage.ss_family;
}

}  // namespace

LineStream::LineStream(Loop& loop, int socket)
    : socket_(loop.context().get_executor()), deadline_(loop.deadlines(), [this] { socket_.cancel(); }) {
  boost::system::error_code error;
  socket_.assign(asio::generic::stream_protocol(family_of(socket), 0), socket, error);
  if (error) ::close(socket);
}

void LineStream::grow(std::size_t larger_bytes) {
  auto grown = std::make_unique_for_overwrite<char[]>(larger_bytes);
  const std::size_t held = end_ - begin_;
  if (held > 0) std::memcpy(grown.get(), buffer_.get() + begin_, held);
  buffer_ = std::move(grown);
  capacity_ = larger_bytes;
  begin_ = 0;
  end_ = held;
}

void LineStream::relax() {
  if (begin_ != end_ || capacity_ <= kFirstBuffer) return;
  buffer_.reset();
  capacity_ = begin_ = end_ = 0;
}

// Room for a read: moves what is left to the front, or grows when that is much.
bool LineStream::make_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ == 0) grow(kFirstBuffer);
  if (capacity_ - end_ >= capacity_ / 2) return true;
  const std::size_t held = end_ - begin_;
  if (held > capacity_ / 2 && capacity_ < kLastBuffer) {
    grow(kLastBuffer);
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  return end_ < capacity_;
}

Error LineStream::error_from(const boost::system::error_code& error) {
  if (deadline_.expired()) return {Errc::timeout, "the peer was silent for too long"};
  if (error == asio::error::operation_aborted || !socket_.is_open()) return {Errc::cancelled, "the session is being ended"};
  return {Errc::unavailable, error == asio::error::eof ? "the peer closed the connection" : error.message()};
}

Awaitable<Result<void>> LineStream::fill(Duration timeout) {
  if (interrupted_) co_return Error{Errc::cancelled, "the session is being ended"};
  if (!make_room()) co_return Error{Errc::too_large, "nothing of a full buffer was taken"};
  const asio::mutable_buffer room(buffer_.get() + end_, capacity_ - end_);
  boost::system::error_code error;
  deadline_.expires_after(timeout);
  filling_ = true;
  const std::size_t size = co_await socket_.async_read_some(room, asio::redirect_error(kUseAwaitable, error));
  filling_ = false;
  deadline_.clear();
  if (error) co_return error_from(error);
  end_ += size;
  // A read that filled its room says that more waits: bulk data, which deserves larger reads.
  if (size == room.size() && capacity_ < kLastBuffer) grow(kLastBuffer);
  co_return Result<void>();
}

Awaitable<Result<void>> LineStream::flush(Duration timeout) {
  if (out_.empty()) co_return Result<void>();
  const asio::const_buffer bytes(out_.data(), out_.size());
  boost::system::error_code error;
  deadline_.expires_after(timeout);
  co_await asio::async_write(socket_, bytes, asio::redirect_error(kUseAwaitable, error));
  deadline_.clear();
  out_.clear();
  if (error) co_return error_from(error);
  co_return Result<void>();
}

void LineStream::interrupt() {
  interrupted_ = true;
  boost::system::error_code ignored;
  if (filling_) socket_.cancel(ignored);
}

void LineStream::close() {
  interrupted_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Awaitable<void> LineStream::finish() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  deadline_.limit_total(kLinger);
  for (std::size_t taken = 0; taken < kLastBuffer;) {
    taken += buffered().size();
    consume(buffered().size());
    const Result<void> more = co_await fill(kLinger);
    if (!more.ok()) break;
  }
  close();
}

}  // namespace telepost::adapters::net
