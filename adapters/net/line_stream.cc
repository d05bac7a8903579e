#include "adapters/net/line_stream.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "adapters/net/io_threads.h"
#include "adapters/net/peer.h"
#include "adapters/net/visit.h"
#include "base/log.h"

namespace telepost::adapters::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kFirstBuffer = 16u << 10;
constexpr std::size_t kWaitingBuffer = 512;  // for a piece of a line, while the rest does not come
constexpr std::size_t kLastBuffer = 128u << 10;
constexpr std::size_t kKeptOut = 1u << 10;  // of out(), once it is sent
constexpr unsigned kMostUnyielding = 8;     // so that a peer who is faster than we are leaves time for the loop's others
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

LineStream::~LineStream() {
  if (self_) *self_ = nullptr;
}

void LineStream::begin_visit(store::VisitLog& log, std::string_view listener, const Peer& peer) {
  visit_ = std::make_unique<Visit>(log, listener, peer);
}

void LineStream::resize(std::size_t bytes) {
  auto fresh = std::make_unique_for_overwrite<char[]>(bytes);
  const std::size_t held = end_ - begin_;
  if (held > 0) std::memcpy(fresh.get(), buffer_.get() + begin_, held);
  buffer_ = std::move(fresh);
  capacity_ = bytes;
  begin_ = 0;
  end_ = held;
}

void LineStream::give_back() {
  if (begin_ != end_) {
    if (end_ - begin_ <= kWaitingBuffer && capacity_ > kWaitingBuffer) resize(kWaitingBuffer);
    return;
  }
  buffer_.reset();
  capacity_ = begin_ = end_ = 0;
}

void LineStream::relax() {
  if (capacity_ > kFirstBuffer) give_back();
}

// Room for a read: moves what is left to the front, or grows when that is much.
bool LineStream::make_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ < kFirstBuffer) resize(kFirstBuffer);
  if (capacity_ - end_ >= capacity_ / 2) return true;
  const std::size_t held = end_ - begin_;
  if (held > capacity_ / 2 && capacity_ < kLastBuffer) {
    resize(kLastBuffer);
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  return end_ < capacity_;
}

// Precondition: there is room, or nothing is buffered.
LineStream::Step LineStream::read_some() {
  if (!socket_.is_open()) return Step::failed;  // its number may be another socket's by now
  if (capacity_ < kFirstBuffer) resize(kFirstBuffer);
  char* const into = buffer_.get() + end_;
  const std::size_t room = capacity_ - end_;
  std::size_t size = 0;
  if (tls_) {
    if (const Step step = tls_->read(into, room, size); step != Step::done) return step;
  } else {
    const ssize_t received = ::recv(socket_.native_handle(), into, room, MSG_DONTWAIT);
    if (received == 0) return Step::closed;
    if (received < 0) {
      error_number_ = errno;
      return errno == EAGAIN || errno == EINTR ? Step::want_read : Step::failed;
    }
    size = static_cast<std::size_t>(received);
  }
  end_ += size;
  if (visit_) visit_->count_in(size);
  // A read that filled its room says that more waits: bulk data, which deserves larger reads.
  if (size == room && capacity_ < kLastBuffer) resize(kLastBuffer);
  return Step::done;
}

LineStream::Step LineStream::write_some(std::size_t& sent) {
  if (!socket_.is_open()) return Step::failed;
  const std::string_view rest = std::string_view(out_).substr(sent);
  std::size_t size = 0;
  if (tls_) {
    if (const Step step = tls_->write(rest, size); step != Step::done) return step;
  } else {
    const ssize_t written = ::send(socket_.native_handle(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0) {
      error_number_ = errno;
      return errno == EAGAIN || errno == EINTR ? Step::want_write : Step::failed;
    }
    size = static_cast<std::size_t>(written);
  }
  sent += size;
  if (visit_) visit_->count_out(size);
  return Step::done;
}

Error LineStream::wait_error(const boost::system::error_code& error) const {
  if (deadline_.expired()) return {Errc::timeout, "the peer was silent for too long"};
  if (error == asio::error::operation_aborted || !socket_.is_open()) return {Errc::cancelled, "the session is being ended"};
  return {Errc::unavailable, error.message()};
}

Error LineStream::end_error(Step step) const {
  if (!socket_.is_open()) return {Errc::cancelled, "the session is being ended"};
  if (step == Step::closed) return {Errc::unavailable, "the peer closed the connection"};
  if (tls_) return tls_->failure();
  return {Errc::unavailable, std::strerror(error_number_)};
}

// Until the socket is ready for the step.
Awaitable<Result<void>> LineStream::wait_for(Step step) {
  unyielding_ = 0;
  boost::system::error_code error;
  const auto kind = step == Step::want_write ? asio::socket_base::wait_write : asio::socket_base::wait_read;
  co_await socket_.async_wait(kind, asio::redirect_error(kUseAwaitable, error));
  if (error || deadline_.expired()) co_return wait_error(error);
  co_return Result<void>();
}

Awaitable<Result<void>> LineStream::fill(Duration timeout) {
  if (interrupted_) co_return Error{Errc::cancelled, "the session is being ended"};
  if (is_broken_) co_return Error{Errc::unavailable, "the TLS handshake failed"};
  if (begin_ != end_ && !make_room()) co_return Error{Errc::too_large, "nothing of a full buffer was taken"};
  if (begin_ == end_) begin_ = end_ = 0;
  deadline_.expires_after(timeout);
  if (deadline_.expired()) co_return wait_error({});
  filling_ = true;
  if (++unyielding_ > kMostUnyielding) {
    unyielding_ = 0;
    co_await asio::post(socket_.get_executor(), kUseAwaitable);
  }
  Result<void> waited;
  const bool too_early = has_flushed_ && !woken_ && !(tls_ && tls_->has_pending());
  Step step = too_early ? Step::want_read : read_some();
  while (waited.ok() && (step == Step::want_read || step == Step::want_write)) {
    give_back();
    if (woken_ || interrupted_) waited = Error{Errc::cancelled, "somebody ended it"};
    else waited = co_await wait_for(step);
    if (waited.ok()) step = read_some();
  }
  has_flushed_ = filling_ = false;
  deadline_.clear();
  if (!waited.ok()) co_return waited;
  if (step != Step::done) co_return end_error(step);
  co_return Result<void>();
}

Awaitable<Result<LineStream::Filled>> LineStream::fill_or_wake(Duration timeout) {
  wakeable_ = true;
  woken_ = timeout <= Duration(0);
  const Result<void> filled = co_await fill(timeout);
  wakeable_ = false;
  const bool was_woken = std::exchange(woken_, false);
  if (filled.ok()) co_return Filled::bytes;
  if (filled.error().kind == Errc::cancelled && was_woken && !interrupted_) co_return Filled::woken;
  co_return filled.error();
}

Awaitable<Result<void>> LineStream::flush(Duration timeout) {
  if (out_.empty()) co_return Result<void>();
  if (is_broken_) co_return Error{Errc::unavailable, "the TLS handshake failed"};
  deadline_.expires_after(timeout);
  Result<void> waited;
  Step step = Step::done;
  for (std::size_t sent = 0; waited.ok() && sent < out_.size();) {
    step = write_some(sent);  // first of all, even when a bound has passed: this may be the last reply
    if (step == Step::failed || step == Step::closed) break;
    if (step == Step::done) continue;
    if (deadline_.expired()) waited = wait_error({});
    else waited = co_await wait_for(step);
  }
  deadline_.clear();
  has_flushed_ = true;
  out_.clear();
  if (out_.capacity() > kKeptOut) std::string().swap(out_);
  if (!waited.ok()) co_return waited;
  if (step != Step::done) co_return end_error(step);
  co_return Result<void>();
}

Awaitable<Result<void>> LineStream::start_tls(const TlsIdentities& identities, Duration timeout) {
  return handshake(TlsChannel::accepting(identities, socket_.native_handle()), timeout);
}

Awaitable<Result<void>> LineStream::start_tls(const TlsAuthorities& authorities, TlsExpectation expected, Duration timeout) {
  return handshake(TlsChannel::connecting(authorities, expected, socket_.native_handle()), timeout);
}

Awaitable<Result<void>> LineStream::handshake(Result<std::unique_ptr<TlsChannel>> made, Duration timeout) {
  if (interrupted_) co_return Error{Errc::cancelled, "the session is being ended"};
  if (!buffered().empty()) {
    is_broken_ = true;
    co_return Error{Errc::invalid, "plain text came before the TLS handshake"};
  }
  is_broken_ = !made.ok();
  if (is_broken_) co_return made.error();
  tls_ = std::move(made).value();
  give_back();
  deadline_.limit(Span::message, timeout);
  deadline_.expires_after(timeout);
  filling_ = true;
  Result<void> waited;
  Step step = tls_->handshake();
  while (waited.ok() && (step == Step::want_read || step == Step::want_write)) {
    waited = co_await wait_for(step);
    if (waited.ok()) step = tls_->handshake();
  }
  filling_ = false;
  deadline_.unlimit(Span::message);
  deadline_.clear();
  is_tls_ready_ = waited.ok() && step == Step::done;
  if (is_tls_ready_) co_return Result<void>();
  is_broken_ = true;
  Error error = handshake_error(step, waited);
  co_return error;
}

Error LineStream::handshake_error(Step step, const Result<void>& waited) {
  Error error = waited.ok() ? end_error(step) : waited.error();
  if (error.kind == Errc::timeout) error.detail = "the TLS handshake took too long";
  const std::optional<Peer> peer = socket_.is_open() ? peer_of(socket_.native_handle()) : std::nullopt;
  log::info("tls_handshake_failed", {{"peer", peer ? peer->network() : "gone"},
                                     {"side", tls_->is_accepting() ? "accepting" : "connecting"},
                                     {"reason", to_string(error)}});
  return error;
}

Awaitable<bool> LineStream::rest(Duration duration) {
  deadline_.expires_after(duration);
  if (interrupted_ || deadline_.expired()) co_return false;
  give_back();
  resting_ = true;
  while (resting_ && !interrupted_ && !deadline_.expired()) {
    boost::system::error_code ended;
    co_await socket_.async_wait(asio::socket_base::wait_error, asio::redirect_error(kUseAwaitable, ended));
    if (!ended) close();  // the peer is gone, or sends urgent bytes, as no mail program does
  }
  resting_ = false;
  deadline_.clear();
  co_return !interrupted_;
}

std::function<void()> LineStream::waker() {
  if (!self_) self_ = std::make_shared<LineStream*>(this);
  return [self = self_, executor = socket_.get_executor()] {
    asio::post(executor, [self] {
      if (*self != nullptr) (*self)->wake();
    });
  };
}

void LineStream::wake() {
  const bool rested = std::exchange(resting_, false);
  woken_ = wakeable_;
  boost::system::error_code ignored;
  if (rested || wakeable_) socket_.cancel(ignored);
}

void LineStream::interrupt() {
  interrupted_ = true;
  boost::system::error_code ignored;
  if (filling_ || resting_) socket_.cancel(ignored);
}

void LineStream::close() {
  interrupted_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Awaitable<void> LineStream::finish(std::size_t most_bytes) {
  if (tls_ && socket_.is_open()) tls_->shut_down();
  tls_.reset();  // what still comes is taken unread
  is_tls_ready_ = is_broken_ = false;
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  deadline_.limit_total(kLinger);
  for (std::size_t taken = 0; taken < most_bytes;) {
    taken += buffered().size();
    consume(buffered().size());
    const Result<void> more = co_await fill(kLinger);
    if (!more.ok()) break;
  }
  close();
}

}  // namespace telepost::adapters::net
