// What dialogues cannot show: Unix sockets, IPv6, and how listeners come and go.
#include "adapters/smtp/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <poll.h>

#include <chrono>
#include <cstring>
#include <future>
#include <thread>

#include "adapters/net/io_threads.h"
#include "adapters/net/listening_socket.h"
#include "adapters/net/login_delays.h"
#include "adapters/net/peer.h"
#include "store/store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_engine.h"
#include "tests/support/smtp_sender.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/http_fixture.h"

namespace telepost::adapters::smtp {
namespace {

class SmtpServer : public testing::Test {
 protected:
  void open(schema::Configuration configuration) {
    store::Store::Options options;
    configuration.admin.listen = {};
    options.configuration = std::move(configuration);
    store_ = store::Store::open(std::move(options), std::make_unique<test::MemoryEngine>(clock_), clock_, random_).value();
  }
  Result<std::unique_ptr<Server>> start() { return Server::start(threads_, *store_, clock_, random_); }
  std::string socket_path() const { return folder_ / "lmtp.sock"; }
  schema::Configuration configuration() const {
    schema::Configuration made;
    made.smtp.listen = {};
    made.lmtp.listen = {};
    made.services = {{"ivr", {{"", 0, socket_path()}}, {}, false}};
    made.domains = {{"example.test", "standard", true}};
    return made;
  }

  // Everything the server says until it closes.
  std::string talk(std::string_view words) const {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, socket_path().c_str());
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    std::string heard;
    (void)!::send(fd, words.data(), words.size(), MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    char bytes[4096];
    for (ssize_t size; (size = recv(fd, bytes, sizeof bytes, 0)) > 0;) heard.append(bytes, static_cast<std::size_t>(size));
    close(fd);
    return heard;
  }

  test::TempFolder folder_;
  test::ManualClock clock_;
  SystemRandom random_;
  net::IoThreads threads_{2, clock_};
  std::unique_ptr<store::Store> store_;
};

TEST_F(SmtpServer, LetsOurOwnUidInAtAServiceSocket) {
  open(configuration());
  const auto server = start();
  ASSERT_TRUE(server.ok()) << to_string(server.error());
  EXPECT_EQ((*server)->listening().front().name, "ivr");
  struct stat status {};
  ASSERT_EQ(stat(socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string heard = talk("LHLO ivr\r\nMAIL FROM:<a@example.test> ENVID=1\r\nQUIT\r\n");
  EXPECT_NE(heard.find("250 2.1.0 "), std::string::npos) << heard;
}

TEST_F(SmtpServer, TurnsOtherUidsAwayFromAServiceSocket) {
  schema::Configuration strict = configuration();
  strict.services.front().peer_uids = {geteuid() + 1};
  open(std::move(strict));
  const auto server = start();
  ASSERT_TRUE(server.ok());
  EXPECT_EQ(talk(""), "554 5.7.1 This socket is for others\r\n");
}

TEST_F(SmtpServer, TakesOverASocketThatACrashLeftAndRemovesItsOwn) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, socket_path().c_str());
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(dead);
  open(configuration());
  {
    const auto server = start();
    ASSERT_TRUE(server.ok()) << to_string(server.error());
    const auto second = start();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, Errc::busy);
  }
  EXPECT_NE(access(socket_path().c_str(), F_OK), 0);
}

TEST_F(SmtpServer, NamesItsEndpointsWithTheirPortsAndIpv6InBrackets) {
  schema::Configuration both = configuration();
  both.services.clear();
  both.smtp.listen = {{"127.0.0.1", 0, ""}, {"::1", 0, ""}};
  open(std::move(both));
  const auto server = start();
  ASSERT_TRUE(server.ok()) << to_string(server.error());
  ASSERT_EQ((*server)->listening().size(), 2u);
  EXPECT_TRUE((*server)->listening()[0].endpoint.starts_with("127.0.0.1:"));
  EXPECT_FALSE((*server)->listening()[0].endpoint.ends_with(":0"));
  EXPECT_TRUE((*server)->listening()[1].endpoint.starts_with("[::1]:"));
}

// RFC 3463 section 3.4: it is the system that is stopping, and nobody's guessing.
TEST_F(SmtpServer, ALogInThatItsStopCutsShortHearsSo) {
  schema::Configuration submission = configuration();
  submission.services.clear();
  submission.submission.listen = {{"127.0.0.1", 0, ""}};
  submission.submission.listen_tls = {};
  submission.submission_without_tls = true;
  open(std::move(submission));
  const auto delays = std::make_shared<net::LoginDelays>(clock_);
  for (unsigned i = 0; delays->begin("guess" + std::to_string(i) + "@example.test", "127.0.0.1")->check(); ++i) ASSERT_LT(i, 1'000u);
  const auto server = Server::start(threads_, *store_, clock_, random_, {.delays = delays});
  ASSERT_TRUE(server.ok()) << to_string(server.error());
  net::HttpPeer peer(schema::endpoint_from((*server)->listening().front().endpoint).value());
  peer.hear_until("\r\n");
  peer.say("EHLO client.test\r\n");
  peer.hear_until("250 HELP\r\n");
  const std::size_t known = delays->size();
  peer.say("AUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAYQ==\r\n");  // ann@example.test:a
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (delays->size() == known) {  // until it waits its turn
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
    std::this_thread::yield();
  }
  std::future<void> stopped = std::async(std::launch::async, [&] { (*server)->stop(std::chrono::seconds(20)); });
  const std::string heard = peer.hear_all();
  stopped.get();
  EXPECT_TRUE(heard.starts_with("454 4.3.0 ")) << heard;
  EXPECT_NE(heard.find("\r\n421 4.3.2 "), std::string::npos) << heard;
}

TEST(ConnectionLimits, CountsAnIpv6NetworkAsOnePeerAndGivesPlacesBack) {
  const auto limits = std::make_shared<net::ConnectionLimits>(3, 1);
  const net::Peer a{"2001:db8::1", {}, false}, same{"2001:db8::2", {}, false}, other{"2001:db8:0:1::1", {}, false};
  auto first = limits->admit(a);
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(limits->admit(same), nullptr);
  EXPECT_NE(limits->admit(other), nullptr);
  first.reset();
  EXPECT_NE(limits->admit(same), nullptr);
}

TEST(ConnectionLimits, CountsUnixSocketsOnlyInAll) {
  const auto limits = std::make_shared<net::ConnectionLimits>(2, 1);
  const net::Peer local{"", 0, false};
  const auto one = limits->admit(local), two = limits->admit(local);
  EXPECT_NE(two, nullptr);
  EXPECT_EQ(limits->admit(local), nullptr);
}

TEST(ListeningSocket, TellsWhatIsWrongWithAnAddress) {
  EXPECT_EQ(net::ListeningSocket::open({"not-an-address", 25, ""}, 0).error().kind, Errc::invalid);
  EXPECT_EQ(net::ListeningSocket::open({"192.0.2.1", 0, ""}, 0).error().kind, Errc::invalid);
  EXPECT_EQ(net::ListeningSocket::open({"", 0, "/" + std::string(200, 'x')}, 0).error().kind, Errc::invalid);
}

std::string lines_of(std::size_t size_bytes) {
  std::string text = "Subject: large\r\n\r\n";
  while (text.size() < size_bytes) text += std::string(76, 'x') + "\r\n";
  return text;
}

TEST_F(SmtpServer, BeyondTheBudgetOfHeldBytesMessagesArriveOneAfterAnother) {
  schema::Configuration loopback = configuration();
  loopback.services.front() = {"ivr", {{"127.0.0.1", 0, ""}}, {}, true};
  open(std::move(loopback));
  const auto server = Server::start(threads_, *store_, clock_, random_, {.held_budget = 1});
  ASSERT_TRUE(server.ok()) << to_string(server.error());
  std::atomic<int> stored{0};
  std::vector<std::thread> senders;
  for (int i = 0; i < 6; ++i) {
    senders.emplace_back([&] {
      test::SmtpSender sender((*server)->listening().front().endpoint, test::SmtpSender::Mode::lmtp);
      const auto replies = sender.send({"ann@example.test"}, lines_of(500'000));
      if (replies.size() == 1 && replies.front()) ++stored;
    });
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(stored, 6);
}

TEST_F(SmtpServer, WhoWaitsForRoomTooLongIsToldToComeBack) {
  schema::Configuration patient = configuration();
  patient.lmtp.data_timeout = kHeldTurn / 2;
  open(std::move(patient));
  const auto server = Server::start(threads_, *store_, clock_, random_, {.held_budget = 1});
  ASSERT_TRUE(server.ok()) << to_string(server.error());
  pollfd peers[2];
  std::string heard[2];
  for (std::size_t i = 0; i < 2; ++i) {
    peers[i] = {socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), POLLIN, 0};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, socket_path().c_str());
    ASSERT_EQ(connect(peers[i].fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const auto say = [&](std::string_view words) { return ::send(peers[i].fd, words.data(), words.size(), MSG_NOSIGNAL) > 0; };
    char bytes[4096];
    ASSERT_TRUE(say("LHLO ivr\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\n"));
    for (ssize_t size; heard[i].find("354 ") == std::string::npos && (size = recv(peers[i].fd, bytes, sizeof bytes, 0)) > 0;) {
      heard[i].append(bytes, static_cast<std::size_t>(size));
    }
    ASSERT_TRUE(say(lines_of(100'000)));
  }
  // Both go on slowly, while time passes: one has its turn, the other is not read.
  const std::string_view more = "one more line\r\n";
  while (::poll(peers, 2, 5) == 0) {
    for (const pollfd& peer : peers) (void)!::send(peer.fd, more.data(), more.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    clock_.advance(std::chrono::milliseconds(10));
  }
  const std::size_t first = peers[0].revents != 0 ? 0 : 1;
  char bytes[4096];
  const ssize_t size = recv(peers[first].fd, bytes, sizeof bytes, 0);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string_view(bytes, static_cast<std::size_t>(size)).substr(0, 10), "421 4.3.2 ");
  for (const pollfd& peer : peers) ::close(peer.fd);
}

}  // namespace
}  // namespace telepost::adapters::smtp
