#include "adapters/net/login_delays.h"

#include <gtest/gtest.h>

#include "adapters/net/login_turn.h"
#include "tests/support/manual_clock.h"
#include "tests/support/store_fixture.h"

namespace telepost::adapters::net {
namespace {

using namespace std::chrono_literals;

class LoginDelaysTest : public testing::Test {
 protected:
  Duration fail(const std::string& account, const std::string& network) {
    const auto attempt = delays_.begin(account, network);
    if (!attempt) return Duration(-1);
    const Duration waited = wait_of(*attempt);
    clock_.advance(waited);
    EXPECT_TRUE(attempt->check());
    return waited;
  }
  Duration wait_of(const LoginDelays::Attempt& attempt) const {
    return std::chrono::duration_cast<Duration>(std::max(attempt.due(), clock_.steady()) - clock_.steady());
  }
  std::vector<std::unique_ptr<LoginDelays::Attempt>> begin_at_once(std::size_t count, const std::string& account) {
    std::vector<std::unique_ptr<LoginDelays::Attempt>> attempts;
    for (std::size_t i = 0; i < count; ++i) attempts.push_back(delays_.begin(account, "n"));
    return attempts;
  }
  test::ManualClock clock_;
  LoginDelays delays_{clock_};
};

TEST_F(LoginDelaysTest, GrowUpToAMinuteAndNeverEndInALock) {
  std::vector<Duration> waits;
  for (int i = 0; i < 12; ++i) waits.push_back(fail("ann", "192.0.2.1"));
  EXPECT_EQ(waits, (std::vector<Duration>{0s, 0s, 0s, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}));
}

TEST_F(LoginDelaysTest, AreOneAccountsFromOneNetwork) {
  for (int i = 0; i < 10; ++i) fail("ann", "192.0.2.1");
  EXPECT_EQ(fail("ann", "198.51.100.1"), 0s);
  EXPECT_EQ(fail("bob", "192.0.2.1"), 0s);
}

TEST_F(LoginDelaysTest, MeetWhoTriesManyNamesToo) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(fail("name" + std::to_string(i), "192.0.2.1"), 0s);
  EXPECT_EQ(fail("one more", "192.0.2.1"), 1s);
  EXPECT_EQ(fail("and one", "192.0.2.1"), 2s);
  EXPECT_EQ(fail("and one", "192.0.2.2"), 0s);
}

TEST(LoginTurn, CountsGuessesByAccountAndNotBySpelling) {
  test::StoreFixture fixture;
  const schema::AccountId ann = fixture.create("mailto:ann@example.test");
  fixture.create("mailto:bob@example.test");
  ASSERT_TRUE(fixture.store().accounts().add_address(ann, "mailto:sales@example.test").ok());
  const auto key = [&](std::string_view name, LoginSecret secret = LoginSecret::password) {
    return login_delay_key(fixture.store(), secret, name).value();
  };
  for (const char* const name : {"sales@example.test", "ANN@Example.TEST", "mailto:ann@example.test"}) EXPECT_EQ(key(name), key("ann@example.test"));
  EXPECT_NE(key("bob@example.test"), key("ann@example.test"));
  EXPECT_EQ(key("nobody@example.test"), key("Nobody@EXAMPLE.test"));
  EXPECT_NE(key("nobody@example.test"), key("nobody2@example.test"));
  EXPECT_NE(key("account " + schema::to_string(ann)), key("ann@example.test"));
  EXPECT_NE(key("ann@example.test", LoginSecret::app_password), key("ann@example.test")) << "an app password forgives no guess at the password";
}

TEST_F(LoginDelaysTest, QueueAttemptsThatComeAtOnce) {
  const auto attempts = begin_at_once(11, "ann");
  std::vector<Duration> waits;
  for (const auto& attempt : attempts) waits.push_back(wait_of(*attempt));
  EXPECT_EQ(waits, (std::vector<Duration>{0s, 0s, 0s, 1s, 3s, 7s, 15s, 31s, 63s, 123s, 183s}));
  EXPECT_FALSE(attempts[3]->check());
}

// Guesses in parallel are worth no more than guesses one after the other.
TEST_F(LoginDelaysTest, StayAsLongWhereThoseBeforeFail) {
  auto attempts = begin_at_once(8, "ann");
  const SteadyTime begun = clock_.steady();
  std::vector<Duration> waited;
  for (auto& attempt : attempts) {
    clock_.advance(wait_of(*attempt));
    ASSERT_TRUE(attempt->check());
    waited.push_back(std::chrono::duration_cast<Duration>(clock_.steady() - begun));
    attempt.reset();
  }
  EXPECT_EQ(waited, (std::vector<Duration>{0s, 0s, 0s, 1s, 3s, 7s, 15s, 31s}));
}

TEST_F(LoginDelaysTest, HoldNobodyUpWhoLogsInManyTimesAtOnce) {
  const auto attempts = begin_at_once(40, "ann");
  unsigned woken = 0;
  for (const auto& attempt : attempts) attempt->when_sooner([&woken] { ++woken; });
  for (const auto& attempt : attempts) {
    ASSERT_TRUE(attempt->check());
    attempt->succeeded();
  }
  EXPECT_GE(woken, 37u);
}

TEST_F(LoginDelaysTest, CountWhoGaveUpForNothing) {
  auto attempts = begin_at_once(20, "ann");
  ASSERT_TRUE(attempts[0]->check());
  for (std::size_t i = attempts.size(); i-- > 0;) attempts[i].reset();
  EXPECT_EQ(fail("ann", "n"), 0s);
  EXPECT_EQ(fail("ann", "n"), 0s);
  EXPECT_EQ(fail("ann", "n"), 1s);
}

TEST_F(LoginDelaysTest, BringNothingForwardInANetworkThatGuesses) {
  for (int i = 0; i < 21; ++i) fail("name" + std::to_string(i), "n");
  const auto own = delays_.begin("mallory", "n");
  const auto guess = delays_.begin("ann", "n");
  EXPECT_EQ(wait_of(*own), 2s);
  EXPECT_EQ(wait_of(*guess), 6s);
  clock_.advance(2s);
  ASSERT_TRUE(own->check());
  own->succeeded();
  EXPECT_EQ(wait_of(*guess), 0s);  // as long since it began as without an account of one's own
}

TEST_F(LoginDelaysTest, TakeSoManyAtOnceAndNoMore) {
  const auto attempts = begin_at_once(kMostLoginsAtOnce + 1, "ann");
  EXPECT_NE(attempts[kMostLoginsAtOnce - 1], nullptr);
  EXPECT_EQ(attempts.back(), nullptr);
}

TEST_F(LoginDelaysTest, EndWithASuccessOrWithTime) {
  for (int i = 0; i < 5; ++i) fail("ann", "n");
  delays_.begin("ann", "n")->succeeded();
  EXPECT_EQ(fail("ann", "n"), 0s);
  for (int i = 0; i < 5; ++i) fail("ann", "n");
  clock_.advance(31min);
  EXPECT_EQ(fail("ann", "n"), 0s);
}

TEST_F(LoginDelaysTest, HoldSoManyEntriesAndNoMore) {
  LoginDelays few(clock_, 10);
  for (int i = 0; i < 100; ++i) few.begin("name", std::to_string(i));
  EXPECT_EQ(few.size(), 10u);
}

}  // namespace
}  // namespace telepost::adapters::net
