#include "adapters/smtp/authentication/dkim_sign.h"

#include "adapters/smtp/authentication/message_check.h"
#include "base/bytes.h"
#include "tests/unit/dkim_vectors.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using test::crlf;
using test::kDinner;

SigningKey key_of(const std::string& domain, const std::string& selector) {
  return {domain, selector, *PrivateKey::from_pem(test::kEd25519Pem)};
}

Result<std::string> sign(const SigningKeys& keys, std::string_view message, std::size_t chunk = 11) {
  DkimSigner signer(keys, *from_rfc3339("2026-11-20T16:25:30Z"));
  for (std::size_t at = 0; at < message.size(); at += chunk) signer.write(message.substr(at, chunk));
  return signer.finish();
}

std::string verified(const std::string& message, const SigningKeys& keys) {
  test::DnsZone zone;
  for (const SigningKey& key : keys.all()) zone.txt(key.selector + "._domainkey." + key.domain, key_record_of(key));
  return zone.settle([&](DnsAnswers& answers) -> std::optional<std::string> {
    MessageCheck check({.spf = false, .dkim = true, .arc = false, .dmarc = false}, {.envelope = {}, .authserv_id = "mx", .trusted_sealers = {}, .now = {}});
    check.see(message);
    check.rest();
    if (!check.conclude(answers)) return std::nullopt;
    std::string results;
    for (const DkimVerdict& verdict : check.dkim()) results += std::string(name_of(verdict.result)) + " " + verdict.selector + ";";
    return results;
  });
}

TEST(DkimSign, SignsWithEveryKeyOfTheAuthorsDomain) {
  const SigningKeys keys({key_of("football.example.com", "one"), key_of("other.test", "no"), key_of("football.example.com", "two")});
  const std::string message = crlf(kDinner);
  const Result<std::string> fields = sign(keys, message);
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ(verified(*fields + message, keys), "pass one;pass two;");
}

TEST(DkimSign, SignsForADomainBelowTheKeys) {
  const SigningKeys keys({key_of("example.com", "s")});
  const Result<std::string> fields = sign(keys, crlf(kDinner));
  ASSERT_TRUE(fields.ok());
  EXPECT_NE(fields->find("d=example.com"), std::string::npos);
  EXPECT_EQ(verified(*fields + crlf(kDinner), keys), "pass s;");
}

TEST(DkimSign, LeavesOthersMailAlone) {
  const SigningKeys keys({key_of("other.test", "s")});
  EXPECT_EQ(*sign(keys, crlf(kDinner)), "");
  EXPECT_EQ(*sign(keys, "Subject: no author\r\n\r\n"), "");
}

// RFC 6376 section 8.15: no second From can be put before the signed one.
TEST(DkimSign, SignsThatThereIsNoOtherFrom) {
  const SigningKeys keys({key_of("football.example.com", "s")});
  const std::string fields = *sign(keys, crlf(kDinner));
  EXPECT_NE(fields.find("h=from:from:to:subject:date:message-id;"), std::string::npos) << fields;
  EXPECT_EQ(verified(fields + "From: eve@x.test\r\n" + crlf(kDinner), keys), "fail s;");
}

TEST(DkimSign, WritesLinesThatRelaysLeaveAlone) {
  const SigningKeys keys({key_of("football.example.com", "s")});
  std::string message = crlf(kDinner);
  for (const char* const name : {"Sender", "Reply-To", "Cc", "In-Reply-To", "References", "MIME-Version", "Content-Type", "List-Id",
                                 "List-Unsubscribe", "Resent-From", "Resent-To"}) {
    message = std::string(name) + ": x\r\n" + message;
  }
  const std::string fields = *sign(keys, message);
  EXPECT_TRUE(fields.ends_with("\r\n"));
  for (std::size_t at = 0; at < fields.size();) {
    const std::size_t end = fields.find("\r\n", at);
    EXPECT_LE(end - at, 78U) << fields;
    at = end + 2;
  }
  EXPECT_EQ(verified(fields + message, keys), "pass s;");
}

TEST(DkimSign, SignsWhateverTheBodyIsCutInto) {
  const SigningKeys keys({key_of("example.com", "s")});
  const std::string message = crlf(kDinner) + "\r\n \t\r\nmore  \r\n\r\n";
  const std::string fields = *sign(keys, message, 1);
  for (std::size_t chunk = 2; chunk < 30; ++chunk) EXPECT_EQ(*sign(keys, message, chunk), fields);
}

// RFC 8463 appendix A.2 publishes this very record.
TEST(DkimSign, ShowsTheRecordToPublish) {
  EXPECT_EQ(key_record_of(key_of("football.example.com", "brisbane")),
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

TEST(DkimSign, TakesNoKeyThatCannotSign) {
  EXPECT_FALSE(PrivateKey::from_pem("").ok());
  EXPECT_FALSE(PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").ok());
  const auto missing = SigningKeys::load({{"a.test", "s", "/nowhere/key.pem", "s._domainkey.a.test"}});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, Errc::not_found);
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
