#include "adapters/net/login_delays.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace telepost::adapters::net {
namespace {

using namespace std::chrono_literals;

class LoginDelaysTest : public testing::Test {
 protected:
  Duration fail(const std::string& account, const std::string& network) {
    const auto attempt = delays_.begin(account, network);
    if (!attempt) return Duration(-1);
    clock_.advance(attempt->wait());
    return attempt->wait();
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

TEST_F(LoginDelaysTest, QueueAttemptsThatComeAtOnce) {
  std::vector<std::unique_ptr<LoginDelays::Attempt>> attempts;
  std::vector<Duration> waits;
  for (auto attempt = delays_.begin("ann", "n"); attempt; attempt = delays_.begin("ann", "n")) {
    waits.push_back(attempt->wait());
    attempts.push_back(std::move(attempt));
  }
  // 1 + 2 + 4 + 8 + 16 + 32 = 63 s, and a further minute would be over two.
  EXPECT_EQ(waits, (std::vector<Duration>{0s, 0s, 0s, 1s, 3s, 7s, 15s, 31s, 63s}));
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
