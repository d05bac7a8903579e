#include <gtest/gtest.h>

#include <set>

#include "adapters/smtp/sender/route.h"

namespace telepost::adapters::smtp::sender {
namespace {

std::vector<std::string> names(const Result<std::vector<Host>>& hosts) {
  std::vector<std::string> out;
  if (hosts.ok()) {
    for (const Host& host : *hosts) out.push_back(host.name);
  }
  return out;
}

using Names = std::vector<std::string>;

TEST(SenderRoute, TriesServersInTheOrderOfTheirPreference) {
  EXPECT_EQ(names(hosts_of({"a.test", {{20, "mx2.a.test."}, {10, "MX1.a.test"}, {30, "mx3.a.test"}}, {}, 7})),
            (Names{"mx1.a.test", "mx2.a.test", "mx3.a.test"}));
}

// RFC 5321 section 5.1: equals in random order.
TEST(SenderRoute, EqualsChangePlaces) {
  std::set<Names> orders;
  for (std::uint64_t random = 0; random < 100; ++random) {
    const auto order = names(hosts_of({"a.test", {{10, "x"}, {10, "y"}, {10, "z"}, {5, "first"}}, {}, random}));
    ASSERT_EQ(order.size(), 4u);
    EXPECT_EQ(order[0], "first");
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST(SenderRoute, ADomainWithoutMxIsItsOwnServer) { EXPECT_EQ(names(hosts_of({"a.test", {}, {}, 0})), Names{"a.test"}); }

// RFC 7505 section 3.
TEST(SenderRoute, ANullMxTakesNoMail) {
  EXPECT_EQ(hosts_of({"a.test", {{0, "."}}, {}, 0}).error().kind, Errc::refused);
  EXPECT_EQ(names(hosts_of({"a.test", {{0, "."}, {10, "mx"}}, {}, 0})), Names{"mx"});
}

TEST(SenderRoute, OnlyServersBetterThanOurselvesAreAsked) {
  const std::vector<MxRecord> records = {{10, "best"}, {20, "we.test"}, {20, "equal"}, {30, "worse"}};
  EXPECT_EQ(names(hosts_of({"a.test", records, {"WE.test"}, 3})), Names{"best"});
  EXPECT_EQ(hosts_of({"a.test", {{10, "we.test"}, {20, "mx"}}, {"we.test"}, 3}).error().kind, Errc::conflict);
}

TEST(SenderRoute, AManyNamedDomainIsBounded) {
  MxFacts facts{"a.test", {}, {}, 1};
  for (std::uint16_t i = 0; i < 500; ++i) facts.records.push_back({i, "mx" + std::to_string(i)});
  const auto hosts = hosts_of(facts);
  ASSERT_TRUE(hosts.ok());
  EXPECT_EQ(hosts->size(), kMaxHosts);
  EXPECT_EQ(hosts->front().name, "mx0");
}

TEST(SenderRoute, AServerNamedTwiceIsTriedOnce) {
  EXPECT_EQ(names(hosts_of({"a.test", {{10, "mx"}, {20, "MX."}}, {}, 0})), Names{"mx"});
}

TEST(SenderRoute, ReadsServersOfTheConfiguration) {
  EXPECT_EQ(*host_from("Smtp.example.net:587"), (Host{"smtp.example.net", "", 587}));
  EXPECT_EQ(*host_from("smtp.example.net."), (Host{"smtp.example.net", "", 25}));
  EXPECT_EQ(*host_from("192.0.2.1:2525"), (Host{"", "192.0.2.1", 2525}));
  EXPECT_EQ(*host_from("[2001:db8::1]:26"), (Host{"", "2001:db8::1", 26}));
  EXPECT_EQ(*host_from("[IPv6:2001:db8::1]"), (Host{"", "2001:db8::1", 25}));
  for (const std::string_view wrong : {"", ":25", "a b", "host:", "host:0", "host:70000", "[host]:25", "[192.0.2.1", "a..b", "2001:db8::1"}) {
    EXPECT_FALSE(host_from(wrong).ok()) << wrong;
  }
}

TEST(SenderRoute, TheLongestRuleDecidesThenTheSmartHostThenTheDns) {
  schema::RelaySettings settings;
  EXPECT_EQ(std::get<ByMx>(*route_of(settings, "a.test")).domain, "a.test");
  const auto relay = [](std::string domain, std::string host) {
    schema::RelayRoute route;
    route.domain = std::move(domain);
    route.host = std::move(host);
    return route;
  };
  settings.routes = {relay("a.test", "one"), relay(".test", "all"), relay(".a.test", "below")};
  const auto host = [&](std::string_view domain) { return std::get<Direct>(*route_of(settings, domain)).host.name; };
  EXPECT_EQ(host("a.test"), "one");
  EXPECT_EQ(host("b.test"), "all");
  EXPECT_EQ(host("x.a.test"), "below");
  EXPECT_TRUE(std::holds_alternative<ByMx>(*route_of(settings, "test")));
  settings.smart_host.host = "smart:587";
  EXPECT_EQ(host("example.net"), "smart");
}

TEST(SenderRoute, RowsOfTheSettingsShareNoConnectionUnlessTheyAreTheSame) {
  schema::RelaySettings settings;
  const auto row = [](std::string domain, schema::RelayTls tls, std::string user) {
    return schema::RelayRoute{std::move(domain), "192.0.2.1", tls, std::move(user), "/run/password"};
  };
  settings.routes = {row("a.test", schema::RelayTls::required, "ann"), row("b.test", schema::RelayTls::required, "ben"),
                     row("c.test", schema::RelayTls::none, ""), row("d.test", schema::RelayTls::none, "")};
  const auto lane = [&](std::string_view domain) { return lane_of(std::get<Direct>(*route_of(settings, domain))); };
  EXPECT_NE(lane("a.test"), lane("b.test"));
  EXPECT_NE(lane("a.test"), lane("c.test"));
  EXPECT_NE(lane("c.test"), lane("[192.0.2.1]"));
  EXPECT_EQ(lane("c.test"), lane("d.test"));
}

TEST(SenderRoute, KnowsTheAddressesOfThisMachine) {
  for (const std::string_view own : {"127.0.0.1", "127.9.8.7", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0"}) {
    EXPECT_TRUE(is_own_server(own, 25)) << own;
    EXPECT_FALSE(is_own_server(own, 2525)) << own;
  }
  for (const std::string_view other : {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "::2", "1::1", "mx.a.test"}) {
    EXPECT_FALSE(is_own_server(other, 25)) << other;
  }
}

// RFC 5321 section 4.1.3.
TEST(SenderRoute, AnAddressLiteralNeedsNoDns) {
  EXPECT_EQ(std::get<Direct>(*route_of({}, "[192.0.2.1]")).host, (Host{"", "192.0.2.1", 25}));
  EXPECT_EQ(std::get<Direct>(*route_of({}, "[ipv6:2001:db8::1]")).host, (Host{"", "2001:db8::1", 25}));
  EXPECT_FALSE(route_of({}, "[x-tag:abc]").ok());
}

}  // namespace
}  // namespace telepost::adapters::smtp::sender
