// Chains that are broken before any key is looked at (RFC 8617 section 5.2, steps 1 to 3); whole ones are in
// authentication_oracle_test.cc.
#include "adapters/smtp/authentication/arc.h"

#include "tests/unit/dns_zone.h"

namespace telepost::adapters::smtp::authentication {
namespace {

std::string set_of(int instance, const std::string& chain, const std::string& more = "") {
  const std::string i = "i=" + std::to_string(instance) + "; ";
  const std::string keys = "a=rsa-sha256; d=a.test; s=s; b=AAAA; ";
  return "ARC-Seal: " + i + "cv=" + chain + "; " + keys + more + "\r\nARC-Message-Signature: " + i + keys +
         "h=from; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=\r\nARC-Authentication-Results: " + i + "mx.a.test; dmarc=pass\r\n";
}

struct Judged {
  std::string result;
  std::string reason;
  unsigned asked;
};

Judged judged(const std::string& fields) {
  const Header header = header_from(fields + "From: a@a.test\r\n\r\n");
  BodyHashes bodies;
  ArcChain chain = find_arc_chain(header, bodies);
  bodies.finish();
  test::DnsZone zone;
  const ArcVerdict verdict = zone.settle([&](DnsAnswers& answers) { return verify_arc(header, chain, bodies, answers, Time{}); });
  return {std::string(name_of(verdict.result)), verdict.reason, zone.asked()};
}

TEST(Arc, IsNoneWithoutAChain) { EXPECT_EQ(judged("").result, "none"); }

TEST(Arc, FailsABrokenChainWithoutAskingAnybody) {
  const std::string one = set_of(1, "none");
  for (const std::string& fields :
       {set_of(2, "pass"), one + set_of(3, "pass"), one + one, one + "ARC-Seal: i=2; cv=pass; a=rsa-sha256; d=a.test; s=s; b=AAAA\r\n",
        one + "ARC-Seal: i=0; cv=none\r\n", one + "ARC-Seal: i=51; cv=pass\r\n", one + "ARC-Authentication-Results: mx; spf=pass\r\n",
        set_of(1, "pass"), set_of(1, "fail"), set_of(1, "maybe"), one + set_of(2, "none"), one + set_of(2, "fail"), set_of(1, "none", "h=from")}) {
    const Judged got = judged(fields);
    EXPECT_EQ(got.result, "fail") << fields;
    EXPECT_EQ(got.asked, 0U) << fields;
    EXPECT_NE(got.reason, "");
  }
}

TEST(Arc, FailsAChainWhoseKeyIsNotThere) {
  const Judged got = judged(set_of(1, "none"));
  EXPECT_EQ(got.result, "fail");
  EXPECT_EQ(got.asked, 1U);
}

TEST(Arc, AsksNobodyWhereTheBodyIsNotWhatTheNewestSignatureSigned) {  // section 5.2 ends at the first failure
  std::string fields = set_of(1, "none");
  fields.replace(fields.find("bh=frcC"), 7, "bh=AAAA");
  const Judged got = judged(fields);
  EXPECT_EQ(got.result, "fail");
  EXPECT_EQ(got.asked, 0U);
}

TEST(Arc, AsksForNoKeyBehindAFailure) {
  std::string fields;
  for (int i = 1; i <= 50; ++i) {  // each with a key of its own
    std::string one = set_of(i, i == 1 ? "none" : "pass");
    for (std::size_t at = 0; (at = one.find("s=s;", at)) != std::string::npos; at += 4) one.replace(at, 4, "s=s" + std::to_string(i) + ";");
    fields += one;
  }
  const Judged got = judged(fields);
  EXPECT_EQ(got.result, "fail");
  EXPECT_EQ(got.asked, 1U);
}

TEST(Arc, ReadsTheInstanceOfEachField) {
  EXPECT_EQ(arc_instance(" i=1; mx.a.test; spf=pass"), 1U);
  EXPECT_EQ(arc_instance("\r\n\ta=rsa-sha256; i = 50 ;d=x"), 50U);
  EXPECT_EQ(arc_instance(" i=0; x"), std::nullopt);
  EXPECT_EQ(arc_instance(" i=+1; x"), std::nullopt);
  EXPECT_EQ(arc_instance(" mx.a.test; spf=pass"), std::nullopt);
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
