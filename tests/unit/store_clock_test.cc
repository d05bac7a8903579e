// The clock rule: store time never runs backwards, a leap ahead is not believed until somebody accepts it, and meanwhile nothing is
// removed.
#include <gtest/gtest.h>

#include "store/rooms.h"
#include "store/store_clock.h"
#include "schema/quantity.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using store::StoreClock;
using test::ManualClock;
using test::StoreFixture;

constexpr StoreClock::Limits kLimits{24h, days(30)};

schema::StoreRecord kept_at(Time latest, std::optional<Time> leap = {}) {
  schema::StoreRecord record;
  record.latest = latest;
  record.leap = leap;
  return record;
}

TEST(StoreClock, FollowsTheWallClock) {
  ManualClock wall;
  StoreClock clock(wall, kLimits);
  clock.begin(kept_at(wall.now() - 10s));
  EXPECT_EQ(clock.now(), wall.now());
  wall.advance(36h);
  EXPECT_EQ(clock.now(), wall.now());
  wall.jump_to(wall.now() + 23h);
  EXPECT_EQ(clock.now(), wall.now());
  EXPECT_FALSE(clock.leap());
}

TEST(StoreClock, NeverRunsBackwardsAndMeetsAClockThatWasSetBack) {
  ManualClock wall;
  StoreClock clock(wall, kLimits);
  clock.begin(kept_at(wall.now()));
  const Time before = clock.now();
  wall.jump_to(before - 10min);
  EXPECT_EQ(clock.now(), before);
  Time last = before;
  for (int minute = 1; minute < 20; ++minute) {
    wall.advance(1min);
    const Time now = clock.now();
    EXPECT_EQ(now, before + minute * 30s);  // half the speed of the monotonic clock
    EXPECT_GT(now, last);
    EXPECT_GT(now, wall.now());
    last = now;
  }
  wall.advance(1min);
  EXPECT_EQ(clock.now(), wall.now());
  wall.advance(1min);
  EXPECT_EQ(clock.now(), wall.now());
}

TEST(StoreClock, DoesNotStartBeforeWhatWasKept) {
  ManualClock wall;
  StoreClock clock(wall, kLimits);
  clock.begin(kept_at(wall.now() + days(3)));
  EXPECT_EQ(clock.now(), wall.now() + days(3));
}

TEST(StoreClock, ALeapIsNotBelievedUntilItIsAccepted) {
  ManualClock wall;
  StoreClock clock(wall, kLimits);
  clock.begin(kept_at(wall.now()));
  const Time before = clock.now();
  wall.jump_to(before + days(400));
  wall.advance(5s);
  EXPECT_EQ(clock.now(), before + 5s);
  EXPECT_EQ(clock.stamp(), wall.now());
  EXPECT_EQ(clock.leap(), days(400));
  wall.advance(days(2));
  EXPECT_EQ(clock.now(), before + 5s + days(2));
  clock.accept();
  EXPECT_EQ(clock.now(), wall.now());
  EXPECT_FALSE(clock.leap());
}

TEST(StoreClock, ALeapThatIsTakenBackLeavesNoTrace) {
  ManualClock wall;
  StoreClock clock(wall, kLimits);
  clock.begin(kept_at(wall.now()));
  const Time before = clock.now();
  wall.jump_to(before + days(4000));
  EXPECT_TRUE(clock.leap());
  wall.advance(1h);
  wall.jump_to(before + 1h);
  EXPECT_FALSE(clock.leap());
  EXPECT_EQ(clock.now(), before + 1h);
  wall.advance(1h);
  EXPECT_EQ(clock.now(), before + 2h);
}

TEST(StoreClock, OverAStopALongerTimeIsBelieved) {
  ManualClock wall;
  const Time latest = wall.now();
  wall.jump_to(latest + days(30));
  StoreClock month(wall, kLimits);
  month.begin(kept_at(latest));
  EXPECT_FALSE(month.leap());
  EXPECT_EQ(month.now(), wall.now());
  wall.jump_to(latest + days(30) + 1ms);
  StoreClock more(wall, kLimits);
  more.begin(kept_at(latest));
  EXPECT_EQ(more.leap(), days(30) + 1ms);
  EXPECT_EQ(more.now(), latest);
  StoreClock fresh(wall, kLimits);
  fresh.begin({});
  EXPECT_FALSE(fresh.leap());
  EXPECT_EQ(fresh.now(), wall.now());
}

TEST(StoreClock, ARestartDoesNotPassForAnAcceptance) {
  ManualClock wall;
  const Time latest = wall.now();
  wall.jump_to(latest + days(2));
  StoreClock clock(wall, kLimits);
  clock.begin(kept_at(latest, latest + days(2)));
  EXPECT_EQ(clock.leap(), days(2));
  wall.jump_to(latest + 24h);
  EXPECT_FALSE(clock.leap());
}

class ClockRuleTest : public testing::Test {
 protected:
  void SetUp() override { use(10min); }
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  // Mail expires after this.
  void use(Duration retention) {
    fixture_.store().set_classes(test::classes_of("<class name='standard'><retention keep='" + schema::to_iso8601(retention) + "'/></class>"));
  }
  std::size_t messages(schema::AccountId account) { return test::sources_of(fixture_.store(), account).size(); }
  StoreFixture fixture_;
};

TEST_F(ClockRuleTest, NothingIsRemovedWhileTheClockIsNotBelieved) {
  const auto ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.deliver_to(ann, test::mail("one")).ok());
  fixture_.clock().jump_to(fixture_.clock().now() + days(3));
  fixture_.clock().advance(1h);
  auto swept = fixture_.sweep();
  ASSERT_TRUE(swept.ok());
  EXPECT_TRUE(swept->halted);
  EXPECT_TRUE(swept->more);
  EXPECT_EQ(messages(ann), 1u);
  fixture_.reopen();
  use(10min);
  EXPECT_EQ(fixture_.store().clock()->leap, days(3));
  EXPECT_TRUE(fixture_.sweep()->halted);
  EXPECT_EQ(messages(ann), 1u);
  ASSERT_TRUE(fixture_.store().accept_clock().ok());
  swept = fixture_.sweep();
  EXPECT_FALSE(swept->halted);
  EXPECT_EQ(messages(ann), 0u);
  fixture_.reopen();
  EXPECT_FALSE(fixture_.store().clock()->leap);
}

TEST_F(ClockRuleTest, WhatArrivedDuringALeapDoesNotAgeByIt) {
  const auto ann = fixture_.create("ann@example.test");
  fixture_.clock().jump_to(fixture_.clock().now() + days(3));
  ASSERT_TRUE(fixture_.deliver_to(ann, test::mail("one")).ok());
  ASSERT_TRUE(fixture_.store().accept_clock().ok());
  fixture_.clock().advance(9min);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(messages(ann), 1u);
  fixture_.clock().advance(1min);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(ClockRuleTest, ALongStopIsNotBelievedAndALongRunIsKept) {
  fixture_.clock().advance(days(100));
  ASSERT_TRUE(fixture_.sweep().ok());  // a running store keeps its time as it goes
  fixture_.engine().crash();
  fixture_.reopen();
  EXPECT_FALSE(fixture_.store().clock()->leap);
  fixture_.reopen();
  fixture_.clock().advance(days(31));  // as the wall clock alone, for a store that is closed
  fixture_.reopen();
  EXPECT_FALSE(fixture_.store().clock()->leap);  // it was open, and closed at that time
}

}  // namespace
}  // namespace telepost
