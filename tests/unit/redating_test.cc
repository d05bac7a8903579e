// When stored messages go by the policies in force: reading, Trash, flags, mailboxes, the Expires field, and policies that change.
#include <gtest/gtest.h>

#include "schema/keys.h"
#include "schema/redating_record.h"
#include "store/account_write.h"
#include "store/account_policy.h"
#include "store/rooms.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using std::chrono::days;
using test::mail;
using test::sources_of;
using test::StoreFixture;

class RedatingTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  void standard(const std::string& rules) { fixture_.store().set_classes(test::classes_of("<class name='standard'>" + rules + "</class>")); }
  // Due work that makes due work needs a few rounds.
  void sweep() {
    for (int round = 0; round < 8; ++round) {
      fixture_.clock().advance(10ms);
      const auto swept = fixture_.sweep();
      ASSERT_TRUE(swept.ok());
      EXPECT_EQ(swept->total().failed, 0u);
    }
  }
  void pass(Duration time) {
    fixture_.clock().advance(time);
    sweep();
  }
  std::size_t messages(AccountId account) { return sources_of(fixture_.store(), account).size(); }
  schema::MessageId deliver(AccountId account, const std::string& text = "x") { return fixture_.deliver_to(account, mail(text))->id; }
  std::uint64_t revision(AccountId account) { return fixture_.store().accounts().show(account)->head.policy_revision; }
  std::size_t dues(AccountId account, char what) {
    std::size_t count = 0;
    const auto reader = fixture_.engine().reader(schema::Partition::account(account));
    EXPECT_TRUE(reader->scan(store::Space::queue, "D", "E", [&](std::string_view key, std::string_view) {
      count += key[9] == what ? 1u : 0u;
      return true;
    }).ok());
    return count;
  }
  StoreFixture fixture_;
};

TEST_F(RedatingTest, AReadMessageGoesAfterItsReading) {
  standard("<retention keep='P7D' since='reading'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  const auto read = deliver(ann), read_again = deliver(ann), unread = deliver(ann);
  pass(days(30));
  EXPECT_EQ(messages(ann), 3u);
  for (const auto id : {read, read_again, unread}) ASSERT_TRUE(fixture_.store().changer().set_keywords(id, {"$seen"}, {}).ok());
  pass(days(3));
  ASSERT_TRUE(fixture_.store().changer().set_keywords(unread, {}, {"$seen"}).ok());
  ASSERT_TRUE(fixture_.store().changer().set_keywords(read_again, {}, {"$seen"}).ok());
  ASSERT_TRUE(fixture_.store().changer().set_keywords(read_again, {"$seen"}, {}).ok());
  pass(days(4) - 1h);
  EXPECT_EQ(messages(ann), 3u);
  pass(2h);
  EXPECT_EQ(messages(ann), 2u);
  EXPECT_FALSE(fixture_.store().reader().find(read).ok());
  pass(days(3));
  EXPECT_EQ(messages(ann), 1u);
  EXPECT_TRUE(fixture_.store().reader().find(unread).ok());
}

TEST_F(RedatingTest, WhatIsReadWhileTheClockIsNotBelievedDoesNotAgeByIt) {
  standard("<retention keep='P7D' since='reading'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  const auto read = deliver(ann);
  fixture_.clock().jump_to(fixture_.clock().now() + days(20));
  ASSERT_TRUE(fixture_.store().changer().set_keywords(read, {"$seen"}, {}).ok());
  ASSERT_TRUE(fixture_.store().accept_clock().ok());
  pass(days(7) - 1min);
  EXPECT_EQ(messages(ann), 1u);
  pass(2min);
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(RedatingTest, TrashIsEmptiedOfWhatLiesNowhereElse) {
  standard("<retention keep='P3D' since='trash'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  const auto trash = fixture_.store().mailboxes().create(ann, "Bin", schema::Role::trash);
  const auto work = fixture_.store().mailboxes().create(ann, "Work");
  const auto alone = deliver(ann), elsewhere = deliver(ann), rescued = deliver(ann);
  ASSERT_TRUE(fixture_.store().changer().copy(elsewhere, *work).ok());
  for (const auto id : {alone, elsewhere, rescued}) ASSERT_TRUE(fixture_.store().changer().move(id, store::kInbox, *trash).ok());
  pass(days(2));
  ASSERT_TRUE(fixture_.store().changer().move(rescued, *trash, *work).ok());
  pass(days(2));
  EXPECT_FALSE(fixture_.store().reader().find(alone).ok());
  EXPECT_TRUE(fixture_.store().reader().find(elsewhere).ok());
  EXPECT_TRUE(fixture_.store().reader().find(rescued).ok());
  ASSERT_TRUE(fixture_.store().changer().remove_placement(elsewhere, *work).ok());  // from now on in Trash alone
  pass(days(3) - 1h);
  EXPECT_TRUE(fixture_.store().reader().find(elsewhere).ok());
  pass(2h);
  EXPECT_FALSE(fixture_.store().reader().find(elsewhere).ok());
}

TEST_F(RedatingTest, WhatIsFlaggedStaysUntilItIsNot) {
  standard("<retention keep='P10D' keep-flagged='true'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  const auto flagged = deliver(ann);
  ASSERT_TRUE(fixture_.store().changer().set_keywords(flagged, {"$flagged"}, {}).ok());
  pass(days(100));
  EXPECT_EQ(messages(ann), 1u);
  EXPECT_EQ(dues(ann, 'x'), 0u);
  ASSERT_TRUE(fixture_.store().changer().set_keywords(flagged, {}, {"$flagged"}).ok());
  sweep();
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(RedatingTest, ItsExpiresFieldIsHonouredWhereItIsAllowed) {
  standard("<expires-header honour='true'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  const Time end = fixture_.clock().now() + days(2);
  const std::string text = "From: a@b.test\r\nSubject: offer\r\nExpires: " + to_rfc5322_date(end) + "\r\n\r\nbody\r\n";
  ASSERT_TRUE(fixture_.deliver_to(ann, text).ok());
  deliver(ann);
  pass(days(2) - 1min);
  EXPECT_EQ(messages(ann), 2u);
  pass(2min);
  EXPECT_EQ(messages(ann), 1u);
}

TEST_F(RedatingTest, AnEarlierPolicyReachesWhatIsStored) {
  const AccountId ann = fixture_.create("ann@example.test");
  for (int i = 0; i < 5; ++i) deliver(ann);
  pass(days(20));
  const auto young = deliver(ann);
  standard("<retention keep='P10D'/>");
  sweep();
  EXPECT_EQ(messages(ann), 1u);
  EXPECT_TRUE(fixture_.store().reader().find(young).ok());
  EXPECT_EQ(revision(ann) % 2, 1u);
  standard("<retention keep='P5D'/>");
  pass(days(5) - 1h);
  EXPECT_EQ(messages(ann), 1u);
  pass(2h);
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(RedatingTest, ALaterPolicyNeedsNothingUntilTheOldDateComes) {
  standard("<retention keep='P10D'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  deliver(ann);
  standard("<retention keep='P20D'/>");
  pass(days(11));
  EXPECT_EQ(messages(ann), 1u);
  pass(days(10));
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(RedatingTest, UntilTakesNothingThatALaterPolicyHasDueAfterIt) {
  standard("<retention keep='P10D'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  deliver(ann);
  const Time old = fixture_.clock().now() + days(10) + 1min;
  standard("<retention keep='P12D'/>");
  fixture_.clock().advance(days(13));
  ASSERT_TRUE(fixture_.store().sweep().run({.until = old}).ok());
  EXPECT_EQ(messages(ann), 1u);
  sweep();
  EXPECT_EQ(messages(ann), 0u);
}

// What a message missed while another policy held is made up for.
TEST_F(RedatingTest, APolicyThatComesBackFindsWhatCameMeanwhile) {
  standard("<retention keep='P10D'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  deliver(ann);
  standard("");
  const auto meanwhile = deliver(ann);
  pass(days(11));
  EXPECT_EQ(messages(ann), 2u);
  standard("<retention keep='P10D'/>");
  sweep();
  EXPECT_EQ(messages(ann), 0u);
  EXPECT_FALSE(fixture_.store().reader().find(meanwhile).ok());
}

// Without a sweep between the two changes nobody noticed the other policy but the delivery.
TEST_F(RedatingTest, APolicyThatComesBackAtOnceDoesToo) {
  standard("<retention keep='P10D'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  sweep();
  standard("");
  deliver(ann);
  standard("<retention keep='P10D'/>");
  pass(days(11));
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(RedatingTest, AChangeOfClassAndOwnSettingsCountAtOnce) {
  fixture_.store().set_classes(test::classes_of("<class name='short'><retention keep='P5D'/></class>"));
  const AccountId ann = fixture_.create("ann@example.test"), bob = fixture_.create("bob@example.test");
  deliver(ann), deliver(bob);
  pass(days(6));
  EXPECT_EQ(messages(ann) + messages(bob), 2u);
  ASSERT_TRUE(fixture_.store().accounts().set_class(ann, "short").ok());
  ASSERT_TRUE(store::set_own_settings(fixture_.store(), bob, "<settings xmlns='urn:telepost:policy:1'><retention keep='P6D'/></settings>").ok());
  sweep();
  EXPECT_EQ(messages(ann), 0u);
  EXPECT_EQ(messages(bob), 0u);
  deliver(bob);
  ASSERT_TRUE(store::set_own_settings(fixture_.store(), bob, "").ok());
  pass(days(100));
  EXPECT_EQ(messages(bob), 1u);
  EXPECT_EQ(store::set_own_settings(fixture_.store(), bob, "<settings/>").error().kind, Errc::invalid);
}

TEST_F(RedatingTest, AMailboxThatIsRenamedCountsUnderItsNewName) {
  standard("<retention keep='P5D'><when mailbox='Old/*'/></retention>");
  const AccountId ann = fixture_.create("ann@example.test");
  const auto work = fixture_.store().mailboxes().create(ann, "Work");
  ASSERT_TRUE(fixture_.store().mailboxes().create(ann, "Old").ok());
  ASSERT_TRUE(fixture_.store().changer().move(deliver(ann), store::kInbox, *work).ok());
  pass(days(6));
  EXPECT_EQ(messages(ann), 1u);
  ASSERT_TRUE(fixture_.store().mailboxes().rename(ann, *work, "Old/Work").ok());
  sweep();
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(RedatingTest, AClassThatIsDefinedNowhereRemovesNothingUntilItIsBack) {
  fixture_.store().set_classes(test::classes_of("<class name='gold'><retention keep='P20D'/></class><class name='standard'><retention keep='P5D'/></class>"));
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.store().accounts().set_class(ann, "gold").ok());
  deliver(ann);
  standard("<retention keep='P5D'/>");
  pass(days(30));
  EXPECT_EQ(messages(ann), 1u);
  EXPECT_EQ(store::explain(fixture_.store(), ann)->service->missing, "gold");
  fixture_.store().set_classes(test::classes_of("<class name='gold'><retention keep='P20D'/></class>"));
  sweep();
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(RedatingTest, APassOverManyAccountsGoesOnAfterARestart) {
  std::vector<AccountId> accounts;
  for (int i = 0; i < 1300; ++i) {
    accounts.push_back(fixture_.create("user" + std::to_string(i) + "@example.test"));
    if (i % 100 == 0) deliver(accounts.back());
  }
  standard("<retention keep='P1D'/>");
  fixture_.reopen();  // with the class standard alone: what was begun is begun anew for it
  standard("<retention keep='P1D'/>");
  sweep();
  for (const AccountId account : accounts) EXPECT_EQ(revision(account) % 2, 1u);
  pass(days(2));
  std::size_t left = 0;
  for (const AccountId account : accounts) left += messages(account);
  EXPECT_EQ(left, 0u);
}

TEST_F(RedatingTest, AnAccountOfManyMessagesIsGoneThroughInSteps) {
  const AccountId ann = fixture_.create("ann@example.test");
  for (int i = 0; i < 1201; ++i) deliver(ann);
  standard("<retention keep='P10D'/>");
  ASSERT_TRUE(fixture_.sweep().ok());  // 500 messages; what comes then is due from now on
  EXPECT_FALSE(store::explain(fixture_.store(), ann)->up_to_date);
  EXPECT_LT(dues(ann, 'x'), 1201u);
  fixture_.reopen();
  standard("<retention keep='P10D'/>");
  ASSERT_TRUE(fixture_.sweep().ok());  // all that is left of it
  EXPECT_TRUE(store::explain(fixture_.store(), ann)->up_to_date);
  EXPECT_EQ(dues(ann, 'x'), 1201u);
}

// A record that is damaged keeps neither the account's other messages nor the other accounts from being dated.
TEST_F(RedatingTest, DamageKeepsNothingElseFromBeingDated) {
  const AccountId ann = fixture_.create("ann@example.test"), bob = fixture_.create("bob@example.test"), cy = fixture_.create("cy@example.test");
  const auto broken = deliver(ann);
  for (const AccountId account : {ann, bob, cy}) deliver(account);
  const auto damage = [&](AccountId account, const std::string& key) {
    const auto partition = schema::Partition::account(account);
    const std::string whole = **fixture_.engine().reader(partition)->get(store::Space::point, key);
    fixture_.engine().damage(partition, store::Space::point, key, whole.substr(0, 2));
    return [this, partition, key, whole] { fixture_.engine().damage(partition, store::Space::point, key, whole); };
  };
  fixture_.reopen();  // nothing of it is held in memory
  const auto mend_message = damage(ann, schema::keys::message(broken.local)), mend_head = damage(bob, std::string(schema::keys::kHead));
  standard("<retention keep='P10D'/>");
  for (int round = 0; round < 3; ++round) {
    fixture_.clock().advance(10ms);
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  EXPECT_EQ(dues(ann, 'x'), 1u);
  EXPECT_EQ(dues(cy, 'x'), 1u);
  mend_message(), mend_head();
}

TEST_F(RedatingTest, ANewAccountNeedsNoPass) {
  standard("<retention keep='P10D'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  EXPECT_EQ(revision(ann) % 2, 1u);
  EXPECT_EQ(dues(ann, 'q'), 0u);
}

TEST_F(RedatingTest, AStoreWithoutRulesWritesNothingForThem) {
  const AccountId ann = fixture_.create("ann@example.test");
  deliver(ann);
  standard("<quota bytes='1GB'/>");
  EXPECT_EQ(dues(ann, 'x') + dues(ann, 'v') + dues(ann, 'c') + dues(ann, 'q'), 0u);
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::meta, store::Space::point), 1u);
}

TEST_F(RedatingTest, ExplainTellsTheDateTheRuleAndTheReason) {
  standard("\n<retention name='voice' keep='P3D'><when kind='voice'/></retention><retention name='rest' keep='P30D'/><retain name='law' keep='P365D'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  const Time now = fixture_.clock().now();
  const auto id = deliver(ann);
  const auto explained = store::explain(fixture_.store(), id);
  ASSERT_TRUE(explained.ok());
  EXPECT_EQ(explained->expires->time, now + days(30));
  EXPECT_EQ(explained->expires->policy, "standard: rest (test.xml:2)");
  EXPECT_EQ(explained->expires->reason, "P30D after its arrival");
  EXPECT_EQ(explained->retain_until->time, now + days(365));
  EXPECT_FALSE(explained->archive_after);
  EXPECT_EQ(store::explain(fixture_.store(), schema::MessageId{ann, {77}}).error().kind, Errc::not_found);
}

}  // namespace
}  // namespace telepost
