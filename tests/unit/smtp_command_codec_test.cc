#include <gtest/gtest.h>

#include "adapters/net/smtp_command_codec.h"

namespace telepost::adapters::net {
namespace {

SmtpEnvelope envelope(std::string_view content = "Subject: x\r\n\r\nx\r\n") {
  SmtpEnvelope out;
  out.from = "ann@example.test";
  out.to = {{"ben@remote.test", {}}};
  out.content = survey(content);
  return out;
}

SmtpExtensions everything() {
  SmtpExtensions all;
  all.pipelining = all.eight_bit = all.utf8 = all.chunking = all.binary = all.dsn = all.start_tls = all.require_tls = all.size = true;
  return all;
}

constexpr std::string_view kEightBit = "Subject: x\r\n\r\ngr\xc3\xbc\r\n";

TEST(SmtpCommandCodec, SaysNothingThatWasNotOffered) {
  SmtpEnvelope plain = envelope();
  plain.request.envid = "x";
  plain.request.ret = schema::ReportReturn::full;
  plain.to[0].request = {{false, true, false, false}, "rfc822;ben@remote.test"};
  EXPECT_EQ(mail_command(plain, {}, SmtpTransport::text), "MAIL FROM:<ann@example.test>\r\n");
  EXPECT_EQ(rcpt_command(plain.to[0], {}), "RCPT TO:<ben@remote.test>\r\n");
}

// RFC 1870 section 6, 6152 section 3, 3461 sections 4.1 to 4.4, 8689 section 4.1.
TEST(SmtpCommandCodec, SaysWhatIsOfferedAndAskedFor) {
  SmtpEnvelope asked = envelope(kEightBit);
  asked.request.envid = "QQ 314=159";
  asked.request.ret = schema::ReportReturn::headers;
  asked.request.require_tls = true;
  asked.to[0].request = {{false, true, true, false}, "rfc822;Ben+x@remote.test"};
  EXPECT_EQ(mail_command(asked, everything(), SmtpTransport::text),
            "MAIL FROM:<ann@example.test> SIZE=20 BODY=8BITMIME REQUIRETLS RET=HDRS ENVID=QQ+20314+3D159\r\n");
  EXPECT_EQ(rcpt_command(asked.to[0], everything()),
            "RCPT TO:<ben@remote.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Ben+2Bx@remote.test\r\n");
}

TEST(SmtpCommandCodec, NeverStandsAlone) {
  const SmtpRecipient quiet{"ben@remote.test", {{true, false, false, false}, ""}};
  EXPECT_EQ(rcpt_command(quiet, everything()), "RCPT TO:<ben@remote.test> NOTIFY=NEVER\r\n");
}

TEST(SmtpCommandCodec, TheNullPathIsEmptyBrackets) {
  SmtpEnvelope report = envelope();
  report.from.clear();
  EXPECT_EQ(mail_command(report, {}, SmtpTransport::text), "MAIL FROM:<>\r\n");
  EXPECT_FALSE(refusal_of(report, {}, false));
}

TEST(SmtpCommandCodec, ChoosesHowContentTravels) {
  const auto content = [](std::string_view text) { return survey(text); };
  SmtpExtensions eight, chunking, binary;
  eight.eight_bit = chunking.eight_bit = chunking.chunking = true;
  binary = chunking;
  binary.binary = true;
  const std::string long_line(1200, 'x');
  EXPECT_EQ(transport_of(content("x\r\n"), {}), SmtpTransport::text);
  EXPECT_EQ(transport_of(content(kEightBit), {}), SmtpTransport::rewrite);
  EXPECT_EQ(transport_of(content(kEightBit), eight), SmtpTransport::text);
  EXPECT_EQ(transport_of(content(long_line), eight), SmtpTransport::rewrite);
  EXPECT_EQ(transport_of(content(long_line), chunking), SmtpTransport::chunks);
  EXPECT_EQ(transport_of(content(long_line), binary), SmtpTransport::binary);
  EXPECT_EQ(transport_of(content("a\nb\r\n"), chunking), SmtpTransport::rewrite);
  EXPECT_EQ(transport_of(content("a\nb\r\n"), binary), SmtpTransport::binary);
}

// RFC 3463 section 3.7.
TEST(SmtpCommandCodec, SaysWhyContentCannotTravel) {
  EXPECT_EQ(verdict_without_rewriting(survey("a\nb\r\n")).status, "5.6.1");
  EXPECT_EQ(verdict_without_rewriting(survey(std::string(1200, 'x'))).status, "5.6.0");
  EXPECT_EQ(verdict_without_rewriting(survey(kEightBit)).status, "5.6.3");
}

TEST(SmtpCommandCodec, RefusesBeforeMailWhatThePeerCannotTake) {
  SmtpExtensions small;
  small.size = true;
  small.max_size_bytes = 5;
  EXPECT_EQ(refusal_of(envelope(), small, false)->status, "5.3.4");

  SmtpEnvelope utf8 = envelope();
  utf8.to[0].path = "j\xc3\xbcrgen@remote.test";
  EXPECT_EQ(refusal_of(utf8, {}, false)->status, "5.6.7");
  EXPECT_FALSE(refusal_of(utf8, everything(), false));
  EXPECT_NE(mail_command(utf8, everything(), SmtpTransport::text).find(" SMTPUTF8"), std::string::npos);

  // Given with SMTPUTF8, yet nothing in it needs that: it may go on without.
  SmtpEnvelope plain = envelope(kEightBit);
  plain.utf8 = true;
  EXPECT_FALSE(refusal_of(plain, {}, false));

  SmtpEnvelope guarded = envelope();
  guarded.request.require_tls = true;
  EXPECT_EQ(refusal_of(guarded, everything(), false)->status, "5.7.30");
  EXPECT_EQ(refusal_of(guarded, {}, true)->status, "5.7.30");
  EXPECT_FALSE(refusal_of(guarded, everything(), true));
}

TEST(SmtpCommandCodec, NoAddressCanBreakTheDialogue) {
  for (const std::string_view path : {std::string_view("a@b\r\nRCPT TO:<c@d>"), std::string_view("a>b@c"), std::string_view("a b@c"),
                                      std::string_view("a@b\n"), std::string_view("a\0@b", 4)}) {
    SmtpEnvelope evil = envelope();
    evil.to[0].path = path;
    EXPECT_EQ(refusal_of(evil, everything(), true)->status, "5.1.3") << path;
    evil = envelope();
    evil.from = path;
    EXPECT_EQ(refusal_of(evil, everything(), true)->status, "5.1.7") << path;
  }
  EXPECT_TRUE(is_sendable_path("\"o > hara\"@example.test"));
}

TEST(SmtpCommandCodec, RepliesBecomeVerdicts) {
  using Kind = SmtpVerdict::Kind;
  EXPECT_EQ(verdict_of(SmtpReply{250, "2.1.5", {"Ok"}}), (SmtpVerdict{Kind::delivered, "2.1.5", "250 2.1.5 Ok", true, false}));
  EXPECT_EQ(verdict_of(SmtpReply{450, "", {"later"}}), (SmtpVerdict{Kind::deferred, "4.0.0", "450 later", true, false}));
  EXPECT_EQ(verdict_of(SmtpReply{550, "5.1.1", {"no"}}), (SmtpVerdict{Kind::failed, "5.1.1", "550 5.1.1 no", true, false}));
  EXPECT_EQ(verdict_of(SmtpReply{354, "", {"go"}}).kind, Kind::deferred);
  EXPECT_EQ(verdict_of(Error{Errc::timeout, "silent"}), (SmtpVerdict{Kind::deferred, "4.4.2", "silent", false, false}));
}

}  // namespace
}  // namespace telepost::adapters::net
