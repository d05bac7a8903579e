// When what could not be sent is tried again: a table of facts and verdicts.
#include <gtest/gtest.h>

#include "policies/retry.h"
#include "schema/queue_settings.h"

namespace telepost::policies {
namespace {

using namespace std::chrono_literals;

const Time kBegin = from_millis(1'800'000'000'000);

RetrySchedule schedule() { return {{5min, 10min, 1h}, 24h, 4h}; }

RetryFacts facts(std::uint32_t attempts, Duration age, Failure failure = Failure::peer, std::uint64_t jitter = 7) {
  return {schema::Network::mail, attempts, kBegin, kBegin + age, failure, jitter};
}

Duration wait_of(const RetryFacts& given) { return *next_attempt(schedule(), given) - given.now; }

TEST(RetryPolicy, WaitsAsTheScheduleSaysStretchedByATenthAtMost) {
  const std::pair<std::uint32_t, Duration> rows[] = {{1, 5min}, {2, 10min}, {3, 1h}, {4, 1h}, {40, 1h}};
  for (const auto& [attempts, wait] : rows) {
    for (std::uint64_t jitter = 0; jitter < 200; ++jitter) {
      const Duration given = wait_of(facts(attempts, 1h, Failure::peer, jitter));
      EXPECT_GE(given, wait) << attempts;
      EXPECT_LE(given, wait + wait / 10) << attempts;
    }
  }
}

TEST(RetryPolicy, GivesTheSameVerdictForTheSameFactsAndSpreadsOthers) {
  std::set<Duration> waits;
  for (std::uint64_t jitter = 0; jitter < 100; ++jitter) {
    EXPECT_EQ(wait_of(facts(3, 1h, Failure::peer, jitter)), wait_of(facts(3, 1h, Failure::peer, jitter)));
    waits.insert(wait_of(facts(3, 1h, Failure::peer, jitter)));
  }
  EXPECT_GT(waits.size(), 90u);
}

TEST(RetryPolicy, TriesAtTheVeryEndAndThenNoMore) {
  EXPECT_EQ(next_attempt(schedule(), facts(9, 24h - 1min)), kBegin + 24h);
  EXPECT_EQ(next_attempt(schedule(), facts(9, 24h)), std::nullopt);
  EXPECT_EQ(next_attempt(schedule(), facts(1, 48h)), std::nullopt);
}

TEST(RetryPolicy, AsksLessOftenWherePeopleMustActFirst) {
  EXPECT_GE(wait_of(facts(1, 0min, Failure::tls)), 30min);
  EXPECT_LT(wait_of(facts(1, 0min, Failure::connection)), 6min);
  EXPECT_LT(wait_of(facts(1, 0min, Failure::dns)), 6min);
}

TEST(RetryPolicy, TellsOfADelayBetweenItsNoticeAndTheEnd) {
  EXPECT_FALSE(is_delay_notice_due(schedule(), kBegin, kBegin + 4h - 1ms));
  EXPECT_TRUE(is_delay_notice_due(schedule(), kBegin, kBegin + 4h));
  EXPECT_FALSE(is_delay_notice_due(schedule(), kBegin, kBegin + 24h));
  RetrySchedule silent = schedule();
  silent.delay_notice = Duration(0);
  EXPECT_FALSE(is_delay_notice_due(silent, kBegin, kBegin + 5h));
}

// RFC 5321 section 4.5.4.1: 30 minutes between attempts after the first few, at least 4 to 5 days in all.
TEST(RetryPolicy, TakesItsTimeByDefault) {
  const schema::QueueSettings settings;
  EXPECT_GE(settings.retry.back(), 30min);
  EXPECT_GE(settings.expire, 24h * 4);
}

}  // namespace
}  // namespace telepost::policies
