#include <gtest/gtest.h>

#include "adapters/smtp/sender/mta_sts_codec.h"

namespace telepost::adapters::smtp::sender {
namespace {

// RFC 8461 section 3.1.
TEST(MtaSts, FindsTheIdOfExactlyOneRecord) {
  EXPECT_EQ(sts_id_of({"v=STSv1; id=20160831085700Z;"}), "20160831085700Z");
  EXPECT_EQ(sts_id_of({"v=spf1 -all", "v=STSv1;id=1"}), "1");
  EXPECT_FALSE(sts_id_of({"v=STSv1; id=1", "v=STSv1; id=2"}));
  EXPECT_FALSE(sts_id_of({}));
  EXPECT_FALSE(sts_id_of({"v=STSv1"}));
  EXPECT_FALSE(sts_id_of({"v=STSv1; id="}));
  EXPECT_FALSE(sts_id_of({"v=STSv12; id=1"}));
  EXPECT_FALSE(sts_id_of({"v=STSv1; id=a b"}));
  EXPECT_FALSE(sts_id_of({"v=STSv1; id=" + std::string(33, 'x')}));
}

// RFC 8461 section 3.2.
TEST(MtaSts, ReadsThePolicyOfTheRfc) {
  const auto policy = parse_sts_policy("version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
                                       "mx: backupmx.example.com\r\nmax_age: 604800\r\n");
  ASSERT_TRUE(policy.ok()) << to_string(policy.error());
  EXPECT_EQ(*policy, (StsPolicy{StsPolicy::Mode::enforce, {"mail.example.com", "*.example.net", "backupmx.example.com"},
                                std::chrono::hours(24 * 7)}));
}

TEST(MtaSts, TakesLinesThatEndInLfAndUnknownFields) {
  const auto policy = parse_sts_policy("version: STSv1\nmode: testing\nmx: a.test\nmax_age: 1\nfuture: x");
  ASSERT_TRUE(policy.ok());
  EXPECT_EQ(policy->mode, StsPolicy::Mode::testing);
}

TEST(MtaSts, OfAFieldThatStandsTwiceTheFirstCounts) {
  const auto policy = parse_sts_policy("version: STSv1\nmode: enforce\nmode: none\nmx: a.test\nmax_age: 1\nmax_age: 2\n");
  ASSERT_TRUE(policy.ok());
  EXPECT_EQ(policy->mode, StsPolicy::Mode::enforce);
  EXPECT_EQ(policy->max_age, std::chrono::seconds(1));
}

TEST(MtaSts, ModeNoneNeedsNoServers) { EXPECT_TRUE(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 60\n").ok()); }

TEST(MtaSts, AgeIsBoundedToAYear) {
  EXPECT_EQ(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 4294967295\n")->max_age, kMaxStsAge);
}

TEST(MtaSts, RefusesWhatIsNoPolicy) {
  for (const std::string_view text :
       {"", "<html>", "version: STSv1\n", "version: STSv2\nmode: none\nmax_age: 1\n", "version: STSv1\nmode: strict\nmx: a\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmax_age: 1\n", "version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a.*.b\nmax_age: 1\n", "version: STSv1\nmode: none\nmax_age: -1\n",
        "version: STSv1\nmode: none\nmax_age: 12345678901\n"}) {
    EXPECT_EQ(parse_sts_policy(text).error().kind, Errc::invalid) << text;
  }
  EXPECT_EQ(parse_sts_policy(std::string(kMaxStsPolicy + 1, 'x')).error().kind, Errc::too_large);
}

// RFC 8461 section 4.1 and RFC 6125 section 6.4: a wildcard is the whole first label and no more than one.
TEST(MtaSts, WildcardsStandForOneLabel) {
  const StsPolicy policy{StsPolicy::Mode::enforce, {"mx.example.com", "*.example.net"}, {}};
  EXPECT_TRUE(matches(policy, "MX.example.com."));
  EXPECT_TRUE(matches(policy, "a.example.net"));
  EXPECT_FALSE(matches(policy, "example.net"));
  EXPECT_FALSE(matches(policy, "a.b.example.net"));
  EXPECT_FALSE(matches(policy, "a.mx.example.com"));
  EXPECT_FALSE(matches(policy, ".example.net"));
}

}  // namespace
}  // namespace telepost::adapters::smtp::sender
