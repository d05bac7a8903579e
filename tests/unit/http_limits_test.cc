// What bounds an HTTP connection: time, number, memory; and how a server stops.
#include <malloc.h>

#include <thread>

#include "tests/unit/http_fixture.h"

namespace telepost::adapters::net {
namespace {

using namespace std::chrono_literals;

std::future<std::string> listen_to(HttpPeer& peer) {
  return std::async(std::launch::async, [&peer] { return peer.hear_all(); });
}

TEST_F(Http, AHeadThatDripsIsGivenUp) {
  start();
  HttpPeer peer(endpoint());
  auto heard = listen_to(peer);
  const SteadyTime begin = clock_.steady();
  peer.say("GET /hello HTTP/1.1\r\nHost: a.test\r\n");
  while (heard.wait_for(2ms) != std::future_status::ready) {
    peer.say("A: b\r\n");  // it is never silent
    clock_.advance(100ms);
  }
  EXPECT_TRUE(heard.get().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_GE(clock_.steady() - begin, 10s);
}

TEST_F(Http, AConnectionThatAsksNothingIsClosedWithoutAWord) {
  start();
  HttpPeer peer(endpoint());
  const SteadyTime begin = clock_.steady();
  EXPECT_EQ(pass_until(listen_to(peer)), "");
  EXPECT_GE(clock_.steady() - begin, 1min);
}

TEST_F(Http, ABodyThatDoesNotComeIsGivenUp) {
  start();
  HttpPeer peer(endpoint());
  peer.say("POST /upload HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\n");
  auto heard = listen_to(peer);
  std::uint64_t said = 0;
  const SteadyTime begin = clock_.steady();
  while (heard.wait_for(2ms) != std::future_status::ready) {
    const char byte = byte_at(said++);
    peer.say({&byte, 1});
    clock_.advance(500ms);
  }
  EXPECT_TRUE(heard.get().starts_with("HTTP/1.1 408 "));
  EXPECT_GE(clock_.steady() - begin, 1min);
}

TEST_F(Http, AReplyThatNobodyTakesIsGivenUp) {
  stage_.content = patterned(30'000'000);  // more than sockets hold
  start({.max_connections = 1});
  HttpPeer peer(endpoint());
  const SteadyTime begin = clock_.steady();
  peer.say(get("/content"));
  peer.hear_until("\r\n\r\n");
  while (!ask(get("/hello")).starts_with("HTTP/1.1 200 ")) clock_.advance(1s);  // its place becomes free
  EXPECT_GE(clock_.steady() - begin, 1min);
  EXPECT_LT(peer.hear_all().size(), stage_.content.size()) << "it was broken off";
}

TEST_F(Http, AReplyKeepsItsTicketUntilItIsTaken) {
  stage_.content = patterned(30'000'000);  // more than sockets hold
  start();
  HttpPeer peer(endpoint());
  peer.say(get("/ticketed"));
  peer.hear_until("\r\n\r\n");
  EXPECT_EQ(stage_.ticket.use_count(), 2);
  EXPECT_EQ(peer.hear_all().size(), stage_.content.size());
  EXPECT_EQ(stage_.ticket.use_count(), 1);
}

TEST_F(Http, ConnectionsAreCountedInAllAndEnd) {
  start({.max_connections = 2});
  HttpPeer first(endpoint()), second(endpoint());
  first.say(get("/hello", ""));
  EXPECT_TRUE(has(first.hear_until("hello\n"), "200 OK"));
  second.say(get("/hello", ""));
  EXPECT_TRUE(has(second.hear_until("hello\n"), "200 OK"));
  const std::string refused = ask("");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << refused;
  EXPECT_TRUE(has(refused, "Retry-After: ")) << refused;
}

TEST_F(Http, AConnectionEndsBehindItsLastRequest) {
  start({.max_requests = 2});
  const std::string heard = ask(get("/hello", "") + get("/hello", "") + get("/hello", ""));
  EXPECT_EQ(heard.find("Connection: close"), heard.rfind("Connection: close"));
  EXPECT_TRUE(heard.ends_with("Connection: close\r\n\r\nhello\n")) << heard;
}

TEST_F(Http, DrainingEndsIdleConnectionsAndAwaitsRequests) {
  start();
  HttpPeer idle(endpoint()), busy(endpoint()), events(endpoint()), other(endpoint());
  idle.say(get("/hello", ""));
  idle.hear_until("hello\n");
  other.say(get("/upgrade", ""));
  other.hear_until("\r\n\r\n");
  std::future<void> arrived = stage_.arrived.get_future();
  events.say(get("/events", ""));
  arrived.wait();
  stage_.arrived = {};
  arrived = stage_.arrived.get_future();
  busy.say(get("/wait", "") + get("/hello", ""));
  arrived.wait();
  const schema::Endpoint where = endpoint();
  std::future<void> stopped = std::async(std::launch::async, [this] { server_->stop(20s); });
  EXPECT_EQ(idle.hear_all(), "");
  EXPECT_TRUE(events.hear_all().ends_with("\r\n\r\n0\r\n\r\n")) << "events end whole";
  EXPECT_EQ(other.hear_all(), "drained");
  EXPECT_FALSE(HttpPeer(where).is_connected());
  stage_.gate.completion()(42);
  const std::string heard = busy.hear_all();
  EXPECT_TRUE(heard.ends_with("Connection: close\r\n\r\n42\n")) << heard;
  pass_until(std::move(stopped));  // it waits a moment for the client to close first
}

TEST_F(Http, WhatDoesNotEndInTimeIsBrokenOff) {
  start();
  HttpPeer busy(endpoint());
  std::future<void> arrived = stage_.arrived.get_future();
  busy.say(get("/wait", ""));
  arrived.wait();
  std::future<void> stopped = std::async(std::launch::async, [this] { server_->stop(0s); });
  EXPECT_EQ(busy.hear_all(), "");
  EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout) << "what the handler awaits is awaited";
  stage_.gate.completion()(42);
  stopped.wait();
}

TEST_F(Http, EventsComeWhenSomebodyWakesThem) {
  start();
  HttpPeer peer(endpoint());
  std::future<void> arrived = stage_.arrived.get_future();
  peer.say(get("/events", ""));
  arrived.wait();
  EXPECT_TRUE(has(peer.hear_until("\r\n\r\n"), "Content-Type: text/event-stream\r\n"));
  std::atomic<bool> heard = false;
  std::thread waking([&] {
    while (!heard) {  // what wakes a stream that does not rest yet is not kept
      stage_.wake();
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(peer.hear_until("\n\n"), "9\r\ndata: x\n\n");
  heard = true;
  waking.join();
}

TEST_F(Http, AStreamWhoseClientClosedRestsNoMore) {
  start();
  std::future<void> rested = stage_.rested.get_future();
  {
    HttpPeer peer(endpoint());
    peer.say(get("/events", ""));
    peer.hear_until("\r\n\r\n");  // it leaves when the stream rests
  }
  EXPECT_EQ(rested.wait_for(20s), std::future_status::ready) << "though no time passed and nothing was sent";
}

// 10,000 of them are to be held in 400 MB.
TEST_F(Http, AnIdleConnectionHoldsLittleMemory) {
  constexpr std::size_t kCount = 200;
  start({.max_connections = 2 * kCount, .max_connections_per_peer = 2 * kCount});
  std::vector<std::unique_ptr<HttpPeer>> peers;
  const auto join = [&] {
    peers.push_back(std::make_unique<HttpPeer>(endpoint()));
    peers.back()->say("POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: 900\r\n\r\n" + std::string(900, 'x'));
    ASSERT_TRUE(has(peers.back()->hear_until("\r\n\r\nxxx"), "200 OK"));
  };
  for (std::size_t i = 0; i < 20; ++i) join();
  const std::size_t before = ::mallinfo2().uordblks;
  for (std::size_t i = 0; i < kCount; ++i) join();
  const std::size_t each = (::mallinfo2().uordblks - before) / kCount;
  RecordProperty("bytes_each", static_cast<int>(each));
  EXPECT_LT(each, 8u << 10);
}

}  // namespace
}  // namespace telepost::adapters::net
