// One request and its answer, as a handler sees them:
//
//   Awaitable<std::optional<HttpReply>> hello(HttpExchange& exchange) {
//     const Result<std::string> body = co_await exchange.read_body(1 << 20);
//     if (!body.ok()) co_return problem(body.error());
//     co_return HttpReply{.body = "hello\n"};
//   }
//
// Only on its loop's thread. It lives until the handler's coroutine has ended.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/net/awaitable.h"
#include "adapters/net/http_reply.h"
#include "adapters/net/http_request.h"
#include "adapters/net/line_stream.h"
#include "adapters/net/peer.h"

namespace telepost::adapters::net {

class HttpRequestReader;
struct HttpService;

class HttpExchange {
 public:
  // Whether the connection goes on behind it, if nothing else ends it.
  enum class Turn : unsigned char { one_of_many, last };
  // Made by the connection, which the others belong to. The reader has a request.
  HttpExchange(const HttpService& service, const Peer& peer, LineStream& stream, HttpRequestReader& reader, Turn turn);
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const HttpRequest& request() const;
  const Peer& peer() const { return peer_; }
  const TlsChannel* tls() const { return stream_.tls(); }  // null in plain text
  Visit* visit() const { return stream_.visit(); }        // null where the server logs none
  // The server stops: a reply without an end (events) ends itself soon.
  bool is_draining() const { return draining_; }
  Time now() const;  // of the server's clock
  HttpReply refusal(unsigned status, std::string_view why) const;  // as the server's own look

  // ---- The body. A client that asked for "100 Continue" gets it with the first of these calls.
  // All of it. Errors: too_large (known before a byte is read where the request tells its size), timeout, invalid (chunks that
  // are none), unavailable (the peer is gone), cancelled. After any of them the connection ends with the reply.
  Awaitable<Result<std::string>> read_body(std::uint64_t max_bytes);
  // What is there of it, at least one byte; "" is its end. The view holds until the next call. Memory: 128 KiB at most,
  // however large the body. Errors as above, too_large once more than max_bytes came over all calls.
  Awaitable<Result<std::string_view>> read_piece(std::uint64_t max_bytes);

  // ---- A reply piece by piece. The handler returns nothing then. A connection whose reply was begun and not ended, or not with
  // the size it named, is closed without the end that its framing promises: the client must not take a part for the whole.
  // The head leaves with the first piece. Without a size the body leaves in chunks (to HTTP/1.0: up to the connection's end).
  // Error: conflict (a reply was begun).
  Result<void> begin(const HttpReply& head, std::optional<std::uint64_t> size_bytes = {});
  // Waits while the client takes it: at least 64 KiB per reply_timeout. The piece is the caller's until then. To a HEAD nothing
  // is sent and ok returned. Errors: timeout, unavailable, cancelled, conflict (not begun, more than the size named, less at the end);
  // then nothing more can be sent.
  Awaitable<Result<void>> write(std::string_view piece);
  Awaitable<Result<void>> end();
  // Waits between two pieces, holding no buffers: until the time is over, or the waker is called (any thread). False: the
  // server stops, or the connection is gone. Once the reply has begun and the body came to its end, a client that closed is seen at
  // once, and bytes of its next request end the wait, too; but with 64 KiB of them unanswered, or before that, one that only closed is
  // seen when something is sent to it.
  Awaitable<bool> rest(Duration duration);
  std::function<void()> waker() { return stream_.waker(); }

  // ---- Another protocol on this connection (RFC 9110 section 7.8). Queues "101 Switching Protocols" with these fields and gives
  // the stream away: the handler reads and writes it alone from here on, frames that came already are buffered() in it, and
  // when the handler returns (nothing) the connection is finished. It still counts in the limits, and a drain interrupts its fill().
  // Null when the body is not read to its end, or a reply was begun.
  LineStream* upgrade(const HttpFields& fields);

 private:
  friend class HttpSession;
  enum class Phase : unsigned char { unanswered, streaming, complete, upgraded, broken };
  void drain();
  Error fail_body(Error error);
  bool must_close() const;
  void append_head_of(const HttpReply& reply, std::optional<std::uint64_t> size_bytes);
  void settle(HttpReply& reply) const;
  Awaitable<Result<void>> ask_for_body();
  Awaitable<Result<void>> read_more();
  Awaitable<Result<void>> send_whole(HttpReply& reply);
  Awaitable<Result<void>> flush();
  Awaitable<bool> skip_body();

  const HttpService& service_;
  const Peer& peer_;
  LineStream& stream_;
  HttpRequestReader& reader_;
  std::optional<Error> body_error_;
  std::optional<std::uint64_t> left_bytes_;  // of a reply that named its size
  std::uint64_t read_bytes_ = 0;             // of the body
  std::size_t unconsumed_bytes_ = 0;         // of the last piece, still in the stream's buffer
  std::uint64_t bought_bytes_ = 0;           // of the body since patience_ was full
  Duration patience_;                        // for the body: what is left of body_timeout, which every 64 KiB renew
  unsigned status_ = 0;
  Phase phase_ = Phase::unanswered;
  bool is_chunked_ = false;
  bool is_bodiless_ = false;                 // the reply has none, or the request is a HEAD
  bool owes_continue_;                       // the client waits for "100 Continue" and did not get it
  bool closes_;                              // the connection ends with this reply
  bool draining_ = false;
  bool resting_ = false;
};

// Called for each request, on its connection's loop; must not block. What it returns is the reply; nothing when it was given piece by
// piece, or the stream was given away. What it throws is logged and becomes a 500. The exchange outlives its coroutine; what the
// function itself captured must, too: the server keeps one copy of it until its end.
using HttpHandler = std::function<Awaitable<std::optional<HttpReply>>(HttpExchange&)>;

}  // namespace telepost::adapters::net
