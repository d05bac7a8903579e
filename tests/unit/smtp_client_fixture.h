// A client of SMTP with a scripted server at the other end.
#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/net/smtp_client.h"
#include "tests/support/on_loop.h"
#include "tests/support/smtp_sink.h"

namespace telepost::adapters::net {

using Kind = SmtpVerdict::Kind;
using test::SmtpSink;

inline constexpr std::string_view kMessage = "Subject: x\r\n\r\n.\r\n..two\r\nend\r\n";

// In pieces of a few bytes.
class Text final : public SmtpContent {
 public:
  explicit Text(std::string text, std::size_t piece = 7) : text_(std::move(text)), piece_(piece) {}
  Awaitable<Result<std::string>> next() override {
    const std::string some = text_.substr(at_, piece_);
    at_ += some.size();
    if (fails_ && some.empty()) co_return Error{Errc::io, "the disk is gone"};
    co_return some;
  }
  void fail_at_end() { fails_ = true; }

 private:
  const std::string text_;
  const std::size_t piece_;
  std::size_t at_ = 0;
  bool fails_ = false;
};

inline int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

class SmtpClientTest : public testing::Test {
 protected:
  // One connection: greets, then what the test does with it.
  using Talk = std::function<Awaitable<void>(SmtpClient&, LineStream&)>;
  Result<void> talk(const SmtpSink& sink, const Talk& work, SmtpClient::Options options = {SmtpProtocol::smtp, "client.test", {}}) {
    const auto session = [&]() -> Awaitable<Result<void>> {
      LineStream stream(threads_.first(), connect_to(sink.port()));
      SmtpClient client(stream, options);
      const Result<void> greeted = co_await client.greet();
      if (greeted.ok() && work) co_await work(client, stream);
      stream.close();
      co_return greeted;
    };
    return test::run_on(threads_.first(), session());
  }
  // One message.
  SmtpOutcome send(const SmtpSink& sink, SmtpEnvelope envelope, std::string text, SmtpClient::Options options = {SmtpProtocol::smtp, "client.test", {}}) {
    SmtpOutcome outcome;
    envelope.content = survey(text);
    const auto work = [&](SmtpClient& client, LineStream&) -> Awaitable<void> {
      Text content(text);
      outcome = co_await client.send(envelope, transport_of(envelope.content, client.offered()), content);
    };
    const Result<void> greeted = talk(sink, work, options);
    EXPECT_TRUE(greeted.ok());
    return outcome;
  }
  static SmtpEnvelope envelope(std::vector<std::string> to = {"ben@remote.test"}) {
    SmtpEnvelope out;
    out.from = "ann@example.test";
    for (std::string& path : to) out.to.push_back({std::move(path), {}});
    return out;
  }
  static std::vector<Kind> kinds(const SmtpOutcome& outcome) {
    std::vector<Kind> out;
    for (const SmtpVerdict& verdict : outcome.to) out.push_back(verdict.kind);
    return out;
  }

  SystemClock clock_;
  IoThreads threads_{1, clock_};
};

}  // namespace telepost::adapters::net
