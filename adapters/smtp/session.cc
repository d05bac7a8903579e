#include "adapters/smtp/session.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

#include "adapters/net/completion.h"
#include "adapters/net/line_codec.h"
#include "adapters/smtp/data.h"
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
  commands_.emplace(*context_, client_, stream_->out());
  if (aborted_) co_return;
  co_await converse();
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
  const Result<void> read = co_await stream_->fill(context_->listener.command_timeout);
  if (read.ok() || (draining_ && !aborted_)) co_return true;
  if (read.error().kind == Errc::timeout) commands_->say_goodbye("4.4.2", "Nothing was said for too long");
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
  if (std::exchange(skipped_, 0) > 0) {
    stream_->consume(size_bytes);
    co_return true;
  }
  const Command parsed = parse_command(line);
  stream_->consume(size_bytes);
  switch (commands_->apply(parsed)) {
    case Next::go_on: break;
    case Next::flush: {
      const Result<void> sent = co_await stream_->flush(context_->listener.command_timeout);
      co_return sent.ok();
    }
    case Next::resolve: co_await commands_->resolve(); break;
    case Next::read_data: co_return co_await data();
    case Next::close: co_return false;
  }
  if (stream_->out().size() < kMaxReplies) co_return true;
  const Result<void> sent = co_await stream_->flush(context_->listener.command_timeout);
  co_return sent.ok();
}

net::Awaitable<bool> Session::data() {
  if (!stream_->buffered().empty()) {
    // RFC 2920 section 3.1: DATA ends a group. What follows it was written by somebody who does not read our replies (or
    // tricked another into sending it) and must be taken neither for a message nor for commands.
    commands_->complain({503, "5.5.1", "Wait for the reply to DATA"});
    commands_->say_goodbye("4.7.0", "Closing after data before its time");
    co_return false;
  }
  stream_->out() += "354 End data with <CR><LF>.<CR><LF>\r\n";
  const Result<void> sent = co_await stream_->flush(context_->listener.command_timeout);
  if (!sent.ok()) co_return false;
  reading_data_ = true;
  std::unique_ptr<store::Intake> intake = commands_->begin();
  HeldBytes::Share share(*context_->held);
  const Arrival arrival = co_await receive(*stream_, intake, *context_, share);
  if (!arrival.ended.ok()) {
    reading_data_ = false;
    log::info("broken_off", {{"trace", commands_->trace()}, {"peer", client_.peer.network()},
                             {"size", arrival.size_bytes}, {"reason", to_string(arrival.ended.error())}});
    if (arrival.ended.error().kind == Errc::busy) commands_->say_goodbye("4.3.2", "Too much mail at one time; come back later");
    if (arrival.ended.error().kind == Errc::timeout) commands_->say_goodbye("4.4.2", "The message took too long");
    co_return false;
  }
  if (arrival.bare_line_end) {
    commands_->refuse({554, "5.6.0", "A message's lines end in CRLF and nothing else"}, arrival.size_bytes);
  } else if (arrival.too_large) {
    commands_->refuse(reply_to({Errc::too_large, ""}), arrival.size_bytes);
  } else {
    net::Answer<std::vector<Result<store::Delivered>>> finished;
    intake->finish(finished.completion());
    const Result<std::vector<Result<store::Delivered>>> results = co_await finished.get();
    if (results.ok()) commands_->answer(*results, arrival.size_bytes);
    else commands_->refuse(reply_to(results.error()), arrival.size_bytes);
  }
  reading_data_ = false;
  stream_->relax();
  co_return true;
}

}  // namespace telepost::adapters::smtp
