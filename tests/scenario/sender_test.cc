// Mail from an account to servers elsewhere: the real store, outbox and sender, a name server and sinks on the loopback.
#include "adapters/smtp/sender/sender.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>

#include "tests/support/mail_out.h"
#include "tests/support/mute_listener.h"

namespace telepost::adapters::smtp::sender {
namespace {

using test::kText;
using test::SmtpSink;
using test::StoreFixture;
using schema::SendState;
class MailOut : public test::MailOut {};
class MailOutTls : public test::MailOutTls {};

TEST_F(MailOut, ASubmittedMessageReachesItsServerWithOurReceivedAndOtherwiseUnchanged) {
  SmtpSink sink;
  dns_.add_mx("remote.test", 10, "mx.remote.test");
  dns_.add_a("mx.remote.test", "127.0.0.1");
  open();
  start(sink.port());
  const auto id = submit({"ben@remote.test", "carl@remote.test"});
  EXPECT_TRUE(becomes(id, 0, SendState::relayed));
  EXPECT_TRUE(becomes(id, 1, SendState::relayed));
  ASSERT_EQ(sink.messages().size(), 1u);
  EXPECT_EQ(sink.messages()[0].content,
            "Received: by out.example.test; Fri, 15 Jan 2027 08:00:00 +0000\r\n" + std::string(kText));
  EXPECT_EQ(sink.messages()[0].rcpt.size(), 2u);
  EXPECT_EQ(sink.commands().front(), "EHLO out.example.test");
  EXPECT_EQ(state_of(id).to[0].reply, "250 2.0.0 Taken");
  EXPECT_EQ(state_of(id).to[0].remote, "mx.remote.test");
}

TEST_F(MailOut, ATemporaryRefusalIsTriedAgainWhenItsTimeComes) {
  SmtpSink sink;
  open_with_relay(sink.endpoint());
  sink.answer_once("RCPT", "451 4.7.1 Greylisted");
  start();
  const auto id = submit({"ben@remote.test"});
  EXPECT_TRUE(becomes(id, 0, SendState::deferred));
  EXPECT_EQ(state_of(id).to[0].reply, "451 4.7.1 Greylisted");
  EXPECT_TRUE(sink.messages().empty());
  fixture_->clock().advance(std::chrono::minutes(6));
  EXPECT_TRUE(becomes(id, 0, SendState::relayed));
  EXPECT_EQ(sink.messages().size(), 1u);
}

TEST_F(MailOut, APermanentRefusalBecomesAReportInTheSendersInbox) {
  SmtpSink sink;
  open_with_relay(sink.endpoint());
  sink.answer_once("RCPT TO:<bad", "550 5.1.1 No such user");
  start();
  const auto id = submit({"bad@remote.test", "ben@remote.test"});
  EXPECT_TRUE(becomes(id, 0, SendState::failed));
  EXPECT_TRUE(becomes(id, 1, SendState::relayed));
  EXPECT_TRUE(comes_true([&] { return !inbox().empty(); }));  // the report follows the outcome
  const auto reports = inbox();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_NE(reports[0].find("Status: 5.1.1"), std::string::npos) << reports[0];
  EXPECT_NE(reports[0].find("bad@remote.test"), std::string::npos);
  EXPECT_EQ(reports[0].find("ben@remote.test"), std::string::npos);
}

TEST_F(MailOut, TheNextServerIsTriedWhereOneDoesNotAnswerOrDoesNotWantUs) {
  SmtpSink sink;
  dns_.add_mx("remote.test", 10, "dead.remote.test");
  dns_.add_mx("remote.test", 20, "gone.remote.test");
  dns_.add_mx("remote.test", 30, "mx.remote.test");
  dns_.add_a("dead.remote.test", "127.0.0.9");  // nobody listens there
  dns_.add_a("mx.remote.test", "127.0.0.1");
  sink.answer_once("", "554 5.7.1 Not you");
  dns_.add_a("mx.remote.test", "127.0.0.1");
  dns_.add_mx("remote.test", 40, "last.remote.test");
  dns_.add_a("last.remote.test", "127.0.0.1");
  open();
  start(sink.port());
  const auto id = submit({"ben@remote.test"});
  EXPECT_TRUE(becomes(id, 0, SendState::relayed));
  EXPECT_EQ(sink.messages().size(), 1u);
}

// Else anybody's domain leads to whatever listens on this machine and trusts it.
TEST_F(MailOut, AServerOfTheDnsIsNotThisMachine) {
  dns_.add_mx("remote.test", 10, "mx.remote.test");
  dns_.add_a("mx.remote.test", "127.0.0.9");
  open();
  start();
  const auto id = submit({"ben@remote.test", "ben@[127.0.0.9]"});
  for (const std::size_t recipient : {0u, 1u}) {
    ASSERT_TRUE(becomes(id, recipient, SendState::failed));
    EXPECT_TRUE(state_of(id).to[recipient].reply.starts_with("554 5.4.6 ")) << state_of(id).to[recipient].reply;
  }
}

TEST_F(MailOut, AnOutcomeThatADiskKeepsWaitingIsWrittenAfterItsSenderHasGone) {
  SmtpSink sink;
  open_with_relay(sink.endpoint());
  last_words_ = std::chrono::milliseconds(10);
  start();
  std::atomic<bool> hang{false};
  std::promise<void> hung, released;
  sink.answer_with([&](const std::string& said, unsigned) -> std::optional<std::string> {
    if (said == ".") hang = true;
    return std::nullopt;
  });
  fixture_->engine().set_delay([&, once = std::make_shared<std::once_flag>(), go_on = released.get_future().share()] {
    if (!hang) return;
    std::call_once(*once, [&] { hung.set_value(); });
    go_on.wait();
  }, {});
  const auto id = submit({"ben@remote.test"});
  hung.get_future().wait();
  sender_.reset();
  released.set_value();
  EXPECT_TRUE(becomes(id, 0, SendState::relayed));
  fixture_->engine().set_delay({}, {});
}

// Anybody can write any address into the DNS, or into a recipient's.
TEST_F(MailOut, AServerOfTheDnsIsNotInANetworkThatIsRefused) {
  SmtpSink sink;
  dns_.add_mx("inside.test", 10, "mx.inside.test");
  dns_.add_a("mx.inside.test", "127.0.0.1");
  dns_.add_mx("both.test", 10, "mx.both.test");
  dns_.add_a("mx.both.test", "192.168.7.7");
  dns_.add_a("mx.both.test", "127.0.0.1");
  schema::Configuration settings = StoreFixture::configuration();
  open(settings);
  start(sink.port());
  const auto id = submit({"ben@inside.test", "ben@[10.9.8.7]", "ben@[IPv6:::ffff:10.0.0.1]", "ben@both.test"});
  for (const std::size_t recipient : {0u, 1u, 2u, 3u}) {
    ASSERT_TRUE(becomes(id, recipient, SendState::failed));
    EXPECT_TRUE(state_of(id).to[recipient].reply.starts_with("554 5.4.4 ")) << state_of(id).to[recipient].reply;
  }
  EXPECT_EQ(sink.connections(), 0u);
  sender_.reset();
  settings.relay.refuse_networks = {*schema::network_from("192.168.0.0/16")};
  open(settings);
  start(sink.port());
  EXPECT_TRUE(becomes(submit({"ben@both.test"}), 0, SendState::relayed));
}

TEST_F(MailOut, AtItsEndItTriesNoFurtherServer) {
  const test::MuteListener mute;
  dns_.add_mx("remote.test", 10, "one.remote.test");
  dns_.add_mx("remote.test", 20, "two.remote.test");
  dns_.add_a("one.remote.test", "127.0.0.1");
  dns_.add_a("two.remote.test", "127.0.0.1");
  open();
  start(mute.port());
  const auto id = submit({"ben@remote.test"});
  pollfd first{mute.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&first, 1, 30'000), 1);
  const int connection = ::accept(mute.fd(), nullptr, nullptr);
  sender_->stop(Duration(0));
  EXPECT_EQ(::poll(&first, 1, 0), 0);
  EXPECT_FALSE(is_final(state_of(id).to.at(0).state));
  ::close(connection);
}

TEST_F(MailOut, WhatTheDnsRulesOutFailsAtOnceAndWhatItCannotTellWaits) {
  SmtpSink sink;
  dns_.add_mx("null.test", 0, "");
  dns_.add_mx("ours.test", 10, "out.example.test");
  dns_.add_mx("nowhere.test", 10, "mx.nowhere.test");
  dns_.fail("servfail.test");
  dns_.add_a("plain.test", "127.0.0.1");  // no MX: the domain itself
  open();
  start(sink.port());
  const auto id = submit({"a@null.test", "a@missing.test", "a@ours.test", "a@nowhere.test", "a@servfail.test", "a@plain.test"});
  const struct { SendState state; std::string_view reply; } expected[] = {
      {SendState::failed, "5.1.10"}, {SendState::failed, "5.1.2"}, {SendState::failed, "5.4.6"},
      {SendState::failed, "5.4.4"}, {SendState::deferred, "4.4.3"}, {SendState::relayed, "2.0.0"}};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_TRUE(becomes(id, i, expected[i].state)) << i;
    EXPECT_NE(state_of(id).to[i].reply.find(expected[i].reply), std::string::npos) << state_of(id).to[i].reply;
  }
}

TEST_F(MailOut, OneConnectionServesMessagesThatFollow) {
  SmtpSink sink;
  open_with_relay(sink.endpoint());
  start();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(becomes(submit({"ben@d" + std::to_string(i) + ".test"}), 0, SendState::relayed));
  EXPECT_EQ(sink.messages().size(), 10u);
  EXPECT_EQ(sink.connections(), 1u);
}

TEST_F(MailOut, AKeptConnectionThatThePeerClosedIsMadeAgain) {
  SmtpSink sink;
  open_with_relay(sink.endpoint());
  start();
  EXPECT_TRUE(becomes(submit({"ben@remote.test"}), 0, SendState::relayed));
  sink.answer_once("MAIL", "close");
  EXPECT_TRUE(becomes(submit({"ben@remote.test"}), 0, SendState::relayed));
  EXPECT_EQ(sink.messages().size(), 2u);
  EXPECT_EQ(sink.connections(), 2u);
}

TEST_F(MailOut, AServerThatDoesNotAnswerIsLeftInPeaceForAWhile) {
  open_with_relay("127.0.0.9:9");  // nobody listens there
  start();
  std::vector<schema::MessageId> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(submit({"ben@remote.test"}));
    EXPECT_TRUE(becomes(ids.back(), 0, SendState::deferred));
  }
  EXPECT_NE(state_of(ids[0]).to[0].reply.find("451 4.4.1 127.0.0.9:9"), std::string::npos);
  EXPECT_NE(state_of(ids[5]).to[0].reply.find("not tried"), std::string::npos) << state_of(ids[5]).to[0].reply;
}

TEST_F(MailOut, RecipientsBeyondWhatAServerTakesAtATimeFollowOnTheSameConnection) {
  SmtpSink sink;
  unsigned taken = 0;
  sink.answer_with([&taken](const std::string& said, unsigned) -> std::optional<std::string> {
    if (said.starts_with("MAIL")) taken = 0;
    if (said.starts_with("RCPT") && ++taken > 3) return "452 4.5.3 Too many recipients";
    return std::nullopt;
  });
  open_with_relay(sink.endpoint());
  start();
  std::vector<std::string> to;
  for (int i = 0; i < 10; ++i) to.push_back("user" + std::to_string(i) + "@remote.test");
  const auto id = submit(to);
  for (std::size_t i = 0; i < to.size(); ++i) EXPECT_TRUE(becomes(id, i, SendState::relayed));
  EXPECT_EQ(sink.messages().size(), 4u);
  EXPECT_EQ(sink.connections(), 1u);
}

// A server whose queue of connections overflowed takes half a minute to notice one.
TEST_F(MailOut, AConnectionWithoutAGreetingHoldsNoMessageUp) {
  SmtpSink sink;
  open_with_relay(sink.endpoint());
  sink.answer_once("", "silence");
  start();
  const auto first = submit({"ben@remote.test"});
  ASSERT_TRUE(sink.wait_for_connections(1));
  const auto second = submit({"ben@elsewhere.test"});
  EXPECT_TRUE(becomes(second, 0, SendState::relayed));
  EXPECT_TRUE(becomes(first, 0, SendState::relayed));
  EXPECT_EQ(sink.connections(), 2u);
}

// Anybody has reports sent to servers of his own, as many as he likes, and lets them say nothing.
TEST_F(MailOut, ReportsToServersThatSayNothingHoldNoOtherMailUp) {
  SmtpSink sink, dumb;
  dumb.answer_with([](const std::string&, unsigned) -> std::optional<std::string> { return "silence"; });
  schema::Configuration settings = StoreFixture::configuration();
  settings.relay.smart_host.host = sink.endpoint();
  settings.relay.routes.emplace_back();
  settings.relay.routes.back().domain = ".slow.test";
  settings.relay.routes.back().host = dumb.endpoint();
  settings.relay.max_connections = 4;
  open(std::move(settings));
  start();
  for (int i = 0; i < 20; ++i) {  // more than all that may be in hand
    store::HandedIn report;
    report.account = ann_;
    report.origin.network = "smtp";
    report.origin.trace = "report" + std::to_string(i);
    report.to.push_back({"x@d" + std::to_string(i) + ".slow.test", {}, {}});
    report.trace_block = "Return-Path: <>\r\nReceived: by out.example.test; Fri, 15 Jan 2027 08:00:00 +0000\r\n";
    auto intake = fixture_->store().submission().begin(std::move(report));
    intake->write(kText);
    const auto taken = store::wait_for<std::vector<Result<store::Delivered>>>([&](auto done) { intake->finish(std::move(done)); });
    ASSERT_TRUE(taken.ok() && taken->front().ok());
  }
  ASSERT_TRUE(dumb.wait_for_connections(1));
  EXPECT_TRUE(becomes(submit({"ben@remote.test"}), 0, SendState::relayed));
  EXPECT_TRUE(becomes(submit({"carl@remote.test"}), 0, SendState::relayed));
  EXPECT_EQ(dumb.connections(), 1u);  // a quarter of four
}

TEST_F(MailOut, LargeMessagesAreReadAsTheyAreSent) {
  SmtpSink sink;
  open_with_relay(sink.endpoint());
  start();
  std::string large(kText);
  while (large.size() < 5'000'000) large += "." + std::string(74, 'y') + "\r\n";
  EXPECT_TRUE(becomes(submit({"ben@remote.test"}, large), 0, SendState::relayed));
  EXPECT_TRUE(sink.messages().at(0).content.ends_with(large));
}

TEST_F(MailOut, EightBitContentIsRewrittenForAServerOfOldOrFails) {
  SmtpSink::Options old;
  old.extensions = {};
  SmtpSink sink(old);
  open_with_relay(sink.endpoint());
  start();
  const auto text = submit({"ben@remote.test"}, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ngr\xc3\xbc\r\n");
  EXPECT_TRUE(becomes(text, 0, SendState::relayed));
  EXPECT_TRUE(sink.messages().at(0).content.ends_with(
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ngr=C3=BC\r\n"))
      << sink.messages().at(0).content;
  const auto header = submit({"ben@remote.test"}, "Subject: gr\xc3\xbc\r\n\r\nx\r\n");
  EXPECT_TRUE(becomes(header, 0, SendState::failed));
  EXPECT_NE(state_of(header).to[0].reply.find("5.6.3"), std::string::npos);
}

TEST_F(MailOut, StoppingLeavesWhatWasNotSentForTheNextStart) {
  SmtpSink sink;
  open_with_relay(sink.endpoint());
  sink.answer_once("", "421 4.3.2 Not now");
  start();
  sender_->stop(Duration(0));
  const auto id = submit({"ben@remote.test"});
  EXPECT_EQ(state_of(id).to[0].state, SendState::waiting);
  sender_.reset();
  sink.answer_with({});
  start();
  EXPECT_TRUE(becomes(id, 0, SendState::deferred));  // by the 421
  fixture_->clock().advance(std::chrono::minutes(6));
  EXPECT_TRUE(becomes(id, 0, SendState::relayed));
}

TEST_F(MailOutTls, TlsIsTakenWhereItIsOfferedWhateverTheCertificate) {
  const auto sink = secure_sink("someone.else.test");
  open_with(schema::RelayTls::opportunistic, sink->endpoint());
  start();
  EXPECT_TRUE(becomes(submit({"ben@remote.test"}), 0, SendState::relayed));
  EXPECT_TRUE(sink->messages().at(0).secure);
}

TEST_F(MailOutTls, TlsThatWasOnlyPossibleAndFailsIsDoneWithout) {
  const auto sink = secure_sink("mx.remote.test");
  sink->answer_once("STARTTLS", "454 4.7.0 TLS is not available");
  open_with(schema::RelayTls::opportunistic, sink->endpoint());
  start();
  EXPECT_TRUE(becomes(submit({"ben@remote.test"}), 0, SendState::relayed));
  EXPECT_FALSE(sink->messages().at(0).secure);
}

TEST_F(MailOutTls, TlsThatIsRequiredWaitsForACertificateThatHolds) {
  const auto sink = secure_sink("mx.remote.test");
  dns_.add_a("mx.remote.test", "127.0.0.1");
  dns_.add_a("other.remote.test", "127.0.0.1");
  open_with(schema::RelayTls::required, "mx.remote.test:" + std::to_string(sink->port()));
  start();
  EXPECT_TRUE(becomes(submit({"ben@remote.test"}), 0, SendState::relayed));
  EXPECT_TRUE(sink->messages().at(0).secure);
  sender_.reset();
  open_with(schema::RelayTls::required, "other.remote.test:" + std::to_string(sink->port()));
  start();
  const auto id = submit({"ben@remote.test"});
  EXPECT_TRUE(becomes(id, 0, SendState::deferred));
  EXPECT_NE(state_of(id).to[0].reply.find("4.7.5"), std::string::npos) << state_of(id).to[0].reply;
  EXPECT_EQ(sink->messages().size(), 1u);
}

}  // namespace
}  // namespace telepost::adapters::smtp::sender
