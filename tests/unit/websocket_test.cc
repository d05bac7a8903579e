// A WebSocket on a server's connection: what a client hears, and what bounds it.
#include <malloc.h>

#include "adapters/net/websocket.h"
#include "base/bytes.h"
#include "tests/unit/http_fixture.h"

namespace telepost::adapters::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kHandshake =
    "GET /ws HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: test\r\n\r\n";
constexpr std::string_view kMask("\x00\x00\x00\x00", 4);  // RFC 6455 allows any; what is read back is then easy to see

std::string framed(unsigned first, std::string_view payload) {
  std::string out;
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(first));
  if (payload.size() < 126) writer.u8(static_cast<std::uint8_t>(0x80 | payload.size()));
  else if (payload.size() < 65536) writer.u8(0x80 | 126).u16(static_cast<std::uint16_t>(payload.size()));
  else writer.u8(0x80 | 127).u64(payload.size());
  writer.raw(kMask).raw(payload);
  return out;
}

std::string from_server(std::string_view text) {
  std::string out;
  append_frame_head(out, WebSocketOpcode::text, text.size());
  return out += text;
}

std::string closing(WebSocketClose status, std::string_view reason = {}) {
  std::string out;
  append_close_frame(out, status, reason);
  return out;
}

class WebSockets : public Http {
 protected:
  void serve(WebSocketOptions options = {}, HttpServerOptions server = {}) {
    options_ = options;
    server.listen = {{"127.0.0.1", 0, ""}};
    auto made = HttpServer::start(threads_, std::move(server), clock_, [this](HttpExchange& exchange) { return echo(exchange); });
    ASSERT_TRUE(made.ok()) << to_string(made.error());
    server_ = std::move(*made);
  }

  // What comes goes back; who wakes it is told so.
  Awaitable<Reply> echo(HttpExchange& exchange) {
    Reply refusal = websocket_refusal(exchange.request(), "test");
    if (refusal) co_return refusal;
    if (gated_) {
      stage_.arrived.set_value();
      (void)co_await stage_.gate.get();
    }
    LineStream* const stream = exchange.upgrade(websocket_fields(exchange.request(), "test"));
    if (stream == nullptr) co_return problem(400);
    WebSocket socket(*stream, clock_, options_);
    wake_ = stream->waker();
    for (bool goes_on = true; goes_on;) {
      const WebSocket::Event event = co_await socket.receive();
      if (event == WebSocket::Event::ended) break;
      std::string text = event == WebSocket::Event::woken ? "woken" : event == WebSocket::Event::growing ? "growing" : "";
      if (event == WebSocket::Event::message) text = socket.take_message();
      if (event != WebSocket::Event::idle) goes_on = co_await socket.send(text);
    }
    ++ended_;
    co_return Reply();
  }

  std::unique_ptr<HttpPeer> join() {
    auto peer = std::make_unique<HttpPeer>(endpoint());
    peer->say(kHandshake);
    const std::string heard = peer->hear_until("\r\n\r\n");
    EXPECT_TRUE(heard.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << heard;
    EXPECT_TRUE(has(heard, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")) << heard;
    EXPECT_TRUE(has(heard, "Sec-WebSocket-Protocol: test\r\n")) << heard;
    return peer;
  }
  // What a peer hears up to its end, while time passes.
  std::string hear_out(HttpPeer& peer, Duration step = 1s) {
    return pass_until(std::async(std::launch::async, [&peer] { return peer.hear_all(); }), step);
  }

  WebSocketOptions options_;
  bool gated_ = false;
  std::function<void()> wake_;
  std::atomic<int> ended_{0};
};

TEST_F(WebSockets, EchoesMessagesOfAnySizeUpToItsMost) {
  serve({.max_message_bytes = 300'000});
  const auto peer = join();
  peer->say(framed(0x81, "hello") + framed(0x01, "in ") + framed(0x80, "two"));
  EXPECT_EQ(peer->hear_until("two"), from_server("hello") + from_server("in two"));
  const std::string large = std::string(299'999, 'x') + "!";
  peer->say(framed(0x81, large));
  EXPECT_EQ(peer->hear_until("!"), from_server("growing") + from_server(large));
  peer->say(framed(0x81, large + "!"));
  EXPECT_EQ(hear_out(*peer), closing(WebSocketClose::too_big, "the message is too large"));
}

TEST_F(WebSockets, AnswersPingsAndCloses) {
  serve();
  const auto peer = join();
  peer->say(framed(0x89, "there?") + framed(0x01, "a") + framed(0x89, "") + framed(0x8a, "unasked") + framed(0x80, "b"));
  EXPECT_EQ(peer->hear_until("ab"), std::string("\x8a\x06there?\x8a\x00", 10) + from_server("ab"));
  peer->say(framed(0x88, "\x03\xe8" "bye") + framed(0x81, "too late"));
  EXPECT_EQ(hear_out(*peer), closing(WebSocketClose::normal));
}

TEST_F(WebSockets, SaysWhatBrokeIt) {
  serve();
  const std::pair<std::string, std::string> cases[] = {
      {std::string("\x81\x02hi"), closing(WebSocketClose::protocol_error, "a client's frames are masked")},
      {framed(0xc1, "x"), closing(WebSocketClose::protocol_error, "a reserved bit is set")},
      {framed(0x09, "x"), closing(WebSocketClose::protocol_error, "a control frame is fragmented")},
      {framed(0x81, "\xc3\x28"), closing(WebSocketClose::not_utf8, "a text is no UTF-8")},
      {framed(0x82, "x"), closing(WebSocketClose::unsupported, "messages are text")}};
  for (const auto& [said, heard] : cases) {
    const auto peer = join();
    peer->say(said);
    EXPECT_EQ(hear_out(*peer), heard);
  }
}

TEST_F(WebSockets, IsWokenWhileItWaitsAndInsideAMessage) {
  serve();
  const auto peer = join();
  peer->say(framed(0x81, "a"));
  EXPECT_EQ(peer->hear_until("a"), from_server("a"));
  std::atomic<bool> heard = false;
  std::thread waking([&] {
    while (!heard) {  // what wakes it before it waits is not kept
      wake_();
      std::this_thread::yield();
    }
  });
  EXPECT_TRUE(has(peer->hear_until("woken"), from_server("woken")));
  peer->say(framed(0x01, "b"));
  EXPECT_TRUE(has(peer->hear_until("woken"), "woken"));
  heard = true;
  waking.join();
  peer->say(framed(0x80, "c"));
  EXPECT_TRUE(has(peer->hear_until("bc"), from_server("bc")));
}

TEST_F(WebSockets, ASilentPeerIsAskedAndThenGivenUp) {
  serve();
  const auto peer = join();
  const SteadyTime begin = clock_.steady();
  EXPECT_EQ(hear_out(*peer, 250ms), std::string("\x89\x00", 2));
  EXPECT_GE(clock_.steady() - begin, 5min);
  EXPECT_LT(clock_.steady() - begin, 6min);
}

TEST_F(WebSockets, APeerThatAnswersStays) {
  serve();
  const auto peer = join();
  for (int i = 0; i < 3; ++i) {
    const SteadyTime begin = clock_.steady();
    EXPECT_EQ(pass_until(std::async(std::launch::async, [&peer] { return peer->hear_until(std::string_view("\x00", 1)); }), 1s), std::string("\x89\x00", 2));
    EXPECT_GE(clock_.steady() - begin, 4min - 1s);
    peer->say(framed(0x8a, "") + framed(0x81, "here"));
    EXPECT_EQ(peer->hear_until("here"), from_server("here"));
  }
}

TEST_F(WebSockets, AMessageThatDripsIsGivenUp) {
  serve();
  const auto peer = join();
  peer->say(framed(0x01, "begun"));
  auto heard = std::async(std::launch::async, [&peer] { return peer->hear_all(); });
  const SteadyTime begin = clock_.steady();
  while (heard.wait_for(2ms) != std::future_status::ready) {
    peer->say(framed(0x00, "x"));  // it is never silent
    clock_.advance(500ms);
  }
  EXPECT_EQ(heard.get(), closing(WebSocketClose::policy, "the message took too long"));
  EXPECT_GE(clock_.steady() - begin, 1min);
}

TEST_F(WebSockets, APeerThatTakesNothingIsGivenUp) {
  serve({.max_message_bytes = 8u << 20});
  const auto peer = join();
  const std::string large(8u << 20, 'x');
  auto said = std::async(std::launch::async, [&] {
    for (int i = 0; i < 4; ++i) peer->say(framed(0x81, large));  // more comes back than sockets hold
  });
  const SteadyTime give_up = clock_.steady() + 10h;
  while (ended_ == 0 && clock_.steady() < give_up) {
    clock_.advance(1s);
    (void)said.wait_for(2ms);
  }
  EXPECT_EQ(ended_.load(), 1);
  if (ended_ == 0) peer->hear_all();  // so that the rest is said
  said.wait();
}

TEST_F(WebSockets, ADrainSaysGoodbyeEvenToOneThatIsBeingOpened) {
  gated_ = true;
  serve();
  std::future<void> arrived = stage_.arrived.get_future();
  HttpPeer opening(endpoint());
  opening.say(kHandshake);
  arrived.wait();
  std::future<void> stopped = std::async(std::launch::async, [this] { server_->stop(20s); });
  const schema::Endpoint where = endpoint();
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  bool listens = true;
  while ((listens = HttpPeer(where).is_connected()) && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_FALSE(listens) << "it stops";
  stage_.gate.completion()(1);
  EXPECT_TRUE(pass_until(std::async(std::launch::async, [&] { return opening.hear_all(); })).ends_with(closing(WebSocketClose::going_away, "the server stops")));
  pass_until(std::move(stopped));
}

// 10,000 of them are to be held in 400 MB.
TEST_F(WebSockets, AnIdleOneHoldsLittleMemory) {
  constexpr std::size_t kCount = 200;
  serve({}, {.max_connections = 2 * kCount, .max_connections_per_peer = 2 * kCount});
  std::vector<std::unique_ptr<HttpPeer>> peers;
  const auto talk = [&] {
    peers.push_back(join());
    peers.back()->say(framed(0x81, std::string(100'000, 'x') + "!"));
    ASSERT_TRUE(has(peers.back()->hear_until("!"), "xx!"));
  };
  for (std::size_t i = 0; i < 20; ++i) talk();
  const std::size_t before = ::mallinfo2().uordblks;
  for (std::size_t i = 0; i < kCount; ++i) talk();
  const std::size_t each = (::mallinfo2().uordblks - before) / kCount;
  RecordProperty("bytes_each", static_cast<int>(each));
  EXPECT_LT(each, 12u << 10);
}

}  // namespace
}  // namespace telepost::adapters::net
