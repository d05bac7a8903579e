#include <algorithm>

#include "tests/support/mute_listener.h"
#include "tests/unit/smtp_client_fixture.h"

namespace telepost::adapters::net {
namespace {

TEST_F(SmtpClientTest, SendsAMessageThatArrivesByteForByte) {
  SmtpSink sink;
  const SmtpOutcome outcome = send(sink, envelope({"ben@remote.test", "carl@remote.test"}), std::string(kMessage));
  EXPECT_EQ(kinds(outcome), (std::vector<Kind>{Kind::delivered, Kind::delivered}));
  ASSERT_EQ(sink.messages().size(), 1u);
  EXPECT_EQ(sink.messages()[0].content, kMessage);
  EXPECT_EQ(sink.messages()[0].mail, "MAIL FROM:<ann@example.test> SIZE=29");
  EXPECT_EQ(sink.messages()[0].rcpt, (std::vector<std::string>{"RCPT TO:<ben@remote.test>", "RCPT TO:<carl@remote.test>"}));
  EXPECT_TRUE(outcome.reports);
}

TEST_F(SmtpClientTest, WithoutPipeliningItWaitsForEachReply) {
  SmtpSink::Options plain;
  plain.extensions = {};
  SmtpSink sink(plain);
  EXPECT_EQ(kinds(send(sink, envelope({"ben@remote.test", "carl@remote.test"}), std::string(kMessage))),
            (std::vector<Kind>{Kind::delivered, Kind::delivered}));
  EXPECT_EQ(sink.messages()[0].mail, "MAIL FROM:<ann@example.test>");
}

TEST_F(SmtpClientTest, EachRecipientHasItsOwnVerdict) {
  for (const bool pipelining : {true, false}) {
    SmtpSink::Options options;
    if (!pipelining) options.extensions = {};
    SmtpSink sink(options);
    sink.answer_with([](const std::string& said, unsigned) -> std::optional<std::string> {
      if (said.starts_with("RCPT TO:<bad")) return "550 5.1.1 No such user";
      if (said.starts_with("RCPT TO:<full")) return "452 4.2.2 Full";
      return std::nullopt;
    });
    const SmtpOutcome outcome = send(sink, envelope({"bad@r.test", "ben@r.test", "full@r.test"}), std::string(kMessage));
    EXPECT_EQ(kinds(outcome), (std::vector<Kind>{Kind::failed, Kind::delivered, Kind::deferred}));
    EXPECT_EQ(outcome.to[0].diagnostic, "550 5.1.1 No such user");
    EXPECT_EQ(outcome.to[2].status, "4.2.2");
    EXPECT_FALSE(outcome.to[2].again_now);
    ASSERT_EQ(sink.messages().size(), 1u);
    EXPECT_EQ(sink.messages()[0].rcpt, std::vector<std::string>{"RCPT TO:<ben@r.test>"});
  }
}

TEST_F(SmtpClientTest, NobodyAcceptedMeansNothingIsSent) {
  SmtpSink sink;
  sink.answer_once("RCPT", "550 5.1.1 No");
  EXPECT_EQ(kinds(send(sink, envelope(), std::string(kMessage))), std::vector<Kind>{Kind::failed});
  EXPECT_TRUE(sink.messages().empty());
}

// RFC 2920 section 3.1: the server may accept DATA although it accepted no recipient.
TEST_F(SmtpClientTest, DataAcceptedWithoutRecipientsIsEndedEmpty) {
  SmtpSink sink;
  sink.answer_once("RCPT", "550 5.1.1 No");
  sink.answer_once("DATA", "354 Whatever");
  const auto work = [&](SmtpClient& client, LineStream&) -> Awaitable<void> {
    SmtpEnvelope first = envelope();
    first.content = survey(kMessage);
    Text content{std::string(kMessage)};
    const SmtpOutcome outcome = co_await client.send(first, SmtpTransport::text, content);
    EXPECT_EQ(outcome.to[0].kind, Kind::failed);
    EXPECT_TRUE(client.is_usable());
    Text again{std::string(kMessage)};
    const SmtpOutcome second = co_await client.send(first, SmtpTransport::text, again);
    EXPECT_EQ(second.to[0].kind, Kind::delivered);
  };
  ASSERT_TRUE(talk(sink, work).ok());
  ASSERT_EQ(sink.messages().size(), 2u);
  EXPECT_EQ(sink.messages()[0].content, "");
  EXPECT_EQ(sink.messages()[1].content, kMessage);
}

TEST_F(SmtpClientTest, OneConnectionCarriesManyMessages) {
  SmtpSink sink;
  sink.answer_once("RCPT", "450 4.2.1 Later");  // leaves a transaction open
  const auto work = [&](SmtpClient& client, LineStream&) -> Awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      SmtpEnvelope each = envelope();
      each.content = survey(kMessage);
      Text content{std::string(kMessage)};
      const SmtpOutcome outcome = co_await client.send(each, SmtpTransport::text, content);
      EXPECT_EQ(outcome.to[0].kind, i == 0 ? Kind::deferred : Kind::delivered);
    }
    co_await client.quit();
  };
  ASSERT_TRUE(talk(sink, work).ok());
  EXPECT_EQ(sink.messages().size(), 4u);
  EXPECT_EQ(sink.connections(), 1u);
  const auto said = sink.commands();
  EXPECT_EQ(std::count(said.begin(), said.end(), "RSET"), 1);
  EXPECT_EQ(said.back(), "QUIT");
}

TEST_F(SmtpClientTest, ManyRecipientsAreAskedForInGroups) {
  SmtpSink sink;
  std::vector<std::string> many;
  for (int i = 0; i < 500; ++i) many.push_back("user" + std::to_string(i) + "@remote.test");
  const SmtpOutcome outcome = send(sink, envelope(many), std::string(kMessage));
  for (const SmtpVerdict& verdict : outcome.to) EXPECT_EQ(verdict.kind, Kind::delivered);
  EXPECT_EQ(sink.messages()[0].rcpt.size(), 500u);
}

// RFC 5321 section 4.5.3.1.10.
TEST_F(SmtpClientTest, TooManyRecipientsIsNoRefusal) {
  for (const std::string reply : {"552 Too many recipients", "452 4.5.3 Too many recipients", "452 Too many"}) {
    SmtpSink sink;
    sink.answer_once("RCPT TO:<carl", reply);
    const SmtpOutcome outcome = send(sink, envelope({"ben@r.test", "carl@r.test"}), std::string(kMessage));
    EXPECT_EQ(kinds(outcome), (std::vector<Kind>{Kind::delivered, Kind::deferred}));
    EXPECT_TRUE(outcome.to[1].again_now) << reply;
  }
}

TEST_F(SmtpClientTest, LmtpGivesOneReplyForEachAcceptedRecipient) {
  SmtpSink::Options lmtp;
  lmtp.lmtp = true;
  SmtpSink sink(lmtp);
  sink.answer_once("RCPT TO:<bad", "550 5.1.1 No such user");
  sink.answer_once(".", "250 2.0.0 First");
  sink.answer_once(".", "452 4.2.2 Second is full");
  const SmtpOutcome outcome = send(sink, envelope({"ben@r.test", "bad@r.test", "carl@r.test"}), std::string(kMessage),
                                   {SmtpProtocol::lmtp, "client.test", {}});
  EXPECT_EQ(kinds(outcome), (std::vector<Kind>{Kind::delivered, Kind::failed, Kind::deferred}));
  EXPECT_EQ(outcome.to[2].diagnostic, "452 4.2.2 Second is full");
  EXPECT_EQ(sink.commands().front(), "LHLO client.test");
}

TEST_F(SmtpClientTest, AnOldServerIsSpokenToWithHelo) {
  SmtpSink sink;
  sink.answer_once("EHLO", "500 5.5.1 What?");
  EXPECT_EQ(kinds(send(sink, envelope(), std::string(kMessage))), std::vector<Kind>{Kind::delivered});
  EXPECT_EQ(sink.commands()[1], "HELO client.test");
  EXPECT_EQ(sink.messages()[0].mail, "MAIL FROM:<ann@example.test>");
}

TEST_F(SmtpClientTest, GreetingsThatSayNoAreErrors) {
  const struct { std::string said, reply; Errc kind; } cases[] = {
      {"", "554 5.7.1 Go away", Errc::refused}, {"", "421 4.3.2 Busy", Errc::busy}, {"", "450 4.3.2 Busy", Errc::busy},
      {"", "hello there", Errc::invalid},       {"", "close", Errc::unavailable},   {"EHLO", "421 4.3.2 Bye", Errc::busy}};
  for (const auto& each : cases) {
    SmtpSink sink;
    sink.answer_once(each.said, each.reply);
    const Result<void> greeted = talk(sink, {});
    ASSERT_FALSE(greeted.ok()) << each.reply;
    EXPECT_EQ(greeted.error().kind, each.kind) << each.reply;
  }
}

// At each stage: 4xx and 5xx are the peer's verdict, a connection that ends is a deferral.
TEST_F(SmtpClientTest, WhereverTheServerSaysNoOrGoesTheVerdictFits) {
  for (const std::string stage : {"MAIL", "RCPT", "DATA", "."}) {
    for (const bool pipelining : {true, false}) {
      const struct { std::string reply; Kind kind; std::string status; } cases[] = {
          {"451 4.7.1 Later", Kind::deferred, "4.7.1"}, {"550 5.7.1 Never", Kind::failed, "5.7.1"},
          {"421 4.3.2 Shutting down", Kind::deferred, "4.3.2"}, {"close", Kind::deferred, "4.4.2"}};
      for (const auto& each : cases) {
        SmtpSink::Options options;
        if (!pipelining) options.extensions = {};
        SmtpSink sink(options);
        sink.answer_once(stage, each.reply);
        const SmtpOutcome outcome = send(sink, envelope(), std::string(kMessage));
        EXPECT_EQ(outcome.to[0].kind, each.kind) << stage << " " << each.reply;
        EXPECT_EQ(outcome.to[0].status, each.status) << stage << " " << each.reply;
        EXPECT_EQ(outcome.to[0].by_peer, each.reply != "close");
        EXPECT_EQ(outcome.unanswered, stage == "MAIL" && each.reply == "close");
      }
    }
  }
}

TEST_F(SmtpClientTest, ASilentServerIsGivenUpAfterTheCommandsTime) {
  SmtpClient::Options hasty{SmtpProtocol::smtp, "client.test", {}};
  hasty.timeouts.greeting = std::chrono::milliseconds(1);
  const test::MuteListener listener;
  const auto session = [&]() -> Awaitable<Result<void>> {
    LineStream stream(threads_.first(), connect_to(listener.port()));
    SmtpClient client(stream, hasty);
    co_return co_await client.greet();
  };
  EXPECT_EQ(test::run_on(threads_.first(), session()).error().kind, Errc::timeout);
}

TEST_F(SmtpClientTest, AServerThatIsSlowWithEveryReplyIsGivenUpAfterTheMessagesTime) {
  SmtpClient::Options hasty{SmtpProtocol::smtp, "client.test", {}};
  hasty.timeouts.transaction = std::chrono::milliseconds(1);  // and a second for the recipient
  SmtpSink sink;
  sink.answer_once("RCPT", "silence");
  const SmtpOutcome outcome = send(sink, envelope(), std::string(kMessage), hasty);
  ASSERT_EQ(kinds(outcome), std::vector<Kind>{Kind::deferred});
  EXPECT_EQ(outcome.to[0].status, "4.4.2");
  EXPECT_TRUE(sink.messages().empty());
}

TEST_F(SmtpClientTest, ContentThatCannotBeReadIsNeverEnded) {
  SmtpSink sink;
  const auto work = [&](SmtpClient& client, LineStream&) -> Awaitable<void> {
    SmtpEnvelope each = envelope();
    each.content = survey(kMessage);
    Text content{std::string(kMessage)};
    content.fail_at_end();
    const SmtpOutcome outcome = co_await client.send(each, SmtpTransport::text, content);
    EXPECT_EQ(outcome.to[0].kind, Kind::deferred);
    EXPECT_FALSE(client.is_usable());
  };
  ASSERT_TRUE(talk(sink, work).ok());
  EXPECT_TRUE(sink.messages().empty());
}

TEST_F(SmtpClientTest, BareLineEndsNeverLeaveByData) {
  SmtpSink sink;
  const auto work = [&](SmtpClient& client, LineStream&) -> Awaitable<void> {
    SmtpEnvelope each = envelope();
    Text content("a\n.\r\nMAIL FROM:<evil@example.test>\r\n");
    const SmtpOutcome outcome = co_await client.send(each, SmtpTransport::text, content);
    EXPECT_EQ(outcome.to[0].kind, Kind::deferred);
  };
  ASSERT_TRUE(talk(sink, work).ok());
  EXPECT_TRUE(sink.messages().empty());
  for (const std::string& line : sink.commands()) EXPECT_EQ(line.find("evil"), std::string::npos);
}

// RFC 3030.
TEST_F(SmtpClientTest, BinaryContentGoesInChunks) {
  SmtpSink::Options options;
  options.extensions = {"PIPELINING", "8BITMIME", "CHUNKING", "BINARYMIME"};
  SmtpSink sink(options);
  const std::string binary = std::string("Subject: x\r\n\r\n\0\n.\r\n.\r\r", 23) + std::string(3000, 'x');
  EXPECT_EQ(kinds(send(sink, envelope(), binary)), std::vector<Kind>{Kind::delivered});
  ASSERT_EQ(sink.messages().size(), 1u);
  EXPECT_EQ(sink.messages()[0].content, binary);
  EXPECT_EQ(sink.messages()[0].mail, "MAIL FROM:<ann@example.test> BODY=BINARYMIME");
  const auto said = sink.commands();
  EXPECT_EQ(std::count(said.begin(), said.end(), "DATA"), 0);
  EXPECT_TRUE(std::any_of(said.begin(), said.end(), [](const std::string& line) { return line.ends_with(" LAST"); }));
}

TEST_F(SmtpClientTest, ARefusedChunkEndsTheMessage) {
  SmtpSink::Options options;
  options.extensions = {"CHUNKING", "BINARYMIME"};
  SmtpSink sink(options);
  sink.answer_once("BDAT", "552 5.3.4 Too large");
  EXPECT_EQ(kinds(send(sink, envelope(), "a\nb\r\nc\r\n")), std::vector<Kind>{Kind::failed});
  EXPECT_TRUE(sink.messages().empty());
}

TEST_F(SmtpClientTest, LargeContentArrivesWhole) {
  SmtpSink sink;
  std::string large = "Subject: large\r\n\r\n";
  while (large.size() < 3'000'000) large += "." + std::string(70, 'x') + "\r\n";
  const auto work = [&](SmtpClient& client, LineStream&) -> Awaitable<void> {
    SmtpEnvelope each = envelope();
    each.content = survey(large);
    Text content(large, 1u << 20);
    const SmtpOutcome outcome = co_await client.send(each, SmtpTransport::text, content);
    EXPECT_EQ(outcome.to[0].kind, Kind::delivered);
  };
  ASSERT_TRUE(talk(sink, work).ok());
  EXPECT_TRUE(sink.messages().at(0).content == large);
}

}  // namespace
}  // namespace telepost::adapters::net
