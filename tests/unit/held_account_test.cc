// Accounts that are deleted while something may keep what they hold.
#include <gtest/gtest.h>

#include "store/calendar.h"
#include "store/rooms.h"
#include "tests/support/holds_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::Partition;
using std::chrono::days;
using store::Space;
using test::mail;
using test::StoreFixture;

class HeldAccount : public test::HoldsTest {};

const std::string kStandard = "<class name='standard'/>";

TEST_F(HeldAccount, OfAClassThatIsDefinedNowhereStaysUntilItIsBack) {
  use(kStandard + "<class name='gold'><retain keep='P30D'/></class>");
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.store().accounts().set_class(ann, "gold").ok());
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("kept")).ok());
  pass(20min);
  use(kStandard);
  ASSERT_EQ(fixture_.store().accounts().kept_by(ann)->size(), 1u);
  EXPECT_NE(fixture_.store().accounts().kept_by(ann)->front().find("gold"), std::string::npos);
  ASSERT_TRUE(fixture_.store().accounts().remove(ann).ok());
  for (int month = 0; month < 3; ++month) pass(days(20));
  EXPECT_EQ(stored(), 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  // Its word counts again, and its time is over.
  use(kStandard + "<class name='gold'><retain keep='P30D'/></class>");
  for (int day = 0; day < 3; ++day) pass(days(1));
  EXPECT_EQ(stored(), 0u);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

// A minimum retention is a minimum: what ends one after the other goes together, a day later at most.
TEST_F(HeldAccount, GoesThroughWhatIsRetainedOnceADay) {
  use("<class name='standard'><retain keep='P30D'/></class>");
  const AccountId ann = fixture_.create("ann@example.test");
  constexpr int kMessages = 50;
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(fixture_.deliver_to(ann, mail(std::to_string(i))).ok());
    fixture_.clock().advance(10min);
  }
  pass(1min);
  ASSERT_TRUE(fixture_.store().accounts().remove(ann).ok());
  pass(1min);
  pass(days(30) - kMessages * Duration(10min));  // the first one ends
  EXPECT_EQ(stored(), std::size_t{kMessages} - 1);
  const auto before = fixture_.engine().operations();
  for (int i = 0; i < 20; ++i) pass(10min);
  EXPECT_EQ(stored(), std::size_t{kMessages} - 1);
  const auto after = fixture_.engine().operations();
  EXPECT_LT(after.records - before.records, std::uint64_t{kMessages});
  pass(days(1));
  pass(1h);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(HeldAccount, WritesNothingWhereItHasNothingToRemove) {
  const AccountId ann = fixture_.create("ann@example.test");
  for (int i = 0; i < 3'000; ++i) ASSERT_TRUE(fixture_.deliver_to(ann, mail(std::to_string(i))).ok());
  hold_sender("*");
  hold_account(ann);
  ASSERT_TRUE(fixture_.store().accounts().remove(ann).ok());
  pass(1h);
  // Found again, all of it is looked at.
  store::CommitList list;
  list.push_back(store::Calendar::write(fixture_.clock().now(), Partition::account(ann)));
  ASSERT_TRUE(rooms_of(fixture_.store()).committer.commit(std::move(list)).ok());
  const auto before = fixture_.engine().operations();
  pass(1h);
  const auto after = fixture_.engine().operations();
  EXPECT_GT(after.records - before.records, 3'000u);
  EXPECT_LT(after.commits - before.commits, 10u);  // a commit for each page would be more than that
}

TEST_F(HeldAccount, IsAuditedAsRemovedOnce) {
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("one")).ok());
  ASSERT_TRUE(fixture_.store().accounts().remove(ann).ok());
  for (int round = 0; round < 3; ++round) {
    pass(1h);
    store::CommitList list;
    list.push_back(store::Calendar::write(fixture_.clock().now(), Partition::account(ann)));
    ASSERT_TRUE(rooms_of(fixture_.store()).committer.commit(std::move(list)).ok());
  }
  pass(1h);
  EXPECT_EQ(audited(ann, schema::AuditRecord::Action::account_removed), 1u);
}

// Whoever was told 250 gets the message, though the account that holds what it is made from goes, held or not.
TEST_F(HeldAccount, ServesWhomItsCopiesArePromisedTo) {
  for (const bool is_held : {false, true}) {
    int served = 0;
    bool crashed = true;
    for (std::uint64_t batch = 1; crashed; ++batch) {
      SCOPED_TRACE((is_held ? "held, crash before batch " : "crash before batch ") + std::to_string(batch));
      StoreFixture fixture;
      AccountId first = fixture.create("ann@example.test"), second = fixture.create("bob@example.test");
      if (second < first) std::swap(first, second);
      fixture.clock().advance(20min);
      ASSERT_TRUE(fixture.sweep().ok());
      schema::HoldRecord hold;
      hold.account = first;
      hold.reason = "case 17";
      if (is_held) {
        ASSERT_TRUE(fixture.store().holds().add(hold).ok());
      }
      fixture.engine().crash_before_batch(batch);
      (void)fixture.deliver(test::incoming_for(fixture.store(), {first, second}, store::Incoming::Reply::one_for_all), mail("to both"));
      crashed = fixture.engine().crashed();
      fixture.reopen();
      const bool is_promised = test::sources_of(fixture.store(), first).size() == 1 && test::sources_of(fixture.store(), second).empty();
      served += is_promised ? 1 : 0;
      ASSERT_TRUE(fixture.store().accounts().remove(first).ok());
      const std::size_t expected = is_promised || !crashed ? 1u : test::sources_of(fixture.store(), second).size();
      for (int i = 0; i < 5; ++i) {
        fixture.clock().advance(2min);
        ASSERT_TRUE(fixture.sweep().ok());
      }
      EXPECT_EQ(test::sources_of(fixture.store(), second).size(), expected);
      EXPECT_TRUE(fixture.verify_clean());
    }
    EXPECT_GT(served, 0);
  }
}

// A report that is still to be sent: of the two who refuse one was asked too late.
TEST_F(HeldAccount, LeavesTheReportsThatAreDueThere) {
  for (const bool is_held : {false, true}) {
    StoreFixture fixture;
    fixture.store().set_classes(test::classes_of(kStandard + "<class name='mute'><kind name='email' allow='false'/></class>"));
    const AccountId ann = fixture.create("ann@example.test"), sue = fixture.create("sue@example.test"), mute = fixture.create("mute@example.test");
    ASSERT_TRUE(fixture.store().accounts().set_class(mute, "mute").ok());
    fixture.clock().advance(20min);
    ASSERT_TRUE(fixture.sweep().ok());
    schema::HoldRecord hold;
    hold.account = ann;
    hold.reason = "case 17";
    if (is_held) {
      ASSERT_TRUE(fixture.store().holds().add(hold).ok());
    }
    auto incoming = test::incoming_for(fixture.store(), {ann, mute}, store::Incoming::Reply::one_for_all);
    incoming.from = "mailto:sue@example.test";
    ASSERT_TRUE(fixture.deliver(std::move(incoming), mail("one"))[0].ok());
    rooms_of(fixture.store()).workers.wait_until_idle();
    ASSERT_TRUE(test::sources_of(fixture.store(), sue).empty()) << "the report is due";
    ASSERT_TRUE(fixture.store().accounts().remove(ann).ok());
    for (int i = 0; i < 3; ++i) {
      fixture.clock().advance(2min);
      ASSERT_TRUE(fixture.sweep().ok());
    }
    const auto told = test::sources_of(fixture.store(), sue);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_NE(told[0].find("Final-Recipient: rfc822; mute@example.test\r\nAction: failed\r\n"), std::string::npos);
    EXPECT_TRUE(fixture.verify_clean());
    if (is_held) {
      ASSERT_TRUE(fixture.store().holds().release(fixture.store().holds().list()->front().id).ok());
    }
    EXPECT_TRUE(fixture.empties_to_nothing());
  }
}

// An account that lost its head, or all but its messages, was not deleted by anybody.
TEST(DamagedAccount, IsNotRemovedForWhatItLost) {
  for (const bool profile_too : {false, true}) {
    StoreFixture fixture;
    const AccountId ann = fixture.create("ann@example.test");
    ASSERT_TRUE(fixture.deliver_to(ann, mail("one")).ok());
    fixture.clock().advance(20min);
    ASSERT_TRUE(fixture.sweep().ok());
    const Partition partition = Partition::account(ann);
    fixture.engine().damage(partition, Space::point, schema::keys::kHead, {});
    if (profile_too) fixture.engine().damage(partition, Space::point, schema::keys::kAccount, {});
    fixture.reopen();
    store::CommitList list;
    list.push_back(store::Calendar::write(fixture.clock().now(), partition));
    ASSERT_TRUE(rooms_of(fixture.store()).committer.commit(std::move(list)).ok());
    const auto before = fixture.engine().dump();
    for (int i = 0; i < 3; ++i) {
      fixture.clock().advance(2min);
      const auto swept = fixture.sweep();
      ASSERT_TRUE(swept.ok());
      EXPECT_EQ(swept->of(store::SweepKind::reclaim).failed, 1u);
    }
    const auto after = fixture.engine().dump();
    for (const auto& [place, value] : before) {
      const bool is_address = place.second[0] == static_cast<char>(schema::PartitionKind::directory);
      if (is_address || place.second.starts_with(partition.bytes())) {
        EXPECT_TRUE(after.contains(place));
      }
    }
  }
}

}  // namespace
}  // namespace telepost
