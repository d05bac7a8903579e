#include "cli/bench_load.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <thread>

#include "cli/list_wire.h"
#include "tests/support/mute_listener.h"

namespace telepost::cli {
namespace {

// An LMTP server (RFC 2033) of a few lines, which takes `connections` connections one after the other. It refuses a
// recipient whose address begins with "no".
class FakeLmtp {
 public:
  explicit FakeLmtp(int connections) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, connections] {
      for (int i = 0; i < connections; ++i) serve(::accept(listener_, nullptr, nullptr));
    });
  }
  ~FakeLmtp() {
    thread_.join();
    ::close(listener_);
  }

  std::string target() const { return "127.0.0.1:" + std::to_string(port); }
  void wait() { thread_.join(), thread_ = std::thread([] {}); }

  std::uint16_t port = 0;
  std::vector<std::string> messages;

 private:
  bool line(int fd) {
    while (in_.find("\r\n") == std::string::npos) {
      char block[4096];
      ssize_t got = ::read(fd, block, sizeof block);
      if (got <= 0) return false;
      in_.append(block, static_cast<std::size_t>(got));
    }
    std::size_t end = in_.find("\r\n");
    line_ = in_.substr(0, end);
    in_.erase(0, end + 2);
    return true;
  }
  static void say(int fd, const std::string& text) { EXPECT_EQ(::write(fd, text.data(), text.size()), ssize_t(text.size())); }
  void take_message(int fd, std::size_t recipients) {
    std::string message;
    while (line(fd) && line_ != ".") message += (line_.starts_with('.') ? line_.substr(1) : line_) + "\r\n";
    messages.push_back(message);
    for (std::size_t i = 0; i < recipients; ++i) say(fd, "250 2.0.0 stored\r\n");
  }
  void serve(int fd) {
    in_.clear();
    say(fd, "220 fake LMTP\r\n");
    std::size_t recipients = 0;
    while (line(fd) && line_ != "QUIT") {
      if (line_.starts_with("LHLO")) {
        say(fd, "250-fake\r\n250 PIPELINING\r\n");
      } else if (line_.starts_with("RCPT TO:<no")) {
        say(fd, "550 5.1.1 nobody\r\n");
      } else if (line_ == "DATA") {
        say(fd, recipients > 0 ? "354 go\r\n" : "503 5.5.1 no recipients\r\n");
        if (recipients > 0) take_message(fd, recipients);
        recipients = 0;
      } else {
        recipients += line_.starts_with("RCPT") ? 1 : 0;
        say(fd, "250 2.0.0 ok\r\n");
      }
    }
    ::close(fd);
  }

  int listener_;
  std::string in_, line_;
  std::thread thread_;
};

LoadOptions options_for(const FakeLmtp& server, std::uint64_t messages) {
  LoadOptions options;
  options.target = server.target();
  options.connections = 1;
  options.messages = messages;
  options.shape.pool_bytes = 1u << 20;
  return options;
}

std::string body_of(const std::string& message) { return message.substr(message.find("\r\n\r\n") + 4); }

TEST(BenchLoad, CountsEachAcknowledgedRecipient) {
  FakeLmtp server(1);
  LoadOptions options = options_for(server, 10);
  options.recipients = 3;
  Result<LoadReport> report = run_bench_load(options);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  server.wait();
  EXPECT_EQ(report->messages, 10u);
  EXPECT_EQ(report->count, 30u);
  EXPECT_EQ(report->errors, 0u);
  EXPECT_EQ(server.messages.size(), 10u);
}

TEST(BenchLoad, CountsRefusedRecipientsAsErrorsAndGoesOn) {
  FakeLmtp server(1);
  LoadOptions options = options_for(server, 4);
  options.addresses = {"yes@example.test", "no@example.test"};
  options.recipients = 2;
  Result<LoadReport> report = run_bench_load(options);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_EQ(report->count, 4u);
  EXPECT_EQ(report->errors, 4u);
  EXPECT_EQ(report->first_error, "550 5.1.1 nobody");
}

TEST(BenchLoad, GoesOnAfterATransactionWithoutRecipients) {
  FakeLmtp server(1);
  LoadOptions options = options_for(server, 3);
  options.addresses = {"no@example.test"};
  Result<LoadReport> report = run_bench_load(options);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  EXPECT_EQ(report->count, 0u);
  EXPECT_EQ(report->errors, 6u);  // RCPT and DATA of each
}

TEST(BenchLoad, SendsUniqueMessagesOfTheWantedSize) {
  for (std::size_t size : {std::size_t{4096}, std::size_t{200'000}}) {
    FakeLmtp server(1);
    LoadOptions options = options_for(server, 20);
    options.shape.size_bytes = size;
    ASSERT_TRUE(run_bench_load(options).ok());
    server.wait();
    std::set<std::string> bodies;
    for (const std::string& message : server.messages) {
      bodies.insert(body_of(message));
      EXPECT_NEAR(static_cast<double>(message.size()), static_cast<double>(size), static_cast<double>(size) / 10);
    }
    EXPECT_EQ(bodies.size(), 20u);
  }
}

TEST(BenchLoad, SendsTheSameAttachmentInEachMessage) {
  FakeLmtp server(1);
  LoadOptions options = options_for(server, 2);
  options.shape.attachment_bytes = 50'000;
  ASSERT_TRUE(run_bench_load(options).ok());
  server.wait();
  auto attachment = [](const std::string& message) {
    std::size_t begin = message.find("filename=load.bin\r\n\r\n");
    return message.substr(begin, message.rfind("\r\n--") - begin);
  };
  ASSERT_EQ(server.messages.size(), 2u);
  EXPECT_GE(attachment(server.messages[0]).size(), 50'000u);
  EXPECT_EQ(attachment(server.messages[0]), attachment(server.messages[1]));
  EXPECT_NE(server.messages[0], server.messages[1]);
}

TEST(BenchLoad, TellsThatNobodyListens) {
  std::string target;
  {
    FakeLmtp server(0);
    target = server.target();
  }
  LoadOptions options;
  options.target = target;
  Result<LoadReport> report = run_bench_load(options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, Errc::unavailable);
}

TEST(ListWire, WaitsNoLongerThanItsSilence) {
  const test::MuteListener listener;
  const auto wire = ListWire::connect(listener.target(), WireTls::none, std::chrono::milliseconds(50));
  ASSERT_TRUE(wire.ok()) << to_string(wire.error());
  EXPECT_TRUE((*wire)->send("hello\r\n").ok());
  EXPECT_EQ((*wire)->line().error().kind, Errc::timeout);
  EXPECT_EQ(ListWire::connect(listener.target(), WireTls::unchecked, std::chrono::milliseconds(50)).error().kind, Errc::timeout);
}

}  // namespace
}  // namespace telepost::cli
