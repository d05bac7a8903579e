#include <gtest/gtest.h>

#include "adapters/net/smtp_reply_codec.h"
#include "adapters/net/xtext_codec.h"

namespace telepost::adapters::net {
namespace {

SmtpReply reply_of(std::string_view bytes) {
  const auto scanned = scan_smtp_reply(bytes);
  EXPECT_TRUE(scanned.ok() && scanned->has_value()) << bytes;
  return scanned.ok() && *scanned ? (*scanned)->reply : SmtpReply{};
}

TEST(SmtpReplyCodec, ReadsALineWithCodeStatusAndText) {
  EXPECT_EQ(reply_of("550 5.1.1 No such user\r\n"), (SmtpReply{550, "5.1.1", {"No such user"}}));
}

// RFC 5321 section 4.2.1: "250-First line", "250-Second line", "250-234 Text beginning with numbers", "250 The last line".
TEST(SmtpReplyCodec, ReadsSeveralLinesAsOneReply) {
  const std::string_view bytes = "250-First line\r\n250-Second line\r\n250-234 Text beginning with numbers\r\n250 The last line\r\n";
  const auto scanned = scan_smtp_reply(bytes);
  ASSERT_TRUE(scanned.ok() && *scanned);
  EXPECT_EQ((*scanned)->size_bytes, bytes.size());
  EXPECT_EQ((*scanned)->reply,
            (SmtpReply{250, "", {"First line", "Second line", "234 Text beginning with numbers", "The last line"}}));
}

// RFC 2034 section 4 repeats the status on each line.
TEST(SmtpReplyCodec, TakesTheStatusFromEveryLine) {
  EXPECT_EQ(reply_of("452-4.2.2 Full\r\n452 4.2.2 Come back\r\n"), (SmtpReply{452, "4.2.2", {"Full", "Come back"}}));
}

// RFC 5321 section 4.2: a client must accept a code without text.
TEST(SmtpReplyCodec, ReadsACodeAlone) { EXPECT_EQ(reply_of("250\r\n"), (SmtpReply{250, "", {""}})); }

TEST(SmtpReplyCodec, AStatusOfAnotherClassOrShapeIsText) {
  for (const std::string_view text : {"5.1.1 x", "2.0 x", "2.0.0x", "2.1234.0 x", "2..0 x"}) {
    EXPECT_EQ(reply_of("250 " + std::string(text) + "\r\n"), (SmtpReply{250, "", {std::string(text)}}));
  }
}

TEST(SmtpReplyCodec, WaitsForTheRestOfAReply) {
  for (const std::string_view part : {"", "2", "250", "250 ok", "250 ok\r", "250-a\r\n", "250-a\r\n250"}) {
    const auto scanned = scan_smtp_reply(part);
    ASSERT_TRUE(scanned.ok()) << part;
    EXPECT_FALSE(scanned->has_value()) << part;
  }
}

TEST(SmtpReplyCodec, LeavesWhatFollowsTheReply) {
  const auto scanned = scan_smtp_reply("250 a\r\n354 b\r\n");
  ASSERT_TRUE(scanned.ok() && *scanned);
  EXPECT_EQ((*scanned)->size_bytes, 7u);
}

TEST(SmtpReplyCodec, RefusesWhatIsNoReply) {
  for (const std::string_view bytes : {"hello\r\n", "25\r\n", "650 x\r\n", "050 x\r\n", "250x\r\n", "\r\n", "250-a\r\n251 b\r\n",
                                       "250 a\n", "250 a\rb\r\n", "SSH-2.0-x\r\n"}) {
    EXPECT_EQ(scan_smtp_reply(bytes).error().kind, Errc::invalid) << bytes;
  }
}

TEST(SmtpReplyCodec, BoundsLinesAndReplies) {
  EXPECT_EQ(scan_smtp_reply("250 " + std::string(kMaxReplyLine, 'x')).error().kind, Errc::too_large);
  std::string endless;
  for (std::size_t i = 0; i < kMaxReplyLines; ++i) endless += "250-x\r\n";
  EXPECT_EQ(scan_smtp_reply(endless).error().kind, Errc::too_large);
}

TEST(SmtpReplyCodec, ShowsNoControlCharactersAndHalfLetters) {
  EXPECT_EQ(reply_of("550 a\x1b[2Jb\r\n").lines, std::vector<std::string>{"a?[2Jb"});
  EXPECT_EQ(reply_of("550 gr\xc3\xbc\xc3\x9f\r\n").lines, std::vector<std::string>{"gr\xc3\xbc\xc3\x9f"});
  EXPECT_EQ(reply_of("550 gr\xfc\r\n").lines, std::vector<std::string>{"gr?"});
}

TEST(SmtpReplyCodec, ShortensItForPeople) {
  EXPECT_EQ(to_string(reply_of("550-5.1.1 No\r\n550 5.1.1 user\r\n")), "550 5.1.1 No user");
  SmtpReply umlauts{550, "", {std::string(497, 'x') + "\xc3\xbc"}};
  EXPECT_EQ(to_string(umlauts), "550 " + std::string(496, 'x'));
}

TEST(SmtpReplyCodec, KnowsTheExtensionsOfAGreeting) {
  const SmtpExtensions offered = extensions_of(reply_of(
      "250-mx.example.test greets you\r\n250-PIPELINING\r\n250-size 10240000\r\n250-STARTTLS\r\n250-AUTH plain LOGIN\r\n"
      "250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250 REQUIRETLS\r\n"));
  EXPECT_EQ(offered, (SmtpExtensions{true, true, true, true, true, true, true, true, true, 10240000, {"PLAIN", "LOGIN"}}));
}

TEST(SmtpReplyCodec, TheGreetingItselfOffersNothing) {
  EXPECT_EQ(extensions_of(reply_of("250 PIPELINING\r\n")), SmtpExtensions{});
}

// RFC 3030 section 3: BINARYMIME needs CHUNKING.
TEST(SmtpReplyCodec, BinaryWithoutChunkingIsNotOffered) {
  EXPECT_FALSE(extensions_of(reply_of("250-mx\r\n250 BINARYMIME\r\n")).binary);
}

TEST(SmtpReplyCodec, ASizeThatIsNoNumberIsNoLimit) {
  const SmtpExtensions offered = extensions_of(reply_of("250-mx\r\n250 SIZE 99999999999999999999\r\n"));
  EXPECT_TRUE(offered.size);
  EXPECT_EQ(offered.max_size_bytes, 0u);
}

// RFC 3461 section 4.
TEST(XtextCodec, WritesWhatItReads) {
  EXPECT_EQ(encode_xtext("a+b=c d\xc3\xbc"), "a+2Bb+3Dc+20d+C3+BC");
  EXPECT_EQ(decode_xtext("a+2Bb+3Dc+20d+C3+BC").value(), "a+b=c d\xc3\xbc");
}

}  // namespace
}  // namespace telepost::adapters::net
