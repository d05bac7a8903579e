// SPF. The zone and the results of the examples are RFC 7208's own (appendix A, section 7.4).
#include "adapters/smtp/authentication/spf_check.h"

#include "base/bytes.h"
#include "tests/unit/dns_zone.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using test::DnsZone;

SpfVerdict verdict(DnsZone& zone, const std::string& client, const std::string& sender, const std::string& hello = "mail.example.org") {
  const SpfFacts facts{*ip_address_from(client), hello, sender};
  return zone.settle([&](DnsAnswers& answers) { return check_spf(facts, answers); });
}
std::string result(DnsZone& zone, const std::string& client, const std::string& sender = "ann@example.com") {
  return std::string(name_of(verdict(zone, client, sender).result));
}
// The record of example.com alone.
std::string by_record(const std::string& record, const std::string& client = "192.0.2.10") {
  DnsZone zone;
  zone.txt("example.com", record);
  return result(zone, client);
}

DnsZone appendix_a() {
  DnsZone zone;
  zone.mx("example.com", "mail-a.example.com");
  zone.mx("example.com", "mail-b.example.com");
  zone.address("example.com", "192.0.2.10");
  zone.address("example.com", "192.0.2.11");
  zone.address("amy.example.com", "192.0.2.65");
  zone.address("bob.example.com", "192.0.2.66");
  zone.address("mail-a.example.com", "192.0.2.129");
  zone.address("mail-b.example.com", "192.0.2.130");
  zone.address("www.example.com", "192.0.2.10");
  zone.mx("example.org", "mail-c.example.org");
  zone.address("mail-c.example.org", "192.0.2.140");
  zone.ptr("192.0.2.10", "example.com");
  zone.ptr("192.0.2.11", "example.com");
  zone.ptr("192.0.2.65", "amy.example.com");
  zone.ptr("192.0.2.66", "bob.example.com");
  zone.ptr("192.0.2.129", "mail-a.example.com");
  zone.ptr("192.0.2.130", "mail-b.example.com");
  zone.ptr("192.0.2.140", "mail-c.example.org");
  zone.ptr("10.0.0.4", "bob.example.com");
  return zone;
}

// A.1: who passes; everybody else of these fails.
TEST(Spf, JudgesTheSimpleExamplesOfAppendixA) {
  const std::vector<std::string> clients = {"192.0.2.10", "192.0.2.11", "192.0.2.65", "192.0.2.66", "192.0.2.129",
                                            "192.0.2.130", "192.0.2.140", "10.0.0.4"};
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"v=spf1 +all", clients},
      {"v=spf1 a -all", {"192.0.2.10", "192.0.2.11"}},
      {"v=spf1 a:example.org -all", {}},
      {"v=spf1 mx -all", {"192.0.2.129", "192.0.2.130"}},
      {"v=spf1 mx:example.org -all", {"192.0.2.140"}},
      {"v=spf1 mx mx:example.org -all", {"192.0.2.129", "192.0.2.130", "192.0.2.140"}},
      {"v=spf1 mx/30 mx:example.org/30 -all", {"192.0.2.129", "192.0.2.130", "192.0.2.140"}},
      {"v=spf1 ptr -all", {"192.0.2.10", "192.0.2.11", "192.0.2.65", "192.0.2.66", "192.0.2.129", "192.0.2.130"}},
      {"v=spf1 ip4:192.0.2.128/28 -all", {"192.0.2.129", "192.0.2.130", "192.0.2.140"}},
  };
  for (const auto& [record, passing] : cases) {
    DnsZone zone = appendix_a();
    zone.txt("example.com", record);
    for (const std::string& client : clients) {
      const bool passes = std::find(passing.begin(), passing.end(), client) != passing.end();
      EXPECT_EQ(result(zone, client), passes ? "pass" : "fail") << record << " " << client;
    }
  }
}

// A.2: a record of its own for each host, and two that include or redirect.
TEST(Spf, JudgesTheDomainsOfAppendixA) {
  DnsZone zone = appendix_a();
  zone.txt("example.org", "v=spf1 include:example.com include:example.net -all");
  zone.txt("la.example.org", "v=spf1 redirect=example.org");
  zone.txt("example.com", "v=spf1 mx -all");
  zone.txt("example.net", "v=spf1 a:nowhere.example.net ip4:198.51.100.7 ?all");
  EXPECT_EQ(result(zone, "192.0.2.129", "x@example.org"), "pass");
  EXPECT_EQ(result(zone, "192.0.2.129", "x@la.example.org"), "pass");
  EXPECT_EQ(result(zone, "198.51.100.7", "x@la.example.org"), "pass");
  EXPECT_EQ(result(zone, "198.51.100.8", "x@la.example.org"), "fail");
}

// A.3 and A.4: a blacklist by exists, and one that asks for each user.
TEST(Spf, JudgesTheListsOfAppendixA) {
  DnsZone zone;
  zone.txt("mobile-users._spf.example.com", "v=spf1 exists:%{l1r+}.%{d}");
  zone.txt("remote-users._spf.example.com", "v=spf1 exists:%{ir}.%{l1r+}.%{d}");
  zone.txt("example.com", "v=spf1 mx include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all");
  zone.mx("example.com", "mail.example.com");
  zone.address("mail.example.com", "192.0.2.1");
  zone.address("mary.mobile-users._spf.example.com", "127.0.0.2");
  zone.address("15.15.168.192.joel.remote-users._spf.example.com", "127.0.0.2");
  EXPECT_EQ(result(zone, "203.0.113.9", "mary@example.com"), "pass");
  EXPECT_EQ(result(zone, "203.0.113.9", "fred+news@example.com"), "fail");
  EXPECT_EQ(result(zone, "192.168.15.15", "joel@example.com"), "pass");
}

// Section 7.4.
TEST(Spf, ExpandsTheExamplesOfTheRfc) {
  const auto expand = [](const std::string& text, const std::string& client = "192.0.2.3") {
    return expand_domain_spec(text, {*ip_address_from(client), "strong-bad@email.example.com", "email.example.com", "mx.example.org",
                                     "mx.example.org"});
  };
  EXPECT_EQ(expand("%{s}"), "strong-bad@email.example.com");
  EXPECT_EQ(expand("%{o}"), "email.example.com");
  EXPECT_EQ(expand("%{d}"), "email.example.com");
  EXPECT_EQ(expand("%{d4}"), "email.example.com");
  EXPECT_EQ(expand("%{d3}"), "email.example.com");
  EXPECT_EQ(expand("%{d2}"), "example.com");
  EXPECT_EQ(expand("%{d1}"), "com");
  EXPECT_EQ(expand("%{dr}"), "com.example.email");
  EXPECT_EQ(expand("%{d2r}"), "example.email");
  EXPECT_EQ(expand("%{l}"), "strong-bad");
  EXPECT_EQ(expand("%{l-}"), "strong.bad");
  EXPECT_EQ(expand("%{lr}"), "strong-bad");
  EXPECT_EQ(expand("%{lr-}"), "bad.strong");
  EXPECT_EQ(expand("%{l1r-}"), "strong");
  EXPECT_EQ(expand("%{ir}.%{v}._spf.%{d2}"), "3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(expand("%{lr-}.lp._spf.%{d2}"), "bad.strong.lp._spf.example.com");
  EXPECT_EQ(expand("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}"), "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(expand("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}"), "3.2.0.192.in-addr.strong.lp._spf.example.com");
  EXPECT_EQ(expand("%{d2}.trusted-domains.example.net"), "example.com.trusted-domains.example.net");
  EXPECT_EQ(expand("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01"),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
  EXPECT_EQ(expand("%%%_%-%{h}"), "% %20mx.example.org");
  EXPECT_EQ(expand("%{S}"), "strong-bad%40email.example.com");
}

TEST(Spf, DropsLabelsOfANameThatIsTooLong) {
  std::string sender;
  for (int i = 0; i < 60; ++i) sender += "a1234.";
  const std::string name = expand_domain_spec("%{l}.example.com", {*ip_address_from("192.0.2.1"), sender + "x@example.com", "", "", ""});
  EXPECT_LE(name.size(), 253U);
  EXPECT_TRUE(name.starts_with("a1234.") && name.ends_with(".x.example.com")) << name;
}

// 2,000 macros of 255 octets each: taken label by label off the front that is 60 thousand million octets moved.
TEST(Spf, ShortensALongNameInOneStep) {
  std::string record, local = "a";
  for (int i = 0; i < 2000; ++i) record += "%{l}";
  while (local.size() < 241) local += ".a";
  const std::string name = expand_domain_spec(record + ".example.com", {*ip_address_from("192.0.2.1"), local + "@example.com", "", "", ""});
  EXPECT_EQ(name.size(), 251u);  // the label before is "aa", where two macros meet
  EXPECT_TRUE(name.starts_with("a.a.") && name.ends_with(".a.example.com"));
  // Exactly 253 octets are left of a name that is longer by one label; none of a label that is too long itself.
  const auto left_of = [](const std::string& text) { return expand_domain_spec(text, {*ip_address_from("192.0.2.1"), "", "", "", ""}); };
  EXPECT_EQ(left_of("b." + std::string(249, 'c') + ".com"), std::string(249, 'c') + ".com");
  EXPECT_EQ(left_of("b." + std::string(250, 'c') + ".com"), "com");
  EXPECT_EQ(left_of(std::string(254, 'c')), "");
}

TEST(Spf, TakesTheQualifierOfWhatMatchesFirst) {
  EXPECT_EQ(by_record("v=spf1 ~ip4:192.0.2.0/24 -all"), "softfail");
  EXPECT_EQ(by_record("v=spf1 ?ip4:192.0.2.0/24 -all"), "neutral");
  EXPECT_EQ(by_record("v=spf1 -ip4:192.0.2.10 +all"), "fail");
  EXPECT_EQ(by_record("V=SPF1 IP4:192.0.2.10 -ALL"), "pass");
  EXPECT_EQ(by_record("v=spf1"), "neutral");
  EXPECT_EQ(by_record("v=spf1  ip4:192.0.2.9   -all  "), "fail");
  EXPECT_EQ(by_record("v=spf10 +all"), "none");
  EXPECT_EQ(by_record("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1"), "pass");
  EXPECT_EQ(by_record("v=spf1 ip4:192.0.2.10 -all", "::ffff:192.0.2.10"), "pass");
}

// Section 4.6: a record that is wrong anywhere is wrong everywhere.
TEST(Spf, RefusesARecordThatBreaksTheGrammar) {
  for (const char* const record :
       {"v=spf1 +all ip4:192.0.2.300", "v=spf1 +all ip4:192.0.2.0/33", "v=spf1 +all ip4:192.0.2.0/07", "v=spf1 +all ip4",
        "v=spf1 +all ip6:192.0.2.1", "v=spf1 +all ip4:::1", "v=spf1 +all include", "v=spf1 +all include:", "v=spf1 +all exists",
        "v=spf1 +all unknown", "v=spf1 +all all:example.com", "v=spf1 +all a:example", "v=spf1 +all a:example.123",
        "v=spf1 +all a:%{x}.example.com", "v=spf1 +all a:%{d0}", "v=spf1 +all a:%{c}.example.com", "v=spf1 +all a:%(d)",
        "v=spf1 +all a/33", "v=spf1 +all a//129", "v=spf1 +all a/24/24", "v=spf1 +all include:example.org/24",
        "v=spf1 +all redirect=a.example redirect=b.example", "v=spf1 +all redirect=", "v=spf1 +all exp=a.example exp=b.example",
        "v=spf1 +all -", "v=spf1 +all =x", "v=spf1 +all a:\xff.example.com", "v=spf1 +all\tmx"}) {
    EXPECT_EQ(by_record(record), "permerror") << record;
  }
  for (const char* const record : {"v=spf1 +all x-unknown=%{d} moo=", "v=spf1 +all a:%{ir}.example.com/24//64", "v=spf1 +all a:%{d}",
                                   "v=spf1 +all exists:%{l/}.example.com", "v=spf1 +all a:example.com.", "v=spf1 +all exp=%{d}"}) {
    EXPECT_EQ(by_record(record), "pass") << record;
  }
}

TEST(Spf, AsksNobodyWithoutADomain) {
  DnsZone zone;
  for (const auto& [sender, hello] : std::vector<std::pair<std::string, std::string>>{
           {"", "[192.0.2.1]"}, {"", "localhost"}, {"x@localhost", "a.test"}, {"x@[192.0.2.1]", "a.test"}, {"x@a..test", "a.test"},
           {"x@" + std::string(64, 'a') + ".test", "a.test"}}) {
    EXPECT_EQ(verdict(zone, "192.0.2.1", sender, hello).result, policies::SpfResult::none) << sender;
  }
  EXPECT_EQ(zone.asked(), 0U);
}

// Section 2.4.
TEST(Spf, JudgesHeloWhereTheReversePathIsNull) {
  DnsZone zone;
  zone.txt("mx.example.com", "v=spf1 exists:%{l}.%{o}.%{h} -all");
  zone.address("postmaster.mx.example.com.mx.example.com", "127.0.0.2");
  const SpfVerdict found = verdict(zone, "192.0.2.1", "", "mx.example.com");
  EXPECT_EQ(found.result, policies::SpfResult::pass);
  EXPECT_TRUE(found.of_hello);
  EXPECT_EQ(found.domain, "mx.example.com");
}

TEST(Spf, NeedsOneRecordExactly) {
  DnsZone zone;
  zone.txt("example.com", "google-site-verification=1");
  EXPECT_EQ(result(zone, "192.0.2.1"), "none");
  zone.txt("example.com", "v=spf1 -all");
  EXPECT_EQ(result(zone, "192.0.2.1"), "fail");
  zone.txt("example.com", "v=spf1 +all");
  EXPECT_EQ(result(zone, "192.0.2.1"), "permerror");
}

TEST(Spf, LooksNoFurtherThanTenTerms) {
  DnsZone zone;
  for (int i = 0; i < 12; ++i) {
    zone.txt("s" + std::to_string(i) + ".example.com", "v=spf1 include:s" + std::to_string(i + 1) + ".example.com -all");
  }
  zone.txt("s12.example.com", "v=spf1 +all");
  EXPECT_EQ(result(zone, "192.0.2.1", "x@s2.example.com"), "pass");  // s3 to s12: ten
  EXPECT_EQ(result(zone, "192.0.2.1", "x@s1.example.com"), "permerror");
}

TEST(Spf, EndsALoopOfRedirectsAndIncludes) {
  DnsZone zone;
  zone.txt("a.example.com", "v=spf1 redirect=a.example.com");
  zone.txt("b.example.com", "v=spf1 include:b.example.com -all");
  EXPECT_EQ(result(zone, "192.0.2.1", "x@a.example.com"), "permerror");
  EXPECT_EQ(result(zone, "192.0.2.1", "x@b.example.com"), "permerror");
}

TEST(Spf, AllowsTwoLookupsThatFindNothing) {
  EXPECT_EQ(by_record("v=spf1 a:no.example.com mx:no.example.com ip4:192.0.2.10 -all"), "pass");
  EXPECT_EQ(by_record("v=spf1 a:no.example.com mx:no.example.com exists:no.example.com ip4:192.0.2.10 -all"), "permerror");
}

TEST(Spf, AsksForTenExchangesAtMost) {
  DnsZone zone;
  zone.txt("example.com", "v=spf1 mx -all");
  for (int i = 0; i < 10; ++i) {
    zone.mx("example.com", "m" + std::to_string(i) + ".example.com");
    zone.address("m" + std::to_string(i) + ".example.com", "192.0.2." + std::to_string(i));
  }
  EXPECT_EQ(result(zone, "192.0.2.9"), "pass");
  zone.mx("example.com", "m10.example.com");
  EXPECT_EQ(result(zone, "192.0.2.9"), "permerror");
}

// Section 5.5: only a name that leads back to the client counts, and ten names at most.
TEST(Spf, BelievesNoNameThatDoesNotLeadBack) {
  DnsZone zone;
  zone.txt("example.com", "v=spf1 ptr -all");
  zone.ptr("192.0.2.1", "forged.example.com");
  EXPECT_EQ(result(zone, "192.0.2.1"), "fail");
  zone.address("forged.example.com", "192.0.2.1");
  EXPECT_EQ(result(zone, "192.0.2.1"), "pass");
  zone.txt("macro.example.org", "v=spf1 exists:%{p}.ok.test -all");
  zone.address("forged.example.com.ok.test", "127.0.0.2");
  EXPECT_EQ(result(zone, "192.0.2.1", "x@macro.example.org"), "pass");
  EXPECT_EQ(result(zone, "192.0.2.2", "x@macro.example.org"), "fail");  // unknown.ok.test
}

TEST(Spf, PassesOnWhatAnIncludedRecordMakes) {
  const std::vector<std::pair<std::string, std::string>> cases = {  // section 5.2
      {"v=spf1 +all", "pass"}, {"v=spf1 -all", "softfail"}, {"v=spf1 ~all", "softfail"}, {"v=spf1 ?all", "softfail"},
      {"v=spf1 broken", "permerror"}, {"no record", "permerror"}};
  for (const auto& [record, expected] : cases) {
    DnsZone zone;
    zone.txt("example.com", "v=spf1 include:inner.example.com ~all");
    zone.txt("inner.example.com", record);
    EXPECT_EQ(result(zone, "192.0.2.1"), expected) << record;
  }
  DnsZone zone;
  zone.txt("example.com", "v=spf1 include:inner.example.com ~all");
  zone.fail(DnsZone::Type::txt, "inner.example.com");
  EXPECT_EQ(result(zone, "192.0.2.1"), "temperror");
}

TEST(Spf, IgnoresARedirectBesideAll) {
  DnsZone zone;
  zone.txt("example.com", "v=spf1 redirect=other.example.com ?all");
  zone.txt("other.example.com", "v=spf1 -all");
  EXPECT_EQ(result(zone, "192.0.2.1"), "neutral");
  DnsZone without;
  without.txt("example.com", "v=spf1 redirect=other.example.com");
  EXPECT_EQ(result(without, "192.0.2.1"), "permerror");  // section 6.1: redirect to none
}

TEST(Spf, IsTemporarilyUnknownWhereTheDnsFails) {
  DnsZone zone;
  zone.fail(DnsZone::Type::txt, "example.com");
  EXPECT_EQ(result(zone, "192.0.2.1"), "temperror");
  DnsZone later;
  later.txt("example.com", "v=spf1 a:slow.example.com +all");
  later.fail(DnsZone::Type::a, "slow.example.com");
  EXPECT_EQ(result(later, "192.0.2.1"), "temperror");
}

// A domain beyond ASCII is asked for by its A-label (RFC 8616 section 4).
TEST(Spf, KnowsADomainBeyondAsciiByItsALabel) {
  DnsZone zone;
  zone.txt("xn--bcher-kva.example", "v=spf1 ip4:192.0.2.1 -all");
  EXPECT_EQ(result(zone, "192.0.2.1", "x@b\xc3\xbc" "cher.example"), "pass");
}

// Section 4.6.4 allows ten exchanges of ten names, which would be 111 questions about one message.
TEST(Spf, LeadsToABoundedNumberOfQuestions) {
  DnsZone zone;
  std::string record = "v=spf1";
  for (int i = 0; i < 10; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example.com";
    record += " mx:" + domain;
    for (int j = 0; j < 10; ++j) {
      zone.mx(domain, "mx" + std::to_string(j) + "." + domain);
      zone.address("mx" + std::to_string(j) + "." + domain, "198.51.100.1");
    }
  }
  zone.txt("example.com", record + " -all");
  EXPECT_EQ(result(zone, "192.0.2.1"), "permerror");
  EXPECT_EQ(zone.asked(), kMostQuestions);
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
