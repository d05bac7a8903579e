#include "adapters/net/websocket.h"

#include <algorithm>
#include <utility>

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kPieceSent = 64u << 10;
constexpr Duration kGoodbyeTime = std::chrono::seconds(5);

}  // namespace

Awaitable<WebSocket::Event> WebSocket::receive(Patience patience) {
  while (!is_ended_) {
    const WebSocketReader::Taken taken = reader_.read(stream_.buffered());
    stream_.consume(taken.size_bytes);
    std::optional<Event> event;
    if (taken.step != WebSocketReader::Step::incomplete) {
      event = co_await take(taken.step);
    } else if (reader_.message_bytes() > kSmallMessage && !std::exchange(has_told_growing_, true)) {
      event = Event::growing;
    } else {
      event = co_await wait(patience);
    }
    if (event) co_return *event;
  }
  co_return Event::ended;
}

// A message that has begun must come to its end, however busily its bytes drip and whatever stands between its frames.
void WebSocket::keep_pace() {
  Deadline& deadline = stream_.deadline();
  if (!reader_.is_inside() && stream_.buffered().empty()) return;
  if (deadline.is_limited(Span::message) && reader_.message_bytes() - paced_bytes_ < kSmallMessage) return;
  paced_bytes_ = reader_.message_bytes();
  deadline.limit(Span::message, options_.message_timeout);
}

Awaitable<std::optional<WebSocket::Event>> WebSocket::wait(Patience patience) {
  // What the handshake and pings left; between the messages that came at once nothing is sent by itself.
  const bool flushed = co_await flush();
  if (!flushed) co_return Event::ended;
  keep_pace();
  const Duration left = std::max(std::chrono::duration_cast<Duration>(quiet_until_ - clock_.steady()), Duration(1));
  const Result<LineStream::Filled> filled = co_await stream_.fill_or_wake(patience == Patience::looks ? Duration(0) : left);
  if (filled.ok() && *filled == LineStream::Filled::woken) co_return Event::woken;
  if (filled.ok()) {
    awaits_pong_ = false;
    quiet_until_ = clock_.steady() + options_.idle_timeout;
    co_return std::nullopt;
  }
  const Error error = filled.error();
  const std::optional<Event> event = co_await end_waiting(error);
  co_return event;
}

// Nothing came.
Awaitable<std::optional<WebSocket::Event>> WebSocket::end_waiting(const Error& error) {
  if (error.kind == Errc::cancelled) {
    co_await close(WebSocketClose::going_away, "the server stops");
  } else if (error.kind == Errc::timeout && stream_.deadline().is_past(Span::message)) {
    co_await close(WebSocketClose::policy, "the message took too long");
  } else if (error.kind == Errc::timeout && !std::exchange(awaits_pong_, true)) {
    quiet_until_ = clock_.steady() + options_.pong_timeout;
    append_control_frame(stream_.out(), WebSocketOpcode::ping, {});
    const bool asked = co_await flush();
    co_return asked ? Event::idle : Event::ended;
  }
  is_ended_ = true;
  co_return Event::ended;
}

// What one frame was the end of.
Awaitable<std::optional<WebSocket::Event>> WebSocket::take(WebSocketReader::Step step) {
  using Step = WebSocketReader::Step;
  if (step == Step::message) {
    stream_.deadline().unlimit(Span::message);
    paced_bytes_ = 0;
    has_told_growing_ = false;
    co_return Event::message;
  }
  if (!reader_.is_inside()) stream_.deadline().unlimit(Span::message);  // a control frame between two messages
  if (step == Step::ping) {
    append_control_frame(stream_.out(), WebSocketOpcode::pong, reader_.payload());
    co_return std::nullopt;
  }
  if (step != Step::close && step != Step::broken) co_return std::nullopt;
  co_await close(reader_.status(), step == Step::broken ? reader_.reason() : std::string_view());
  co_return Event::ended;
}

Awaitable<bool> WebSocket::flush() {
  const Result<void> flushed = co_await stream_.flush(options_.send_timeout);
  if (!flushed.ok()) {
    is_ended_ = true;
    stream_.close();  // a part of a frame may have left
  }
  co_return flushed.ok();
}

Awaitable<bool> WebSocket::send(std::string_view text) {
  if (is_ended_) co_return false;
  append_frame_head(stream_.out(), WebSocketOpcode::text, text.size());
  for (std::string_view rest = text; !rest.empty() || !stream_.out().empty();) {
    const std::string_view some = rest.substr(0, kPieceSent);
    rest.remove_prefix(some.size());
    stream_.out() += some;
    const bool sent = co_await flush();
    if (!sent) co_return false;
  }
  co_return true;
}

Awaitable<void> WebSocket::close(WebSocketClose status, std::string_view reason) {
  if (std::exchange(is_ended_, true)) co_return;
  stream_.deadline().unlimit();
  append_close_frame(stream_.out(), status, reason);
  // An error concerns a peer that is gone already.
  (void)co_await stream_.flush(kGoodbyeTime);
}

}  // namespace telepost::adapters::net
