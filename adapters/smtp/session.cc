#include "adapters/smtp/session.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

#include "adapters/net/line_codec.h"
#include "base/log.h"

namespace telepost::adapters::smtp {
namespace {

constexpr std::size_t kMaxSkipped = 64u << 10;
constexpr std::size_t kMaxReplies = 32u << 10;  // gathered before they are sent, if commands do not run out first
constexpr Duration kGoodbye = std::chrono::seconds(5);

}  // namespace

Session::Session(std::shared_ptr<const Context> context, Client client, int socket,
                 std::unique_ptr<net::ConnectionLimits::Ticket> ticket)
    : context_(std::move(context)), client_(std::move(client)), ticket_(std::move(ticket)), socket_(socket) {}

Session::~Session() {
  if (socket_ >= 0) ::close(socket_);
}

void Session::start(net::Loop& loop, net::SessionGroup& group, std::shared_ptr<const Context> context, Client client,
                    int socket, std::unique_ptr<net::ConnectionLimits::Ticket> ticket) {
  const std::shared_ptr<Session> session(new Session(std::move(context), std::move(client), socket, std::move(ticket)));
  group.add(loop, session);
  boost::asio::co_spawn(loop.context().get_executor(), session->run(loop), [session, &group](std::exception_ptr failure) {
    if (failure) log::error("session_failed", {{"listener", session->context_->listener.name}});
    session->arrival_.reset();
    session->commands_.reset();
    session->stream_.reset();
    group.remove(session.get());
  });
}

void Session::drain() {
  draining_ = true;
  if (stream_ && !reading_data_) stream_->interrupt();
}

void Session::abort() {
  draining_ = aborted_ = true;
  if (stream_) stream_->close();
}

net::Awaitable<void> Session::run(net::Loop& loop) {
  stream_.emplace(loop, std::exchange(socket_, -1));
  stream_->begin_visit(context_->store.visits(), context_->listener.name, client_.peer);
  commands_.emplace(*context_, client_, stream_->out());
  if (aborted_) co_return;
  if (context_->listener.implicit_tls) {
    const bool shaken = co_await shake_hands();
    if (!shaken) co_return;
  }
  stream_->deadline().limit(net::Span::session, context_->listener.session_timeout);
  co_await converse();
  stream_->deadline().unlimit();
  // Errors concern a peer that is gone already.
  (void)co_await stream_->flush(kGoodbye);
  co_await stream_->finish();
}

net::Awaitable<void> Session::converse() {
  commands_->greet();
  for (bool going_on = true; going_on;) {
    if (draining_) {
      commands_->say_goodbye("4.3.2", "Stopping; come back later");
      co_return;
    }
    const net::LineScan line = net::scan_line(stream_->buffered(), kMaxCommandLine);
    switch (line.status) {
      case net::LineScan::Status::complete: going_on = co_await command(line.size_bytes); break;
      case net::LineScan::Status::incomplete: going_on = co_await read_more(); break;
      case net::LineScan::Status::too_long: going_on = skip_long_line(); break;
      case net::LineScan::Status::bare:
        // What the peer takes for a line and what we take for one differ: nothing after this can be trusted.
        commands_->complain({500, "5.5.2", "Lines end in CRLF and nothing else"});
        commands_->say_goodbye("4.7.0", "Closing after a bare CR or LF");
        going_on = false;
        break;
    }
    if (going_on && commands_->is_exhausted()) {
      commands_->say_goodbye("4.7.0", "Too many errors or commands");
      co_return;
    }
  }
}

// Sends what was answered and waits for more commands. False: the session is over.
net::Awaitable<bool> Session::read_more() {
  const Result<void> sent = co_await stream_->flush(context_->listener.command_timeout);
  if (!sent.ok()) co_return false;
  if (draining_) co_return true;
  net::Deadline& deadline = stream_->deadline();
  // A line that has begun must come to its end, however busily its bytes drip.
  if (stream_->buffered().empty()) deadline.unlimit(net::Span::line);
  else if (!deadline.is_limited(net::Span::line)) deadline.limit(net::Span::line, context_->listener.line_timeout);
  const Result<void> read = co_await stream_->fill(context_->listener.command_timeout);
  if (read.ok() || (draining_ && !aborted_)) co_return true;
  if (read.error().kind != Errc::timeout) co_return false;
  if (deadline.is_past(net::Span::session)) commands_->say_goodbye("4.4.2", "Too long without a message");
  else if (deadline.is_past(net::Span::line)) commands_->say_goodbye("4.4.2", "That line took too long");
  else commands_->say_goodbye("4.4.2", "Nothing was said for too long");
  co_return false;
}

// RFC 5321 section 4.5.3.1.10: a line that is too long is refused once its end is found.
bool Session::skip_long_line() {
  if (skipped_ == 0) commands_->complain({500, "5.5.2", "Line too long"});
  skipped_ += kMaxCommandLine - 1;  // its last byte may be the CR of the line's end
  stream_->consume(kMaxCommandLine - 1);
  if (skipped_ < kMaxSkipped) return true;
  commands_->say_goodbye("4.7.0", "That line does not end");
  return false;
}

net::Awaitable<bool> Session::command(std::size_t size_bytes) {
  const std::string_view line = stream_->buffered().substr(0, size_bytes - 2);
  stream_->deadline().unlimit(net::Span::line);
  if (std::exchange(skipped_, 0) > 0) {
    stream_->consume(size_bytes);
    co_return true;
  }
  const Command parsed = parse_command(line);
  stream_->consume(size_bytes);
  const Next next = commands_->apply(parsed);
  if (arrival_ && !commands_->in_chunks()) end_arrival();  // RSET, or a new hello
  switch (next) {
    case Next::go_on: break;
    case Next::flush: break;
    case Next::resolve: co_await commands_->resolve(); break;
    case Next::read_data: co_return co_await data();
    case Next::read_chunk: {
      const bool going_on = co_await chunk(std::get<Bdat>(parsed));
      if (!going_on) co_return false;
      break;
    }
    case Next::start_tls: co_return co_await start_tls();
    case Next::log_in: {
      const bool going_on = co_await log_in(std::get<Auth>(parsed));
      if (!going_on) co_return false;
      break;
    }
    case Next::close: co_return false;
  }
  const Duration held_back = commands_->take_pause();
  if (held_back > Duration(0)) (void)co_await stream_->rest(held_back);
  if (next != Next::flush && stream_->out().size() < kMaxReplies) co_return true;
  const Result<void> sent = co_await stream_->flush(context_->listener.command_timeout);
  co_return sent.ok();
}

}  // namespace telepost::adapters::smtp
