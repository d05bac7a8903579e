// Removals of accounts beside a serving store: the hints that stand for them.
#include "store/account_removals.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "store/calendar.h"
#include "store/rooms.h"
#include "tests/support/holds_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::Partition;
using store::Calendar;
using test::mail;

class AccountRemovalsTest : public test::HoldsTest {
 protected:
  void SetUp() override {
    ann_ = fixture_.create("ann@example.test");
    ASSERT_TRUE(fixture_.deliver_to(ann_, mail("one")).ok());
    hold_account(ann_);
    pass(20min);
    ASSERT_TRUE(fixture_.store().accounts().remove(ann_).ok());
    ASSERT_EQ(hints().size(), 1u);
    // The removal waits at its first read until it is let go.
    fixture_.engine().set_delay({}, [this, here = std::this_thread::get_id()] {
      if (std::this_thread::get_id() == here || std::exchange(waited_, true)) return;
      begun_.set_value();
      let_go_.get_future().wait();
    });
  }
  void TearDown() override {
    fixture_.engine().set_delay({}, {});
    HoldsTest::TearDown();
  }
  std::vector<Time> hints() {
    const Partition partition = Partition::account(ann_);
    const auto due = Calendar::due(fixture_.engine(), schema::keys::calendar_slice(partition).slice(),
                                   fixture_.clock().now() + std::chrono::days(1), 1'000);
    std::vector<Time> times;
    for (const store::Hint& hint : *due) {
      if (hint.target == partition) times.push_back(hint.time);
    }
    return times;
  }
  // As a sweep does that a hint led here.
  std::shared_future<store::AccountRemovals::Outcome> hand_over(store::AccountRemovals& removals, Time led_by, Time hint) {
    store::CommitList list;
    list.push_back(Calendar::write(hint, Partition::account(ann_)));
    list.push_back(Calendar::remove({led_by, Partition::account(ann_), {}}));
    EXPECT_TRUE(rooms_of(fixture_.store()).committer.commit(std::move(list)).ok());
    return removals.give(ann_, led_by, hint);
  }
  AccountId ann_;
  std::promise<void> begun_, let_go_;
  bool waited_ = false;  // of the removal's thread
};

TEST_F(AccountRemovalsTest, TheHintsThatFindOneWhileItRunsGoWithIt) {
  const Time now = fixture_.clock().now();
  store::AccountRemovals removals(rooms_of(fixture_.store()));
  const auto outcome = hand_over(removals, hints()[0], now + 1min);
  begun_.get_future().wait();
  for (int minute = 1; minute < 5; ++minute) {
    const auto same = hand_over(removals, now + minute * 1min, now + (minute + 1) * 1min);
    EXPECT_EQ(same.wait_for(0s), std::future_status::timeout);
  }
  let_go_.set_value();
  EXPECT_TRUE(outcome.get().first.ok());
  EXPECT_EQ(outcome.get().second.skipped_held, 1u);
  EXPECT_TRUE(hints().empty());
}

// A hold that was released meanwhile wakes the account: a removal that is nearly done does not look again.
TEST_F(AccountRemovalsTest, AnotherHintThatComesWhileItRunsStaysForAnotherLook) {
  const Time now = fixture_.clock().now();
  store::AccountRemovals removals(rooms_of(fixture_.store()));
  const auto outcome = hand_over(removals, hints()[0], now + 1min);
  begun_.get_future().wait();
  (void)hand_over(removals, now + 7s, now + 2min);
  (void)hand_over(removals, now + 1min, now + 3min);
  let_go_.set_value();
  EXPECT_TRUE(outcome.get().first.ok());
  EXPECT_EQ(hints(), std::vector<Time>{now + 3min});
  const auto again = hand_over(removals, now + 3min, now + 4min);
  EXPECT_TRUE(again.get().first.ok());
  EXPECT_TRUE(hints().empty());
}

}  // namespace
}  // namespace telepost
