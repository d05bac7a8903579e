// A WebSocket (RFC 6455) that a server's handler was given: whole text messages, in and out.
//
//   LineStream* const stream = exchange.upgrade(websocket_fields(exchange.request(), "jmap"));
//   WebSocket socket(*stream, clock, {.max_message_bytes = 1 << 20});
//   for (;;) {
//     const WebSocket::Event event = co_await socket.receive();
//     if (event == WebSocket::Event::ended) co_return std::nullopt;
//     if (event == WebSocket::Event::message) (void)co_await socket.send(socket.take_message());
//   }
//
// Only on its loop's thread. While nothing comes it holds no buffer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/net/awaitable.h"
#include "adapters/net/line_stream.h"
#include "adapters/net/websocket_codec.h"
#include "base/clock.h"

namespace telepost::adapters::net {

struct WebSocketOptions {
  std::uint64_t max_message_bytes = 1 << 20;          // beyond: closed with 1009
  Duration idle_timeout = std::chrono::minutes(4);    // then it is asked by a ping; most NATs forget a connection after five
  Duration pong_timeout = std::chrono::minutes(1);    // for anything to come behind it
  Duration message_timeout = std::chrono::minutes(1); // for each 64 KiB of a message that has begun, and for its end
  Duration send_timeout = std::chrono::minutes(1);    // for each 64 KiB to be taken
};

class WebSocket {
 public:
  // Stream and clock outlive it; the stream is nobody else's.
  WebSocket(LineStream& stream, const Clock& clock, WebSocketOptions options)
      : stream_(stream), clock_(clock), options_(options), reader_(options.max_message_bytes), quiet_until_(clock.steady() + options.idle_timeout) {}

  enum class Event : unsigned char {
    message,  // take_message()
    growing,  // the message under way has passed kSmallMessage: whoever lets it grow receives again. Once for each
    woken,    // by the stream's waker; or there is nothing, where it only looks
    idle,     // nothing came for idle_timeout, and a ping was sent
    ended,    // closed, in order or not: nothing more can be sent
  };
  static constexpr std::uint64_t kSmallMessage = 64u << 10;
  // Answers pings and closes by itself. A drain of the server closes it with 1001.
  enum class Patience : unsigned char { looks, waits };
  Awaitable<Event> receive(Patience patience = Patience::waits);
  std::string take_message() { return reader_.take_message(); }

  // Waits while the peer takes it. False: it does not, or is gone; the socket is at its end.
  Awaitable<bool> send(std::string_view text);
  // Begins the end; the peer's answer is awaited by LineStream::finish(), but not on a drain: once the stream was interrupted, finish()
  // closes it at once.
  Awaitable<void> close(WebSocketClose status, std::string_view reason);

 private:
  // Nothing: it goes on.
  Awaitable<std::optional<Event>> wait(Patience patience);
  Awaitable<std::optional<Event>> take(WebSocketReader::Step step);
  Awaitable<std::optional<Event>> end_waiting(const Error& error);
  void keep_pace();
  Awaitable<bool> flush();

  LineStream& stream_;
  const Clock& clock_;
  const WebSocketOptions options_;
  WebSocketReader reader_;
  SteadyTime quiet_until_;         // the peer may be; what we send meanwhile tells nothing of it
  std::uint64_t paced_bytes_ = 0;  // of the message when its time was set anew
  bool has_told_growing_ = false;
  bool awaits_pong_ = false;
  bool is_ended_ = false;
};

}  // namespace telepost::adapters::net
