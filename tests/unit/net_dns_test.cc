// The resolver against a name server on the loopback that writes its messages itself.
#include "adapters/net/dns_resolver.h"

#include <gtest/gtest.h>

#include "adapters/net/dns_cache.h"
#include "tests/support/dns_server.h"
#include "tests/support/manual_clock.h"
#include "tests/support/on_loop.h"

namespace telepost::adapters::net {
namespace {

class DnsResolver : public testing::Test {
 protected:
  Result<DnsAnswer> ask(const std::string& name, DnsType type, Duration timeout = std::chrono::seconds(20)) {
    if (!resolver_) resolver_ = Resolver::open(threads_.first(), server_.settings(), clock_).value();
    auto answer = test::run_on(threads_.next(), resolver_->look_up(name, type, timeout));
    if (!answer.ok()) return answer.error();
    return **answer;
  }
  std::vector<std::string> texts(const std::string& name, DnsType type) {
    const Result<DnsAnswer> answer = ask(name, type);
    EXPECT_TRUE(answer.ok()) << to_string(answer.error());
    std::vector<std::string> all;
    if (answer.ok()) for (const DnsRecord& record : answer->records) all.push_back(record.text);
    return all;
  }

  test::DnsServer server_;
  test::ManualClock clock_;
  IoThreads threads_{2, clock_};
  std::unique_ptr<Resolver> resolver_;
};

TEST_F(DnsResolver, ReadsEveryTypeThatMailNeeds) {
  server_.add_a("mx.example.test", "192.0.2.1");
  server_.add_aaaa("mx.example.test", "2001:db8::1");
  server_.add_mx("example.test", 20, "b.example.test");
  server_.add_mx("example.test", 10, "MX.example.test");
  server_.add_txt("example.test", "v=spf1 -all");
  server_.add_ptr("1.2.0.192.in-addr.arpa", "mx.example.test");
  EXPECT_EQ(texts("mx.example.test", DnsType::a), std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(texts("MX.Example.Test.", DnsType::aaaa), std::vector<std::string>{"2001:db8::1"});
  EXPECT_EQ(texts("example.test", DnsType::mx), (std::vector<std::string>{"mx.example.test", "b.example.test"}));
  EXPECT_EQ(texts("example.test", DnsType::txt), std::vector<std::string>{"v=spf1 -all"});
  EXPECT_EQ(texts(*dns_reverse_name("192.0.2.1"), DnsType::ptr), std::vector<std::string>{"mx.example.test"});
}

TEST_F(DnsResolver, TellsAnAbsenceFromAServerThatCannotTell) {
  server_.add_a("a.example.test", "192.0.2.1");
  server_.fail("broken.test");
  EXPECT_EQ(ask("a.example.test", DnsType::mx)->kind, DnsAnswer::Kind::no_data);
  EXPECT_EQ(ask("example.test", DnsType::a)->kind, DnsAnswer::Kind::no_data);  // nothing at it, something below it
  EXPECT_EQ(ask("none.test", DnsType::a)->kind, DnsAnswer::Kind::no_such_name);
  EXPECT_EQ(ask("none.test", DnsType::a)->ttl, std::chrono::seconds(30));  // RFC 2308: the SOA's minimum
  EXPECT_EQ(ask("broken.test", DnsType::a).error().kind, Errc::unavailable);
}

TEST_F(DnsResolver, TakesALargeAnswerOverTcp) {
  std::string key(3000, 'k');
  server_.add_txt("large._domainkey.example.test", "v=DKIM1; p=" + key);
  EXPECT_EQ(texts("large._domainkey.example.test", DnsType::txt), std::vector<std::string>{"v=DKIM1; p=" + key});
  EXPECT_EQ(server_.questions_by_tcp(), 1u);
}

TEST_F(DnsResolver, FollowsAliasesToTheirEnd) {
  server_.add_cname("www.example.test", "one.example.test", 10);
  server_.add_cname("one.example.test", "two.example.test", 5);
  server_.add_a("two.example.test", "192.0.2.7");
  const Result<DnsAnswer> answer = ask("www.example.test", DnsType::a);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->canonical_name, "two.example.test");
  EXPECT_EQ(answer->ttl, std::chrono::seconds(5));
  ASSERT_EQ(answer->records.size(), 1u);
  EXPECT_EQ(answer->records[0].text, "192.0.2.7");
}

TEST_F(DnsResolver, BreaksALoopOfAliases) {
  server_.add_cname("a.test", "b.test");
  server_.add_cname("b.test", "a.test");
  EXPECT_EQ(ask("a.test", DnsType::a).error().kind, Errc::invalid);
}

TEST_F(DnsResolver, ShowsTheNullMxAsAnEmptyHost) {  // RFC 7505
  server_.add_mx("nomail.test", 0, ".");
  EXPECT_EQ(texts("nomail.test", DnsType::mx), std::vector<std::string>{""});
}

TEST_F(DnsResolver, AsksAgainOnlyOnceAnAnswerIsNotValidAnyMore) {
  server_.add_a("a.test", "192.0.2.1", 60);
  texts("a.test", DnsType::a);
  texts("A.test", DnsType::a);
  EXPECT_EQ(server_.questions("a.test"), 1u);
  server_.remove("a.test");
  clock_.advance(std::chrono::seconds(59));
  EXPECT_EQ(texts("a.test", DnsType::a).size(), 1u);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(ask("a.test", DnsType::a)->kind, DnsAnswer::Kind::no_such_name);
  EXPECT_EQ(server_.questions("a.test"), 2u);
}

TEST_F(DnsResolver, AsksOneQuestionForManyWhoWait) {
  server_.ignore("slow.test");
  resolver_ = Resolver::open(threads_.first(), server_.settings(), clock_).value();
  std::vector<std::future<Result<SharedDnsAnswer>>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(test::begin_on(threads_.next(), resolver_->look_up("slow.test", DnsType::a, std::chrono::seconds(1))));
  }
  while (server_.questions("slow.test") == 0) std::this_thread::yield();
  EXPECT_EQ(answers.front().wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  clock_.advance(std::chrono::seconds(2));
  for (auto& answer : answers) EXPECT_EQ(answer.get().error().kind, Errc::timeout);
  EXPECT_LE(server_.questions("slow.test"), 3u);  // the tries of one question
}

// Who sends us mail decides what is asked about it, and his name server how long that takes.
class DnsResolverFlooded : public DnsResolver {
 protected:
  void SetUp() override {
    schema::DnsSettings settings = server_.settings();
    settings.timeout = std::chrono::minutes(1);  // the places stay taken while a test lasts
    resolver_ = Resolver::open(threads_.first(), settings, clock_).value();
    server_.add_a("known.test", "192.0.2.1");
  }
  void TearDown() override {
    resolver_.reset();
    for (auto& answer : unanswered_) EXPECT_FALSE(answer.get().ok());
  }
  // Takes places, all of which are taken when it returns.
  void flood(const std::string& network, std::size_t questions) {
    for (std::size_t i = 0; i < questions; ++i) {
      const std::string name = std::to_string(i) + "." + network + ".slow.test";
      server_.ignore(name);
      unanswered_.push_back(test::begin_on(threads_.next(), resolver_->look_up(name, DnsType::a, std::chrono::minutes(1), arriving(network))));
    }
    for (std::size_t i = 0; i < questions; ++i) {
      while (server_.questions(std::to_string(i) + "." + network + ".slow.test") == 0) std::this_thread::yield();
    }
  }
  static DnsAsker arriving(const std::string& network) { return {DnsAsker::Purpose::arriving, network}; }
  std::optional<Errc> failure_for(DnsAsker asker) {
    const auto answer = test::run_on(threads_.next(), resolver_->look_up("other.test", DnsType::mx, std::chrono::minutes(1), std::move(asker)));
    return answer.ok() ? std::nullopt : std::optional(answer.error().kind);
  }

  std::vector<std::future<Result<SharedDnsAnswer>>> unanswered_;
};

TEST_F(DnsResolverFlooded, GivesOneNetworkNoMoreThanItsShare) {
  flood("a", kMostDnsQuestionsOfNetwork);
  EXPECT_EQ(failure_for(arriving("a")), Errc::busy);
  EXPECT_EQ(failure_for(arriving("b")), std::nullopt);
  EXPECT_EQ(failure_for(arriving("a")), std::nullopt);  // what is known takes no place
}

TEST_F(DnsResolverFlooded, KeepsPlacesForMailThatLeaves) {
  for (std::size_t i = 0; i < kMostDnsQuestionsArriving / kMostDnsQuestionsOfNetwork; ++i) {
    flood("n" + std::to_string(i), kMostDnsQuestionsOfNetwork);
  }
  EXPECT_EQ(failure_for(arriving("another")), Errc::busy);
  EXPECT_EQ(failure_for({}), std::nullopt);
}

TEST_F(DnsResolver, GivesThePlaceBackOnceNoServerIsWaitedFor) {
  schema::DnsSettings settings = server_.settings();
  settings.timeout = std::chrono::milliseconds(700);
  resolver_ = Resolver::open(threads_.first(), settings, clock_).value();
  const DnsAsker asker{DnsAsker::Purpose::arriving, "a"};
  std::vector<std::future<Result<SharedDnsAnswer>>> answers;
  for (std::size_t i = 0; i < kMostDnsQuestionsOfNetwork; ++i) {
    server_.ignore(std::to_string(i) + ".slow.test");
    answers.push_back(test::begin_on(threads_.next(), resolver_->look_up(std::to_string(i) + ".slow.test", DnsType::a, std::chrono::minutes(1), asker)));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get().error().kind, Errc::timeout);  // the clock of those who wait stands still
  EXPECT_TRUE(test::run_on(threads_.next(), resolver_->look_up("none.test", DnsType::a, std::chrono::minutes(1), asker)).ok());
}

TEST_F(DnsResolver, RefusesWhatIsNoDomainName) {
  for (const std::string& name : {std::string(), std::string("."), std::string("a..b"), std::string("b\xc3\xbc" "cher.test"),
                                  std::string("a b.test"), std::string(64, 'a') + ".test", std::string("a\0b.test", 8)}) {
    EXPECT_EQ(ask(name, DnsType::a).error().kind, Errc::invalid) << name;
  }
  EXPECT_FALSE(dns_reverse_name("example.test"));
  EXPECT_EQ(dns_reverse_name("2001:db8::567:89ab"),  // RFC 3596 section 2.5's form
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(DnsCache, ForgetsWhatWasNotAskedForTheLongest) {
  test::ManualClock clock;
  DnsCache cache(2, clock);
  const auto answer = std::make_shared<const DnsAnswer>(DnsAnswer{DnsAnswer::Kind::no_data, {}, "", std::chrono::seconds(10)});
  cache.keep("a.test", DnsType::a, answer);
  cache.keep("b.test", DnsType::a, answer);
  EXPECT_NE(cache.find("a.test", DnsType::a), nullptr);
  cache.keep("c.test", DnsType::a, answer);
  EXPECT_EQ(cache.find("b.test", DnsType::a), nullptr);
  EXPECT_NE(cache.find("a.test", DnsType::a), nullptr);
  EXPECT_EQ(cache.find("a.test", DnsType::mx), nullptr);
}

TEST(DnsCache, HoldsNoMoreBytesThanItMayWhateverTheAnswersAre) {
  test::ManualClock clock;
  constexpr std::size_t kMost = 100'000;
  DnsCache cache(1'000'000, clock, kMost);
  const auto answer_of = [](std::size_t bytes) {
    return std::make_shared<const DnsAnswer>(DnsAnswer{DnsAnswer::Kind::found, {{std::string(bytes, 'x'), 0}}, "", std::chrono::seconds(10)});
  };
  for (int i = 0; i < 100; ++i) cache.keep(std::to_string(i) + ".test", DnsType::txt, answer_of(4000));
  EXPECT_LE(cache.bytes(), kMost);
  EXPECT_NE(cache.find("99.test", DnsType::txt), nullptr);
  EXPECT_NE(cache.find("80.test", DnsType::txt), nullptr);
  EXPECT_EQ(cache.find("70.test", DnsType::txt), nullptr);
  cache.keep("99.test", DnsType::txt, answer_of(kMostKeptDnsAnswerBytes));  // with the record around it that is more
  EXPECT_EQ(cache.find("99.test", DnsType::txt), nullptr);                  // and what was known before is not true any more
  clock.advance(std::chrono::seconds(10));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(cache.find(std::to_string(i) + ".test", DnsType::txt), nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

// RFC 1035 section 4.1.4: a message of our own hand, with a pointer, then with pointers that lead nowhere.
TEST(DnsCodec, ReadsPointersAndRefusesThoseThatDoNotPointBack) {
  const std::string header("\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00", 12);
  const std::string question("\x01" "a\x04" "test\x00\x00\x0f\x00\x01", 12);
  const auto mx = [](const std::string& host) {
    return std::string("\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x3c\x00", 11) + static_cast<char>(host.size() + 2) +
           std::string("\x00\x05", 2) + host;
  };
  const auto good = parse_dns_answer(header + question + mx("\x02mx\xc0\x0c"), "a.test", DnsType::mx);
  ASSERT_TRUE(good.ok()) << to_string(good.error());
  EXPECT_EQ(good->records, (std::vector<DnsRecord>{{"mx.a.test", 5}}));
  EXPECT_EQ(good->ttl, std::chrono::seconds(60));
  for (const std::string& host : {std::string("\xc0\x26", 2), std::string("\xc0\xff", 2), std::string("\x05" "ab", 3), std::string("\x41")}) {
    EXPECT_EQ(parse_dns_answer(header + question + mx(host), "a.test", DnsType::mx).error().kind, Errc::invalid);
  }
  EXPECT_EQ(parse_dns_answer(header + question, "a.test", DnsType::mx).error().kind, Errc::invalid);
  EXPECT_EQ(parse_dns_answer(header + question + mx("\x03" "a.b\x00"), "a.test", DnsType::mx).error().kind, Errc::invalid);
}

}  // namespace
}  // namespace telepost::adapters::net
