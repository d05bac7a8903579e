// The memory of all sessions together.
#include "adapters/smtp/held_bytes.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/support/manual_clock.h"

namespace telepost::adapters::smtp {
namespace {

constexpr std::size_t kMiB = 1u << 20;

TEST(SmtpHeldBytes, NobodyWaitsWithinTheBudget) {
  test::ManualClock clock;
  HeldBytes all(4 * kMiB, clock);
  HeldBytes::Share ann(all), bob(all);
  ann.hold(2 * kMiB);
  bob.hold(2 * kMiB);
  EXPECT_EQ(all.total(), 4 * kMiB);
  EXPECT_FALSE(ann.must_wait());
  EXPECT_FALSE(bob.must_wait());
}

TEST(SmtpHeldBytes, BeyondTheBudgetOneGoesOnAndSmallOnesDo) {
  test::ManualClock clock;
  HeldBytes all(2 * kMiB, clock);
  HeldBytes::Share ann(all), bob(all), small(all);
  ann.hold(2 * kMiB);
  bob.hold(kMiB);
  small.hold(kFreeHeldBytes);
  EXPECT_FALSE(bob.must_wait());  // his turn
  EXPECT_TRUE(ann.must_wait());
  EXPECT_FALSE(bob.must_wait());
  EXPECT_FALSE(small.must_wait());
  clock.advance(kHeldTurn);
  EXPECT_FALSE(ann.must_wait());
  EXPECT_TRUE(bob.must_wait());
}

TEST(SmtpHeldBytes, WhoWaitsIsWokenWhenThereIsRoomOrATurn) {
  test::ManualClock clock;
  HeldBytes all(2 * kMiB, clock);
  HeldBytes::Share ann(all), bob(all), carl(all);
  ann.hold(2 * kMiB);
  bob.hold(kMiB);
  carl.hold(2 * kMiB);
  EXPECT_FALSE(bob.must_wait());  // his turn
  int ann_woken = 0, carl_woken = 0;
  const HeldBytes::Waiting ann_waits(ann, [&ann_woken] { ++ann_woken; });
  const HeldBytes::Waiting carl_waits(carl, [&carl_woken] { ++carl_woken; });
  EXPECT_EQ(ann_waits.look_again(), clock.steady() + kHeldTurn);
  bob.hold(0);
  EXPECT_EQ(ann_woken, 1);  // who has waited longest
  EXPECT_EQ(carl_woken, 0);
  ann.hold(0);
  EXPECT_EQ(carl_woken, 1);  // there is room
}

TEST(SmtpHeldBytes, BytesAndTurnAreGivenBack) {
  test::ManualClock clock;
  HeldBytes all(kMiB, clock);
  std::optional<HeldBytes::Share> ann(std::in_place, all);
  HeldBytes::Share bob(all);
  ann->hold(2 * kMiB);
  bob.hold(2 * kMiB);
  EXPECT_FALSE(ann->must_wait());
  EXPECT_TRUE(bob.must_wait());
  ann.reset();
  EXPECT_EQ(all.total(), 2 * kMiB);
  EXPECT_FALSE(bob.must_wait());
  bob.hold(0);
  EXPECT_EQ(all.total(), 0u);
}

}  // namespace
}  // namespace telepost::adapters::smtp
