#include "adapters/smtp/authentication/dkim_verify.h"

#include "adapters/smtp/authentication/message_check.h"
#include "base/bytes.h"
#include "tests/unit/dkim_vectors.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using policies::DkimResult;
using test::DnsZone;
using test::crlf;
using test::kDinner;
using test::kSigned6376;
using test::kSigned8463;

constexpr std::string_view kBrisbane = "brisbane._domainkey.example.com";

std::vector<DkimVerdict> verdicts_of(const std::string& message, DnsZone zone, Time now = {}) {
  return zone.settle([&](DnsAnswers& answers) -> std::optional<std::vector<DkimVerdict>> {
    MessageCheck check({.spf = false, .dkim = true, .arc = false, .dmarc = false}, {.envelope = {}, .authserv_id = "mx", .trusted_sealers = {}, .now = now});
    for (std::size_t at = 0; at < message.size(); at += 7) check.see(std::string_view(message).substr(at, 7));
    check.rest();
    return check.conclude(answers) ? std::optional(check.dkim()) : std::nullopt;
  });
}

std::string dinner(std::string_view signatures) { return crlf(std::string(signatures) + std::string(kDinner)); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(DkimVerify, AcceptsTheMessageOfRfc6376AppendixA) {
  const auto verdicts = verdicts_of(dinner(kSigned6376), test::keys_of_the_rfcs());
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].result, DkimResult::pass) << verdicts[0].reason;
  EXPECT_EQ(verdicts[0].domain, "example.com");
  EXPECT_EQ(verdicts[0].identity, "joe@football.example.com");
  EXPECT_EQ(verdicts[0].selector, "brisbane");
  EXPECT_EQ(verdicts[0].signature_start, "AuUoFEfD");
}

// Who asks for a report of success must be who is reported to; From is another matter.
TEST(DkimVerify, ProvesASenderOfTheSameOrganizationAlone) {
  const auto proves = [](const std::string& sender) {
    return test::keys_of_the_rfcs().settle([&](DnsAnswers& answers) -> std::optional<bool> {
      MessageCheck check({.spf = false, .dkim = true, .arc = false, .dmarc = false},
                         {.envelope = {{}, "", sender}, .authserv_id = "mx", .trusted_sealers = {}, .now = {}});
      check.see(dinner(kSigned6376));
      check.rest();
      return check.conclude(answers) ? std::optional(check.proves_sender()) : std::nullopt;
    });
  };
  EXPECT_TRUE(proves("joe@football.example.com"));
  EXPECT_TRUE(proves("anybody@example.com"));
  EXPECT_FALSE(proves("joe@example.org"));
  EXPECT_FALSE(proves("joe@com"));
  EXPECT_FALSE(proves(""));
}

TEST(DkimVerify, AcceptsBothSignaturesOfRfc8463AppendixA) {
  const auto verdicts = verdicts_of(dinner(kSigned8463), test::keys_of_the_rfcs());
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].result, DkimResult::pass) << verdicts[0].reason;
  EXPECT_EQ(verdicts[0].algorithm, Algorithm::ed25519_sha256);
  EXPECT_EQ(verdicts[1].result, DkimResult::pass) << verdicts[1].reason;
  EXPECT_EQ(verdicts[1].algorithm, Algorithm::rsa_sha256);
}

TEST(DkimVerify, FailsWhateverWasChanged) {
  const std::string message = dinner(kSigned8463);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"hungry", "thirsty"},
                                                                                 {"Is dinner", "Was dinner"},
                                                                                 {"Message-ID", "X-ID"},
                                                                                 {"From: Joe", "From: Eve <e@x.test>\r\nFrom: Joe"}}) {
    for (const DkimVerdict& verdict : verdicts_of(replaced(message, from, to), test::keys_of_the_rfcs())) {
      EXPECT_EQ(verdict.result, DkimResult::fail) << from;
    }
  }
}

// Relaxed signatures survive what relays do to white space (RFC 6376 section 3.4.2).
TEST(DkimVerify, PassesRefoldedFieldsAndTrailingBlanks) {
  std::string message = replaced(dinner(kSigned8463), "Subject: Is dinner ready?", "SUBJECT :Is\r\n\t dinner  ready? ");
  message = replaced(message, "Joe.\r\n", "Joe. \t\r\n\r\n\r\n");
  EXPECT_EQ(verdicts_of(message, test::keys_of_the_rfcs())[0].result, DkimResult::pass);
}


// RFC 6376 sections 3.6.1 and 6.1.2; the signature itself is good.
TEST(DkimVerify, HeedsWhatTheKeyRecordSays) {
  const std::string p = "p=" + std::string(test::kKey6376);
  const std::vector<std::pair<std::string, DkimResult>> cases = {
      {p, DkimResult::pass},
      {"v=DKIM1; k=rsa; t=y; n=note; h=sha1:sha256; s=other:email; " + p + ";", DkimResult::pass},
      {"v=DKIM1; s=*; " + p + "; unknown=tag", DkimResult::pass},
      {"v=DKIM1; t=y:s; " + p, DkimResult::permerror},  // i= is below d=
      {"v=DKIM1; h=sha1; " + p, DkimResult::permerror},
      {"v=DKIM1; s=tlsrpt; " + p, DkimResult::permerror},
      {"v=DKIM1; k=ed25519; " + p, DkimResult::permerror},
      {"v=DKIM1; k=dsa; " + p, DkimResult::neutral},
      {"v=DKIM2; " + p, DkimResult::permerror},
      {p + "; v=DKIM1", DkimResult::permerror},
      {"v=DKIM1; p=", DkimResult::permerror},
      {"v=DKIM1; p=AAAA", DkimResult::permerror},
      {"v=DKIM1; p=!", DkimResult::permerror},
      {"v=DKIM1", DkimResult::permerror},
      {"v=spf1 -all", DkimResult::permerror},
  };
  for (const auto& [record, expected] : cases) {
    DnsZone zone;
    zone.txt(std::string(kBrisbane), record);
    const auto verdicts = verdicts_of(dinner(kSigned6376), zone);
    EXPECT_EQ(name_of(verdicts[0].result), name_of(expected)) << record << ": " << verdicts[0].reason;
  }
}

TEST(DkimVerify, TellsAKeyThatIsNotThereFromOneThatCannotBeAskedFor) {
  EXPECT_EQ(verdicts_of(dinner(kSigned6376), {})[0].result, DkimResult::permerror);
  DnsZone zone;
  zone.fail(DnsZone::Type::txt, std::string(kBrisbane));
  EXPECT_EQ(verdicts_of(dinner(kSigned6376), zone)[0].result, DkimResult::temperror);
}

TEST(DkimVerify, TakesTheKeyAmongOtherRecordsOfItsName) {
  DnsZone zone;
  zone.txt(std::string(kBrisbane), "verification=1234 or something");
  zone.txt(std::string(kBrisbane), "p=" + std::string(test::kKey6376));
  EXPECT_EQ(verdicts_of(dinner(kSigned6376), zone)[0].result, DkimResult::pass);
}

// RFC 8301 section 3.2: 512 bits, made with openssl genrsa 512.
TEST(DkimVerify, RefusesAKeyOfLessThan1024Bits) {
  DnsZone zone;
  zone.txt(std::string(kBrisbane), "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL/3d31cOV+B9i6cIzUEYNW3yBs5liuEUedCLAjrDFUlKhJas8OG"
                                   "Gydp/DgU0X9rqO6o/U/uJmxemCF7Vfv4qhECAwEAAQ==");
  EXPECT_EQ(name_of(verdicts_of(dinner(kSigned6376), zone)[0].result), "policy");
}

TEST(DkimVerify, NamesWhatIsWrongWithASignature) {
  const std::vector<std::tuple<std::string, std::string, DkimResult>> cases = {
      {"a=rsa-sha256", "a=rsa-sha1", DkimResult::policy},        // RFC 8301 section 3.1
      {"a=rsa-sha256", "a=dsa-sha256", DkimResult::neutral},
      {"a=rsa-sha256; ", "", DkimResult::permerror},
      {"v=1; ", "", DkimResult::permerror},
      {"v=1; ", "v=2; ", DkimResult::permerror},
      {"d=example.com", "d=", DkimResult::permerror},
      {"s=brisbane", "s=", DkimResult::permerror},
      {"d=example.com", "d=example.com; d=example.com", DkimResult::permerror},
      {"i=joe@football.example.com", "i=joe@football.example.net", DkimResult::permerror},
      {"i=joe@football.example.com", "i=joe", DkimResult::permerror},
      {"i=joe@football.example.com", "i=joe@notexample.com", DkimResult::permerror},
      {"h=Received : From : To", "h=Received : To", DkimResult::permerror},
      {"h=Received", "h=:Received", DkimResult::permerror},
      {"c=simple/simple", "c=simple/strict", DkimResult::neutral},
      {"q=dns/txt", "q=carrier/pigeon", DkimResult::neutral},
      {"q=dns/txt", "q=dns/txt; t=10; x=9", DkimResult::permerror},
      {"q=dns/txt", "q=dns/txt; x=soon", DkimResult::permerror},
      {"q=dns/txt", "q=dns/txt; l=-1", DkimResult::permerror},
      {"q=dns/txt", "q=dns/txt; l=1000", DkimResult::fail},
      {"q=dns/txt", "q=dns/txt; x=1", DkimResult::fail},
      {"bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=", "bh=2jUS", DkimResult::permerror},
      {"bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;", "", DkimResult::permerror},
      {"b=AuUo", "b=AuUp", DkimResult::fail},
      {"v=1;", "v=1; no value;", DkimResult::permerror},
  };
  const Time now = *from_rfc3339("2026-11-20T12:00:00Z");
  for (const auto& [from, to, expected] : cases) {
    const auto verdicts = verdicts_of(replaced(dinner(kSigned6376), from, to), test::keys_of_the_rfcs(), now);
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(name_of(verdicts[0].result), name_of(expected)) << from << " -> " << to << ": " << verdicts[0].reason;
  }
}

std::string signed_up_to(std::uint64_t length, const std::string& body) {
  BodyHash hash(Canonical::simple, length);
  hash.update(body);
  const std::string field = "DKIM-Signature: v=1; a=ed25519-sha256; d=football.example.com; s=brisbane; h=from; l=" + std::to_string(length) +
                            "; bh=" + to_base64(hash.finish().digest.view()) + "; b=";
  const std::string author = "From: joe@football.example.com\r\n";
  Signature signature;
  signature.fields = {"from"};
  const Header header = header_from(field + "\r\n" + author + "\r\n");
  const auto octets = PrivateKey::from_pem(test::kEd25519Pem)->sign(signed_header(header, 0, signature));
  return field + to_base64(octets.value()) + "\r\n" + author + "\r\n" + body;
}

// RFC 6376 section 8.2: whoever gets such a message can have it say anything to others.
TEST(DkimVerify, TakesASignatureOfAPartOfTheBodyForNoProof) {
  const auto whole = verdicts_of(signed_up_to(6, "text\r\n"), test::keys_of_the_rfcs());
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].result, DkimResult::pass) << whole[0].reason;
  DnsZone zone = test::keys_of_the_rfcs();
  zone.txt("_dmarc.example.com", "v=DMARC1; p=reject");
  const std::string message = signed_up_to(6, "text\r\nmore\r\n");
  const auto part = verdicts_of(message, zone);
  ASSERT_EQ(part.size(), 1U);
  EXPECT_EQ(part[0].result, DkimResult::policy);
  EXPECT_EQ(part[0].reason, "6 octets behind l= are not signed");
  const auto dmarc = zone.settle([&](DnsAnswers& answers) { return check_dmarc("football.example.com", {}, part, answers); });
  EXPECT_EQ(dmarc.result, policies::DmarcResult::fail);
}

TEST(DkimVerify, LooksAtTheFirstEightSignaturesAlone) {
  std::string many;
  for (int i = 0; i < 20; ++i) many += "DKIM-Signature: v=1; a=rsa-sha256; d=d" + std::to_string(i) + ".test; broken\n";
  EXPECT_EQ(verdicts_of(dinner(many + std::string(kSigned6376)), test::keys_of_the_rfcs()).size(), kMaxSignatures);
}

// Each way costs as much as the message is long.
TEST(DkimVerify, HashesTheBodyInFourWaysAtMost) {
  BodyHashes bodies;
  for (std::uint64_t length = 0; length < 10; ++length) EXPECT_EQ(bodies.add(Canonical::simple, length).has_value(), length < kMaxBodyHashes);
  EXPECT_TRUE(bodies.add(Canonical::simple, 3));
  EXPECT_FALSE(bodies.add(Canonical::relaxed, std::nullopt));
}

TEST(DkimVerify, SaysNoneForAnUnsignedMessage) {
  const auto verdicts = verdicts_of(dinner(""), {});
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].result, DkimResult::none);
}

// A header beyond what is kept cannot be judged, and must not pass by what was kept of it.
TEST(DkimVerify, GivesUpOnAHeaderThatIsTooLong) {
  std::string filler;
  for (int i = 0; i < 3000; ++i) filler += "X-Filler: " + std::string(60, 'x') + "\n";
  EXPECT_EQ(verdicts_of(dinner(std::string(kSigned6376) + filler), test::keys_of_the_rfcs())[0].result, DkimResult::permerror);
}

// Section 5.4.2: repeated names take instances from the bottom, and a name that has none left stands for nothing.
TEST(DkimVerify, TakesRepeatedFieldsFromTheBottom) {
  const Header header = header_from("X: 1\r\nX: 2\r\nX: 3\r\nDKIM-Signature: b=\r\n\r\n");
  Signature signature;
  signature.header = Canonical::relaxed;
  signature.fields = {"x", "x", "y", "x", "x", "dkim-signature"};
  EXPECT_EQ(signed_header(header, 3, signature), sha256("x:3\r\nx:2\r\nx:1\r\ndkim-signature:b="));
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
