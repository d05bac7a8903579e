// Load balancers in front of us, connections that we make, and the limits of both.
#include "adapters/net/proxy_header_codec.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <thread>

#include "adapters/net/connect.h"
#include "adapters/net/line_stream.h"
#include "adapters/net/listener.h"
#include "schema/relay_settings.h"
#include "tests/support/manual_clock.h"
#include "tests/support/mute_listener.h"
#include "tests/support/on_loop.h"

namespace telepost::adapters::net {
namespace {

using Status = ProxyScan::Status;
const std::string kSignature("\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A", 12);  // proxy-protocol.txt section 2.2

std::string binary(const std::string& command_and_protocol, const std::string& content) {
  return kSignature + command_and_protocol + static_cast<char>(content.size() >> 8) + static_cast<char>(content.size()) + content;
}

// The examples of proxy-protocol.txt section 2.1.
TEST(ProxyHeaderCodec, ReadsVersionOne) {
  const std::string v4 = "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n";
  const ProxyScan scan = scan_proxy_header(v4 + "EHLO a\r\n");
  EXPECT_EQ(scan.status, Status::complete);
  EXPECT_EQ(scan.size_bytes, 56u);
  EXPECT_EQ(scan.header, (ProxyHeader{true, "255.255.255.255", 65535}));
  const std::string v6 = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
  EXPECT_EQ(scan_proxy_header(v6).size_bytes, 104u);
  EXPECT_FALSE(scan_proxy_header("PROXY UNKNOWN\r\n").header.names_source);
  const std::string worst = "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
  EXPECT_EQ(worst.size(), 107u);
  EXPECT_EQ(scan_proxy_header(worst).status, Status::complete);
  for (std::size_t size = 0; size < v4.size(); ++size) EXPECT_EQ(scan_proxy_header(v4.substr(0, size)).status, Status::incomplete);
}

TEST(ProxyHeaderCodec, RefusesWhatIsNearlyVersionOne) {
  for (const std::string line :
       {"EHLO a\r\n", "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        "PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
        "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"}) {
    EXPECT_EQ(scan_proxy_header(line).status, Status::broken) << line;
  }
  EXPECT_EQ(scan_proxy_header("PROXY UNKNOWN " + std::string(100, 'x') + "\r\n").status, Status::broken);
}

TEST(ProxyHeaderCodec, ReadsVersionTwoAndSkipsWhatItDoesNotKnow) {
  const std::string v4 = binary("\x21\x11", std::string("\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x00\x19", 12));
  const ProxyScan scan = scan_proxy_header(v4 + "EHLO");
  EXPECT_EQ(scan.size_bytes, 28u);
  EXPECT_EQ(scan.header, (ProxyHeader{true, "192.0.2.1", 56324}));
  const std::string v6_addresses("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\0\x07\0\x19", 36);
  const ProxyScan v6 = scan_proxy_header(binary("\x21\x21", v6_addresses + std::string("\x04\x00\x03xyz", 6)));
  EXPECT_EQ(v6.header, (ProxyHeader{true, "2001:db8::1", 7}));
  EXPECT_EQ(v6.size_bytes, 58u);
  EXPECT_FALSE(scan_proxy_header(binary(std::string("\x20\x00", 2), "")).header.names_source);              // LOCAL
  EXPECT_FALSE(scan_proxy_header(binary(std::string("\x21\x00", 2), "any")).header.names_source);           // UNSPEC
  EXPECT_FALSE(scan_proxy_header(binary("\x21\x31", std::string(216, '\0'))).header.names_source);         // a Unix socket
  for (std::size_t size = 0; size < v4.size(); ++size) EXPECT_EQ(scan_proxy_header(v4.substr(0, size)).status, Status::incomplete);
}

TEST(ProxyHeaderCodec, RefusesABrokenVersionTwo) {
  const std::string addresses(12, '\x01');
  EXPECT_EQ(scan_proxy_header(binary("\x11\x11", addresses)).status, Status::broken);  // version 1 in binary
  EXPECT_EQ(scan_proxy_header(binary("\x22\x11", addresses)).status, Status::broken);  // no such command
  EXPECT_EQ(scan_proxy_header(binary("\x21\x12", addresses)).status, Status::broken);  // datagrams
  EXPECT_EQ(scan_proxy_header(binary("\x21\x21", addresses)).status, Status::broken);  // too short for IPv6
  EXPECT_EQ(scan_proxy_header(kSignature + "\x21\x11\xff\xff").status, Status::broken);
}

// A listener on the loopback, and who came.
class Fronts : public testing::Test {
 protected:
  struct Came {
    int socket;
    Peer peer;
  };
  std::unique_ptr<Listener> listen(const std::vector<std::string>& fronts) {
    schema::Networks networks;
    for (const std::string& front : fronts) networks.push_back(schema::network_from(front).value());
    return std::make_unique<Listener>(threads_.first(), ListeningSocket::open({"127.0.0.1", 0, ""}, 0).value(),
                                      [this](int socket, Peer peer) { came_.set_value({socket, std::move(peer)}); }, networks);
  }
  static int dial(const Listener& listener) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(listener.endpoint().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  static void say(int fd, std::string_view bytes) { EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())); }
  static std::string hear(int fd, std::size_t size) {
    std::string bytes(size, '\0');
    const timeval patience{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const ssize_t got = ::recv(fd, bytes.data(), size, MSG_WAITALL);
    return bytes.substr(0, got < 0 ? 0 : static_cast<std::size_t>(got));
  }
  static bool is_hung_up(int fd) {
    char byte;
    const timeval patience{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const ssize_t got = ::recv(fd, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }
  Came wait() { return came_.get_future().get(); }

  test::ManualClock clock_;
  IoThreads threads_{1, clock_};
  std::promise<Came> came_;
};

TEST_F(Fronts, TellWhomTheySpeakForAndLeaveTheRestUnread) {
  const auto listener = listen({"127.0.0.0/8"});
  const int fd = dial(*listener);
  for (const char c : std::string("PROXY TCP4 192.0.2.9 198.51.100.1 5000 25\r")) say(fd, {&c, 1});
  say(fd, "\nEHLO x\r\n");
  const Came came = wait();
  EXPECT_EQ(came.peer.address, "192.0.2.9");
  EXPECT_EQ(came.peer.front, "127.0.0.1");
  EXPECT_EQ(came.peer.network(), "192.0.2.9");
  EXPECT_FALSE(came.peer.is_loopback);
  EXPECT_EQ(hear(came.socket, 8), "EHLO x\r\n");
  ::close(came.socket);
  ::close(fd);
}

TEST_F(Fronts, NeverMakeAStrangerLocal) {
  const auto listener = listen({"127.0.0.1"});
  const int fd = dial(*listener);
  say(fd, "PROXY TCP6 ::1 ::1 5000 25\r\n");
  const Came came = wait();
  EXPECT_EQ(came.peer.address, "::1");
  EXPECT_FALSE(came.peer.is_loopback);
  ::close(came.socket);
  ::close(fd);
}

TEST_F(Fronts, MayCheckOurHealthForThemselves) {
  const auto listener = listen({"127.0.0.1"});
  const int fd = dial(*listener);
  say(fd, binary(std::string("\x20\x00", 2), ""));
  const Came came = wait();
  EXPECT_EQ(came.peer.address, "127.0.0.1");
  EXPECT_TRUE(came.peer.is_loopback);
  ::close(came.socket);
  ::close(fd);
}

TEST_F(Fronts, AreHungUpOnWithoutAHeader) {
  const auto listener = listen({"127.0.0.1"});
  const int fd = dial(*listener);
  say(fd, "EHLO x\r\n");
  EXPECT_TRUE(is_hung_up(fd));
  ::close(fd);
}

TEST_F(Fronts, AreHungUpOnWhenTheHeaderDrips) {
  const auto listener = listen({"127.0.0.1"});
  const int fd = dial(*listener);
  say(fd, "PROXY TC");
  auto gone = std::async(std::launch::async, [fd] { return is_hung_up(fd); });
  while (gone.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) clock_.advance(std::chrono::milliseconds(100));
  EXPECT_TRUE(gone.get());
  ::close(fd);
}

TEST_F(Fronts, AreOnlyThoseThatAreTrusted) {
  const auto listener = listen({"192.0.2.0/24"});
  const int fd = dial(*listener);
  say(fd, "PROXY TCP4 192.0.2.9 198.51.100.1 5000 25\r\n");
  const Came came = wait();
  EXPECT_EQ(came.peer.address, "127.0.0.1");
  EXPECT_EQ(hear(came.socket, 9), "PROXY TCP");  // content like any other
  ::close(came.socket);
  ::close(fd);
}

TEST_F(Fronts, ThatWaitEndWithTheListener) {
  auto listener = listen({"127.0.0.1"});
  const int fd = dial(*listener);
  say(fd, "PROXY ");
  listener.reset();
  EXPECT_TRUE(is_hung_up(fd));
  ::close(fd);
}

TEST_F(Fronts, ConnectionsOfOursTryOneAddressAfterTheOther) {
  const auto listener = listen({});
  const std::uint16_t port = listener->endpoint().port;
  const ConnectTarget target{{"127.0.0.3", "::1", "127.0.0.1"}, port, "127.0.0.7", "", std::chrono::seconds(5), std::chrono::minutes(1)};
  const auto made = test::run_on(threads_.first(), connect(threads_.first(), target));
  ASSERT_TRUE(made.ok()) << to_string(made.error());
  EXPECT_EQ(made->address, "127.0.0.1");
  const Came came = wait();
  EXPECT_EQ(came.peer.address, "127.0.0.7");
  ::close(made->socket);
  ::close(came.socket);
  const auto none = test::run_on(threads_.first(), connect(threads_.first(), {{"127.0.0.3"}, port, "", "", std::chrono::seconds(5), std::chrono::minutes(1)}));
  EXPECT_EQ(none.error().kind, Errc::unavailable);
  const auto foreign = test::run_on(threads_.first(), connect(threads_.first(), {{"127.0.0.1"}, port, "192.0.2.1", "", std::chrono::seconds(5), std::chrono::minutes(1)}));
  EXPECT_EQ(foreign.error().kind, Errc::denied);
  const auto name = test::run_on(threads_.first(), connect(threads_.first(), {{"localhost"}, port, "", "", std::chrono::seconds(5), std::chrono::minutes(1)}));
  EXPECT_EQ(name.error().kind, Errc::invalid);
}

TEST_F(Fronts, AConnectionOfOursIsBrokenOffAtOnce) {
  const test::MuteListener full(0);  // whose queue of connections is full answers nobody
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(full.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)::connect(waiting.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  ConnectBreaker breaker;
  const ConnectTarget target{{"127.0.0.1", "127.0.0.1"}, full.port(), "", "", std::chrono::minutes(5), std::chrono::minutes(5), &breaker};
  auto made = test::begin_on(threads_.first(), connect(threads_.first(), target));
  threads_.first().post([&breaker] { breaker.break_off(); });
  EXPECT_EQ(made.get().error().kind, Errc::cancelled);
  for (const int fd : waiting) ::close(fd);
}

TEST(NewConnections, AreCountedByNetworkAndMinute) {
  test::ManualClock clock;
  const auto limits = std::make_shared<ConnectionLimits>(100, 100, 2, clock);
  const Peer a{"2001:db8::1", {}, false}, same{"2001:db8::2", {}, false}, other{"192.0.2.1", {}, false}, local{"127.0.0.1", {}, true};
  EXPECT_NE(limits->admit(a), nullptr);
  EXPECT_NE(limits->admit(same), nullptr);
  EXPECT_EQ(limits->admit(a), nullptr);
  EXPECT_NE(limits->admit(other), nullptr);
  for (int i = 0; i < 10; ++i) EXPECT_NE(limits->admit(local), nullptr);
  clock.advance(std::chrono::minutes(1));
  EXPECT_NE(limits->admit(a), nullptr);
}

Awaitable<Result<void>> fill_lines(Loop& loop, int fd, std::promise<void>& began) {
  LineStream stream(loop, fd);
  stream.deadline().limit(Span::line, std::chrono::seconds(10));
  began.set_value();
  Result<void> filled;
  while (filled.ok()) filled = co_await stream.fill(std::chrono::seconds(5));
  co_return filled;
}

TEST_F(Fronts, ALineEndsInItsTimeHoweverItsBytesDrip) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  std::promise<void> began;
  auto filled = test::begin_on(threads_.first(), fill_lines(threads_.first(), ends[0], began));
  began.get_future().wait();
  while (filled.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
    (void)!::send(ends[1], "x", 1, MSG_NOSIGNAL);
    clock_.advance(std::chrono::milliseconds(50));  // no silence ever lasts five seconds
  }
  EXPECT_EQ(filled.get().error().kind, Errc::timeout);
  ::close(ends[1]);
}

Awaitable<std::string> read_pieces(Loop& loop, int fd, std::size_t size) {
  LineStream stream(loop, fd);
  std::string all;
  for (std::size_t taken = 7; all.size() + stream.buffered().size() < size;) {
    const Result<void> filled = co_await stream.fill(std::chrono::seconds(5));
    if (!filled.ok()) break;
    const std::size_t some = std::min(stream.buffered().size(), taken = taken * 5 % 7919);  // leaves pieces of every size
    all += stream.buffered().substr(0, some);
    stream.consume(some);
    if (stream.buffered().size() < 60'000) continue;
    all += stream.buffered();
    stream.consume(stream.buffered().size());
  }
  all += stream.buffered();
  co_return all;
}

TEST_F(Fronts, NothingIsLostWhenBuffersGoBackBetweenPieces) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  std::string sent;
  for (int i = 0; sent.size() < 700'000; ++i) sent += std::to_string(i) + "\r\n";
  auto read = test::begin_on(threads_.first(), read_pieces(threads_.first(), ends[0], sent.size()));
  std::string_view rest = sent;
  for (std::size_t piece = 1; !rest.empty(); piece = piece * 3 % 4001) {
    const ssize_t written = ::send(ends[1], rest.data(), std::min(piece, rest.size()), MSG_NOSIGNAL);
    ASSERT_GT(written, 0);
    rest.remove_prefix(static_cast<std::size_t>(written));
    std::this_thread::yield();
  }
  EXPECT_TRUE(read.get() == sent);
  ::close(ends[1]);
}

TEST(Network, HoldsWhatItsPrefixSays) {
  const auto holds = [](const char* network, const char* address) { return schema::network_from(network).value().contains(address); };
  EXPECT_TRUE(holds("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(holds("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(holds("192.0.2.0/24", "::ffff:192.0.2.1"));
  EXPECT_TRUE(holds("192.0.2.1", "192.0.2.1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.5"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_FALSE(holds("::/0", "example.test"));
  for (const char* bad : {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "2001:db8::/129", "example.test", "", "192.0.2/24"}) {
    EXPECT_FALSE(schema::network_from(bad).ok()) << bad;
  }
}

// RFC 6052 section 2.1, RFC 8215, RFC 3056 section 2: what translators make of an address is refused where it leads to.
TEST(Network, WhatIsRefusedIsNotReachedThroughATranslator) {
  const schema::Networks refused = schema::RelaySettings().refuse_networks;
  for (const char* address : {"10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a00:1", "64:ff9b::127.0.0.1", "64:ff9b:1::8.8.8.8", "2002:a00:1::1"}) {
    EXPECT_TRUE(schema::leads_into(refused, address)) << address;
  }
  for (const char* address : {"8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:db8::10.0.0.1", "example.test", ""}) {
    EXPECT_FALSE(schema::leads_into(refused, address)) << address;
  }
  EXPECT_FALSE(schema::contains(refused, "64:ff9b::10.0.0.1")) << "what is trusted is not widened";
}

}  // namespace
}  // namespace telepost::adapters::net
