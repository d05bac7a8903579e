#include "adapters/smtp/codec.h"

#include <gtest/gtest.h>

#include "adapters/net/line_codec.h"
#include "adapters/smtp/path_codec.h"

namespace telepost::adapters::smtp {
namespace {

template <typename Verb>
Verb parsed(std::string_view line) {
  Command command = parse_command(line);
  EXPECT_TRUE(std::holds_alternative<Verb>(command)) << line;
  return std::holds_alternative<Verb>(command) ? std::get<Verb>(command) : Verb{};
}

std::string refusal(std::string_view line) {
  const Command command = parse_command(line);
  if (!std::holds_alternative<Refused>(command)) return "taken";
  const Reply& reply = std::get<Refused>(command).reply;
  return std::to_string(reply.code) + " " + std::string(reply.status);
}

std::string address(std::string_view path) {
  const std::optional<Path> parsed_path = parse_path(path);
  return parsed_path ? mailto_of(*parsed_path) : "refused";
}

// RFC 5321 section 4.1.3; the trace field that tells of it must hold nothing else.
TEST(SmtpCodec, AnAddressLiteralIsAnAddress) {
  EXPECT_EQ(parsed<Hello>("EHLO [192.0.2.1]").name, "[192.0.2.1]");
  EXPECT_EQ(parsed<Hello>("EHLO [ipv6:2001:db8::1]").name, "[ipv6:2001:db8::1]");
  for (const std::string_view name : {"[192.0.2.256]", "[192.0.2]", "[2001:db8::1]", "[IPv6:192.0.2.1]", "[x:(by;example.test)]",
                                      "[x:y]", "[IPv6:]", "[192.0.2.1 ]"}) {
    EXPECT_EQ(refusal("EHLO " + std::string(name)).substr(0, 3), "501") << name;
  }
}

TEST(SmtpCodec, NoNameHidesAControlOrTurnsTheText) {
  for (const std::string_view bad : {"\u009b", "\u0080", "\u202e", "\u2066", "\u200f", "\u2028", "\xff", "\xc2", "\xed\xa0\x80"}) {
    const std::string name(bad);
    EXPECT_EQ(refusal("EHLO a" + name + "b.test").substr(0, 3), "501");
    EXPECT_EQ(address("<a" + name + "b@example.test>"), "refused");
    EXPECT_EQ(address("<\"a" + name + "b\"@example.test>"), "refused");
    EXPECT_EQ(address("<ann@a" + name + "b.test>"), "refused");
  }
}

// RFC 5321 section 4.1.2
TEST(SmtpCodec, ReadsEveryShapeOfPath) {
  EXPECT_EQ(address("<ann@example.test>"), "mailto:ann@example.test");
  EXPECT_EQ(address("<Ann+News@EXAMPLE.Test>"), "mailto:Ann+News@example.test");
  EXPECT_EQ(address("<\"ann\"@example.test>"), "mailto:ann@example.test");
  EXPECT_EQ(address("<\"o hara\"@example.test>"), "mailto:\"o hara\"@example.test");
  EXPECT_EQ(address("<\"a>\\\"b\"@example.test>"), "mailto:\"a>\\\"b\"@example.test");
  EXPECT_EQ(address("<ann@[192.0.2.1]>"), "mailto:ann@[192.0.2.1]");
  EXPECT_EQ(address("<ann@[IPv6:2001:db8::1]>"), "mailto:ann@[ipv6:2001:db8::1]");
  EXPECT_EQ(address("<@relay.test,@other.test:ann@example.test>"), "mailto:ann@example.test");
  EXPECT_EQ(address("<m\xc3\xbcller@b\xc3\xbc.test>"), "mailto:m\xc3\xbcller@b\xc3\xbc.test");
  EXPECT_EQ(address("<>"), "");
}

TEST(SmtpCodec, RefusesPathsThatBreakTheGrammar) {
  for (const char* path : {"ann@example.test", "<ann@example.test", "<ann@>", "<@example.test>", "<ann@exa mple.test>",
                           "<.ann@example.test>", "<ann.@example.test>", "<an..n@example.test>", "<ann@.test>",
                           "<ann@example..test>", "<ann@example.test.>", "<ann@-x.test>", "<ann@[]>", "<ann@[1.2.3.4>",
                           "<\"ann@example.test>", "<\"a\tb\"@example.test>", "<ann@example.test@x>", "<a\xff@example.test>",
                           "<@relay.test ann@example.test>", "<tel:+15550100@example.test>"}) {
    EXPECT_EQ(address(path), "refused") << path;
  }
}

// RFC 5321 sections 4.5.3.1.1 to 4.5.3.1.3
TEST(SmtpCodec, HoldsTheLengthLimitsOfPaths) {
  EXPECT_NE(address("<" + std::string(64, 'a') + "@example.test>"), "refused");
  EXPECT_EQ(address("<" + std::string(65, 'a') + "@example.test>"), "refused");
  EXPECT_EQ(address("<ann@" + std::string(64, 'b') + ".test>"), "refused");
  std::string domain;
  while (domain.size() < 256) domain += "label.";
  EXPECT_EQ(address("<ann@" + domain + "test>"), "refused");
}

TEST(SmtpCodec, KnowsTelephoneNumbers) {
  const auto number = [](std::string_view path) { return number_of(*parse_path(path)).value_or("none"); };
  EXPECT_EQ(number("<+15550100@example.test>"), "+15550100");
  EXPECT_EQ(number("<+15550100>"), "+15550100");
  EXPECT_EQ(number("<tel:+15550100>"), "+15550100");
  EXPECT_EQ(number("<15550100@example.test>"), "none");
  EXPECT_EQ(number("<+1555x@example.test>"), "none");
  EXPECT_EQ(number("<+1234567890123456@example.test>"), "none");  // E.164 ends at 15 digits
}

TEST(SmtpCodec, ReadsMailWithItsParameters) {
  const Mail mail = parsed<Mail>("mail from:<a@b.test> size=4096 BODY=8bitmime SMTPUTF8 ENVID=call+2B7+3Da");
  EXPECT_EQ(mail.from.text, "a@b.test");
  EXPECT_EQ(mail.size_bytes, 4096u);
  EXPECT_EQ(mail.body, Body::eight_bit);
  EXPECT_TRUE(mail.utf8);
  EXPECT_EQ(mail.envid, "call+7=a");
  EXPECT_TRUE(parsed<Mail>("MAIL FROM:<>").from.is_null());
  EXPECT_EQ(parsed<Mail>("MAIL FROM: <a@b.test>  ").body, Body::seven_bit);
  EXPECT_EQ(parsed<Mail>("MAIL FROM:<a@b.test> BODY=BINARYMIME").body, Body::binary);
}

TEST(SmtpCodec, RefusesMailThatBreaksTheGrammar) {
  EXPECT_EQ(refusal("MAIL"), "501 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM"), "501 5.1.7");
  EXPECT_EQ(refusal("MAIL TO:<a@b.test>"), "501 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:a@b.test"), "501 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test>x"), "501 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:<ann>"), "501 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> SIZE=ten"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> SIZE=99999999999999999999999"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> BODY=BINARY"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> COLOUR=blue"), "555 5.5.4");     // RFC 5321 section 4.1.1.11
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> ENVID=a=b"), "501 5.5.4");       // RFC 3461 section 4: "=" must be encoded
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> ENVID=a+2g"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<m\xc3\xbcller@b.test>"), "553 5.6.7");     // RFC 6531 section 3.5
}

TEST(SmtpCodec, ReadsRcpt) {
  EXPECT_EQ(parsed<Rcpt>("RCPT TO:<ann@example.test>").to.text, "ann@example.test");
  EXPECT_EQ(parsed<Rcpt>("RCPT TO:<PostMaster>").to.local, "PostMaster");  // RFC 5321 section 4.5.1
  EXPECT_EQ(refusal("RCPT TO:<ann>"), "501 5.1.3");
  EXPECT_EQ(refusal("RCPT TO:<>"), "501 5.1.3");
  EXPECT_EQ(refusal("RCPT TO:<ann@example.test> COLOUR=blue"), "555 5.5.4");
}

// RFC 3461 section 4
TEST(SmtpCodec, ReadsWhatASenderAsksToBeToldOf) {
  const Mail mail = parsed<Mail>("MAIL FROM:<a@b.test> RET=hdrs ENVID=QQ314159 REQUIRETLS AUTH=a+3Db@c.test");
  EXPECT_EQ(mail.request.ret, schema::ReportReturn::headers);
  EXPECT_EQ(mail.request.envid, "QQ314159");
  EXPECT_TRUE(mail.request.require_tls && mail.has_auth);
  const Rcpt rcpt = parsed<Rcpt>("RCPT TO:<a@b.test> NOTIFY=success,Failure ORCPT=rfc822;Bob+2Bx@Ivory.test");
  EXPECT_EQ(rcpt.request.notify, (schema::Notify{.success = true, .failure = true}));
  EXPECT_EQ(rcpt.request.orcpt, "rfc822;Bob+x@Ivory.test");
  EXPECT_TRUE(parsed<Rcpt>("RCPT TO:<a@b.test> NOTIFY=NEVER").request.notify.never);
}

// RFC 3030 section 2
TEST(SmtpCodec, ReadsBdatAndKnowsWhenAChunkHasNoEnd) {
  EXPECT_EQ(parsed<Bdat>("BDAT 86").size_bytes, 86u);
  EXPECT_FALSE(parsed<Bdat>("BDAT 86").last);
  EXPECT_TRUE(parsed<Bdat>("bdat 0 last").last);
  for (const std::string_view bad : {"BDAT", "BDAT x", "BDAT -1", "BDAT 1 LEAST", "BDAT 1 LAST x", "BDAT 0x10", "BDAT 99999999999999999999999"}) {
    EXPECT_FALSE(parsed<Bdat>(bad).size_bytes) << bad;
  }
}

// RFC 4954 section 4
TEST(SmtpCodec, ReadsAuthAndStartTls) {
  EXPECT_EQ(parsed<Auth>("auth scram-sha-256 =").mechanism, "SCRAM-SHA-256");
  EXPECT_EQ(parsed<Auth>("AUTH PLAIN AGEAYg==").response, "AGEAYg==");
  EXPECT_FALSE(parsed<Auth>("AUTH LOGIN").response);
  EXPECT_EQ(refusal("AUTH"), "501 5.5.4");
  EXPECT_EQ(refusal("AUTH PLAIN a b"), "501 5.5.4");
  parsed<StartTls>("STARTTLS");
  EXPECT_EQ(refusal("STARTTLS now"), "501 5.5.4");  // RFC 3207 section 4
}

// Postfix's XCLIENT_README
TEST(SmtpCodec, ReadsXclient) {
  using Name = Xclient::Attribute::Name;
  const Xclient xclient = parsed<Xclient>("XCLIENT NAME=a+2Db.test ADDR=IPV6:2001:db8::1 PORT=25 HELO=[UNAVAILABLE] LOGIN=[tempunavail]");
  ASSERT_EQ(xclient.attributes.size(), 5u);
  EXPECT_EQ(xclient.attributes[0].value, "a-b.test");
  EXPECT_EQ(xclient.attributes[1].name, Name::address);
  EXPECT_EQ(xclient.attributes[1].value, "2001:db8::1");
  EXPECT_FALSE(xclient.attributes[3].value || xclient.attributes[4].value);
  for (const std::string_view bad : {"XCLIENT", "XCLIENT NAME", "XCLIENT COLOUR=blue", "XCLIENT ADDR=2001:db8::1", "XCLIENT ADDR=x",
                                     "XCLIENT PORT=65536", "XCLIENT HELO=a+0D+0Ab", "XCLIENT PROTO=HTTP", "XCLIENT NAME="}) {
    EXPECT_EQ(refusal(bad), "501 5.5.4") << bad;
  }
}

TEST(SmtpCodec, ReadsTheOtherVerbsInAnyCase) {
  EXPECT_EQ(parsed<Hello>("ehlo client.test").name, "client.test");
  EXPECT_EQ(parsed<Hello>("HELO [192.0.2.1]").kind, Hello::Kind::helo);
  EXPECT_EQ(parsed<Hello>("LHLO x  ").kind, Hello::Kind::lhlo);
  parsed<DataCommand>("Data");
  parsed<Rset>("RSET ");
  parsed<Quit>("quit");
  parsed<Noop>("NOOP anything at all");
  parsed<Help>("HELP MAIL");
  parsed<Vrfy>("VRFY ann");
  parsed<Expn>("EXPN list");
}

TEST(SmtpCodec, RefusesWhatIsNoCommand) {
  EXPECT_EQ(refusal(""), "500 5.5.1");
  EXPECT_EQ(refusal("WHAT"), "500 5.5.1");
  EXPECT_EQ(refusal("DATAX"), "500 5.5.1");
  EXPECT_EQ(refusal("DATA now"), "501 5.5.4");
  EXPECT_EQ(refusal("QUIT now"), "501 5.5.4");
  EXPECT_EQ(refusal("VRFY"), "501 5.5.4");
  EXPECT_EQ(refusal("EHLO"), "501 5.5.4");
  EXPECT_EQ(refusal("EHLO a b"), "501 5.5.4");
  EXPECT_EQ(refusal("ETRN x"), "502 5.5.1");
  EXPECT_EQ(refusal(std::string_view("NOOP\0x", 6)), "500 5.5.2");
}

TEST(SmtpCodec, WritesRepliesOnOneLine) {
  std::string out;
  append(out, {550, "5.1.1", "No such\r\n250 mailbox"});
  EXPECT_EQ(out, "550 5.1.1 No such??250 mailbox\r\n");
}

// RFC 3463 section 2: the class of the status code is the reply code's first digit.
TEST(SmtpCodec, GivesEveryErrorAReplyOfOneClass) {
  for (int kind = 0; kind <= static_cast<int>(Errc::unsupported); ++kind) {
    const Reply reply = reply_to({static_cast<Errc>(kind), ""});
    EXPECT_TRUE(reply.code / 100 == 4 || reply.code / 100 == 5) << kind;
    EXPECT_EQ(reply.status.front() - '0', reply.code / 100) << kind;
  }
}

TEST(LineCodec, KnowsLinesByCrlfAlone) {
  using Status = net::LineScan::Status;
  EXPECT_EQ(net::scan_line("NOOP\r\nQUIT\r\n", 1024).size_bytes, 6u);
  EXPECT_EQ(net::scan_line("NOOP", 1024).status, Status::incomplete);
  EXPECT_EQ(net::scan_line("NOOP\r", 1024).status, Status::incomplete);
  EXPECT_EQ(net::scan_line("NOOP\n", 1024).status, Status::bare);
  EXPECT_EQ(net::scan_line("NO\rOP\r\n", 1024).status, Status::bare);
  EXPECT_EQ(net::scan_line("NOOP\rX", 1024).status, Status::bare);
  EXPECT_EQ(net::scan_line("\r\r\n", 1024).status, Status::bare);
  EXPECT_EQ(net::scan_line("12345678\r\n", 10).status, Status::complete);
  EXPECT_EQ(net::scan_line("123456789\r\n", 10).status, Status::too_long);
}

}  // namespace
}  // namespace telepost::adapters::smtp
