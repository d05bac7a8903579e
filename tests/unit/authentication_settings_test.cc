#include <gtest/gtest.h>

#include "schema/configuration.h"

namespace telepost::schema {
namespace {

std::string error_of(std::string_view toml) {
  const auto result = parse_configuration(toml, "t.toml");
  return result.ok() ? "no error" : result.error().detail;
}

TEST(AuthenticationSettings, AreReadFromTheFile) {
  const auto parsed = parse_configuration(R"(
    [authentication]
    spf = "off"
    dkim = "junk"
    dmarc = "note"
    arc = false
    trusted_sealers = ["lists.example.test"]
    defer = true
    timeout = "PT5S"
    authserv_id = "border.example.test"
    exempt = ["192.0.2.0/24"]
    [[dkim]]
    domain = "Example.test"
    selector = "2026A"
    key_file = "a.pem"
    [[dkim]]
    domain = "example.test"
    selector = "2026b"
    key_file = "b.pem")", "t.toml");
  ASSERT_TRUE(parsed.ok()) << parsed.error().detail;
  const AuthenticationSettings& settings = parsed->authentication;
  EXPECT_EQ(settings.spf, AuthenticationRule::off);
  EXPECT_EQ(settings.dkim, AuthenticationRule::junk);
  EXPECT_EQ(settings.dmarc, AuthenticationRule::note);
  EXPECT_FALSE(settings.arc);
  EXPECT_EQ(settings.trusted_sealers, std::vector<std::string>{"lists.example.test"});
  EXPECT_TRUE(settings.defer);
  EXPECT_EQ(settings.timeout, std::chrono::seconds(5));
  EXPECT_EQ(settings.authserv_id, "border.example.test");
  EXPECT_TRUE(contains(settings.exempt, "192.0.2.7"));
  EXPECT_FALSE(contains(settings.exempt, "127.0.0.1"));
  EXPECT_EQ(parsed->dkim, (std::vector<DkimKey>{{"example.test", "2026a", "a.pem", "2026a._domainkey.example.test"},
                                                {"example.test", "2026b", "b.pem", "2026b._domainkey.example.test"}}));
}

TEST(AuthenticationSettings, ExemptThisMachineAndFollowDmarcByDefault) {
  const AuthenticationSettings settings;
  EXPECT_TRUE(contains(settings.exempt, "127.0.0.1"));
  EXPECT_TRUE(contains(settings.exempt, "::1"));
  EXPECT_FALSE(contains(settings.exempt, "192.0.2.1"));
  EXPECT_EQ(settings.dmarc, AuthenticationRule::refuse);
  EXPECT_EQ(settings.spf, AuthenticationRule::note);
}

TEST(AuthenticationSettings, SayWhatAKeyWants) {
  EXPECT_EQ(error_of("[authentication]\nspf = \"reject\""),
            "t.toml:2:7: authentication.spf wants off, note, junk or refuse; for example spf = \"note\"");
  EXPECT_NE(error_of("[authentication]\nexempt = [\"nowhere\"]"), "no error");
  EXPECT_EQ(error_of("[[dkim]]\ndomain = \"a.test\"\nselector = \"s\""), "t.toml:1:1: this [[dkim]] needs a key_file");
  EXPECT_NE(error_of("[[dkim]]\ndomain = \"a test\"\nselector = \"s\"\nkey_file = \"k\""), "no error");
  const std::string row = "[[dkim]]\ndomain = \"a.test\"\nselector = \"s\"\nkey_file = \"k\"\n";
  EXPECT_EQ(error_of(row + row), "t.toml:5:1: 's._domainkey.a.test' stands twice in dkim");
}

}  // namespace
}  // namespace telepost::schema
