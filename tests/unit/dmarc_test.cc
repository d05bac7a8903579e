#include "adapters/smtp/authentication/dmarc.h"

#include "adapters/smtp/authentication/public_suffix.h"
#include "tests/unit/dns_zone.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using policies::DkimResult;
using policies::DmarcRequest;
using policies::SpfResult;
using test::DnsZone;

SpfVerdict spf(SpfResult result, const std::string& domain) { return {result, "", domain, false}; }
DkimVerdict dkim(DkimResult result, const std::string& domain) {
  DkimVerdict verdict;
  verdict.result = result;
  verdict.domain = domain;
  return verdict;
}
DmarcVerdict judged(DnsZone& zone, const std::string& author, const SpfVerdict& by_spf, const std::vector<DkimVerdict>& by_dkim = {}) {
  return zone.settle([&](DnsAnswers& answers) { return check_dmarc(author, by_spf, by_dkim, answers); });
}
std::string result(DnsZone& zone, const std::string& author, const SpfVerdict& by_spf, const std::vector<DkimVerdict>& by_dkim = {}) {
  return std::string(name_of(judged(zone, author, by_spf, by_dkim).result));
}

// RFC 7489 section 3.2, by the public suffix list.
TEST(Dmarc, FindsTheOrganizationOfADomain) {
  EXPECT_EQ(organizational_domain("a.b.example.com"), "example.com");
  EXPECT_EQ(organizational_domain("Example.Com."), "example.com");
  EXPECT_EQ(organizational_domain("a.example.co.uk"), "example.co.uk");
  EXPECT_EQ(organizational_domain("co.uk"), "co.uk");
  EXPECT_EQ(organizational_domain("a.b.test"), "b.test");
  EXPECT_EQ(organizational_domain("a.b\xc3\xbc" "cher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(organizational_domain(""), std::nullopt);
}

// RFC 7489 appendix B.1.
TEST(Dmarc, AlignsAsTheExamplesOfTheRfc) {
  DnsZone zone;
  zone.txt("_dmarc.example.com", "v=DMARC1; p=reject");
  EXPECT_EQ(result(zone, "example.com", spf(SpfResult::pass, "example.com")), "pass");            // B.1.1 example 1
  EXPECT_EQ(result(zone, "example.com", spf(SpfResult::pass, "child.example.com")), "pass");      // example 2
  EXPECT_EQ(result(zone, "child.example.com", spf(SpfResult::pass, "example.com")), "pass");
  EXPECT_EQ(result(zone, "example.com", spf(SpfResult::pass, "example.net")), "fail");            // example 3
  const SpfVerdict no_spf = spf(SpfResult::fail, "example.com");
  EXPECT_EQ(result(zone, "example.com", no_spf, {dkim(DkimResult::pass, "example.com")}), "pass");  // B.1.2
  EXPECT_EQ(result(zone, "child.example.com", no_spf, {dkim(DkimResult::pass, "example.com")}), "pass");
  EXPECT_EQ(result(zone, "example.com", no_spf, {dkim(DkimResult::pass, "sample.net")}), "fail");
  EXPECT_EQ(result(zone, "example.com", no_spf, {dkim(DkimResult::fail, "example.com"), dkim(DkimResult::pass, "example.com")}), "pass");
}

TEST(Dmarc, AlignsStrictlyWhereItIsAsked) {
  DnsZone zone;
  zone.txt("_dmarc.example.com", "v=DMARC1; p=reject; adkim=s; aspf=s");
  EXPECT_EQ(result(zone, "example.com", spf(SpfResult::pass, "a.example.com"), {dkim(DkimResult::pass, "b.example.com")}), "fail");
  EXPECT_EQ(result(zone, "example.com", spf(SpfResult::none, ""), {dkim(DkimResult::pass, "example.com")}), "pass");
  EXPECT_EQ(result(zone, "example.com", spf(SpfResult::pass, "example.com")), "pass");
}

// A public suffix is nobody's organization: neighbours below it are not aligned.
TEST(Dmarc, AlignsNobodyByAPublicSuffix) {
  DnsZone zone;
  zone.txt("_dmarc.one.co.uk", "v=DMARC1; p=reject");
  EXPECT_EQ(result(zone, "one.co.uk", spf(SpfResult::pass, "two.co.uk")), "fail");
}

TEST(Dmarc, TakesTheRequestForSubdomainsFromTheOrganization) {
  DnsZone zone;
  zone.txt("_dmarc.example.com", "v=DMARC1; p=reject; sp=quarantine; pct=20");
  EXPECT_EQ(judged(zone, "example.com", {}).request, DmarcRequest::reject);
  const DmarcVerdict below = judged(zone, "a.b.example.com", {});
  EXPECT_EQ(below.request, DmarcRequest::quarantine);
  EXPECT_EQ(below.percent, 20U);
  zone.txt("_dmarc.own.example.com", "v=DMARC1; p=none");
  EXPECT_EQ(judged(zone, "own.example.com", {}).request, DmarcRequest::none);
}

// Section 6.6.3.
TEST(Dmarc, KnowsNoPolicyWhereThereIsNotOneRecord) {
  DnsZone zone;
  zone.txt("_dmarc.example.com", "v=spf1 -all");
  EXPECT_EQ(result(zone, "example.com", {}), "none");
  zone.txt("_dmarc.example.com", "v=DMARC1; p=reject");
  EXPECT_EQ(result(zone, "example.com", {}), "fail");
  zone.txt("_dmarc.example.com", "v=DMARC1; p=none");
  EXPECT_EQ(result(zone, "example.com", {}), "none");
}

TEST(Dmarc, IsTemporarilyUnknownWhereTheDnsFails) {
  DnsZone zone;
  zone.fail(DnsZone::Type::txt, "_dmarc.example.com");
  EXPECT_EQ(result(zone, "example.com", {}), "temperror");
  DnsZone published;
  published.txt("_dmarc.example.com", "v=DMARC1; p=reject");
  EXPECT_EQ(result(published, "example.com", spf(SpfResult::temperror, "example.com")), "temperror");
  EXPECT_EQ(result(published, "example.com", spf(SpfResult::fail, "example.com"), {dkim(DkimResult::temperror, "example.com")}), "temperror");
  EXPECT_EQ(result(published, "example.com", spf(SpfResult::temperror, "example.net")), "fail");
}

// Section 6.3.
TEST(Dmarc, ReadsRecordsAsTheGrammarSays) {
  EXPECT_TRUE(parse_dmarc_record("v=DMARC1;p=none").ok());
  EXPECT_TRUE(parse_dmarc_record("v = DMARC1 ; p = Reject ; rua=mailto:a@b.test!10m ;").ok());
  EXPECT_FALSE(parse_dmarc_record("v=DMARC1").ok());
  EXPECT_FALSE(parse_dmarc_record("p=none; v=DMARC1").ok());
  EXPECT_FALSE(parse_dmarc_record("v=DMARC2; p=none").ok());
  EXPECT_FALSE(parse_dmarc_record("v=DMARC1; p=block").ok());
  EXPECT_FALSE(parse_dmarc_record("v=DMARC1; p=reject; sp=block").ok());
  EXPECT_EQ(parse_dmarc_record("v=DMARC1; p=block; rua=mailto:a@b.test")->request, DmarcRequest::none);
  EXPECT_EQ(parse_dmarc_record("v=DMARC1; p=reject; pct=101")->percent, 100U);
  EXPECT_EQ(parse_dmarc_record("v=DMARC1; p=reject; pct=0")->percent, 0U);
}

// Section 6.6.1.
TEST(Dmarc, NeedsOneFromOfOneDomain) {
  const auto author = [](const char* header) { return author_domain(header_from(header)); };
  EXPECT_EQ(author("From: Ann <ann@Example.com>\r\n\r\n"), "example.com");
  EXPECT_EQ(author("from : \"x@bank.test\" <ann@example.com>\r\n\r\n"), "example.com");
  EXPECT_EQ(author("From: a@example.com, b@EXAMPLE.com\r\n\r\n"), "example.com");
  EXPECT_EQ(author("From: a@example.com, b@example.net\r\n\r\n"), std::nullopt);
  EXPECT_EQ(author("From: a@example.com\r\nFrom: a@example.com\r\n\r\n"), std::nullopt);
  EXPECT_EQ(author("From: nobody\r\n\r\n"), std::nullopt);
  EXPECT_EQ(author("From:\r\n\r\n"), std::nullopt);
  EXPECT_EQ(author("To: a@example.com\r\n\r\n"), std::nullopt);
  EXPECT_EQ(author("From: a@b\xc3\xbc" "cher.example\r\n\r\n"), "xn--bcher-kva.example");
}

TEST(Dmarc, IsAPermanentErrorWithoutAnAuthor) {
  DnsAnswers answers;
  const auto verdict = check_dmarc(std::nullopt, {}, {}, answers);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->result, policies::DmarcResult::permerror);
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
