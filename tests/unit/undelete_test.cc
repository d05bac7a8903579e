// Deleted messages: kept for the class's undelete.keep, brought back under their id, purged after it.
#include <gtest/gtest.h>

#include <algorithm>

#include "schema/keys.h"
#include "store/audit.h"
#include "store/rooms.h"
#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::MessageId;
using store::Undelete;
using test::mail;
using test::sources_of;
using test::StoreFixture;
using std::chrono::days;

constexpr const char* kKeepAWeek = "<class name='standard'><undelete keep='P7D'/></class>";

class UndeleteTest : public testing::Test {
 protected:
  void SetUp() override {
    use(kKeepAWeek);
    ann_ = fixture_.create("ann@example.test");
    fixture_.clock().advance(20min);
    sweep();
  }
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }

  void use(const std::string& classes) { fixture_.store().set_classes(test::classes_of(classes)); }
  void sweep() {
    const auto swept = fixture_.sweep();
    ASSERT_TRUE(swept.ok());
    EXPECT_EQ(swept->total().failed, 0u);
  }
  void pass(Duration time) {
    fixture_.clock().advance(time);
    sweep();
  }
  MessageId deliver(const std::string& text) {
    const auto delivered = fixture_.deliver_to(ann_, text);
    EXPECT_TRUE(delivered.ok());
    return delivered.ok() ? delivered->id : MessageId{};
  }
  std::vector<Undelete::Deleted> deleted(Time since = {}) {
    std::vector<Undelete::Deleted> all;
    EXPECT_TRUE(fixture_.store().undelete().list(ann_, since, [&](const Undelete::Deleted& one) {
      all.push_back(one);
      return true;
    }).ok());
    return all;
  }
  schema::HeadRecord head() { return fixture_.store().accounts().show(ann_)->head; }
  schema::Usage used() { return head().usage[static_cast<std::size_t>(schema::Kind::email)]; }
  std::vector<std::string> sources() { return sources_of(fixture_.store(), ann_); }

  StoreFixture fixture_;
  AccountId ann_;
};

TEST_F(UndeleteTest, AnExpungedMessageIsGoneForReadersAndCanBeListed) {
  const MessageId id = deliver(mail("one"));
  const schema::Usage before = used();
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  EXPECT_TRUE(sources().empty());
  EXPECT_EQ(fixture_.store().reader().find(id).error().kind, Errc::not_found);
  EXPECT_EQ(used(), schema::Usage{});
  EXPECT_EQ(head().kept, before);
  const auto listed = deleted();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].id, id);
  EXPECT_EQ(listed[0].kept.summary.subject, "one");
  ASSERT_EQ(listed[0].kept.places.size(), 1u);
  EXPECT_EQ(listed[0].kept.places[0].path, "INBOX");
  EXPECT_EQ(listed[0].purge, listed[0].kept.departed.time + days(7));
}

TEST_F(UndeleteTest, ItComesBackUnderItsIdWithANewUidAndModseq) {
  const std::string text = test::mail_with("large", {test::random_lines(1, 50'000)});
  const MessageId id = deliver(text);
  ASSERT_TRUE(fixture_.store().changer().set_keywords(id, {"$flagged"}, {}).ok());
  const auto record = *fixture_.store().reader().find(id);
  const schema::Usage before = used();
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  const schema::Modseq gone = head().modseq;
  pass(days(6));
  const auto restored = fixture_.store().undelete().restore(id);
  ASSERT_TRUE(restored.ok()) << to_string(restored.error());
  EXPECT_EQ(restored->paths, std::vector<std::string>{"INBOX"});
  EXPECT_EQ(sources(), std::vector<std::string>{text});
  const auto again = *fixture_.store().reader().find(id);
  EXPECT_GT(again.placements[0].uid, record.placements[0].uid);
  EXPECT_GT(again.modseq, gone);
  EXPECT_EQ(again.received, record.received);
  EXPECT_EQ(fixture_.store().reader().summary(id)->summary.keywords, std::vector<std::string>{"$flagged"});
  EXPECT_EQ(used(), before);
  EXPECT_EQ(head().kept, schema::Usage{});
  // A client that saw it go is told that it is there again.
  const auto changes = fixture_.store().reader().changes(ann_, gone, 10);
  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ((*changes)[0].record.what, schema::ChangeRecord::What::message);
  EXPECT_GT((*changes)[0].record.created, gone);
  pass(days(30));
  EXPECT_EQ(sources(), std::vector<std::string>{text});
}

TEST_F(UndeleteTest, AMissingMailboxIsMadeAgainWithItsRoleAndParents) {
  const auto trash = *fixture_.store().mailboxes().create(ann_, "Old/Waste", schema::Role::trash);
  const auto work = *fixture_.store().mailboxes().create(ann_, "Work");
  const MessageId id = deliver(mail("one"));
  ASSERT_TRUE(fixture_.store().changer().move(id, store::kInbox, trash).ok());
  ASSERT_TRUE(fixture_.store().changer().copy(id, work).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  ASSERT_TRUE(fixture_.store().mailboxes().remove(ann_, trash).ok());
  ASSERT_TRUE(fixture_.store().mailboxes().remove(ann_, *fixture_.store().mailboxes().find(ann_, "Old")).ok());
  ASSERT_TRUE(fixture_.store().mailboxes().rename(ann_, work, "Job").ok());
  const auto restored = fixture_.store().undelete().restore(id);
  ASSERT_TRUE(restored.ok());
  auto paths = restored->paths;
  std::sort(paths.begin(), paths.end());
  EXPECT_EQ(paths, (std::vector<std::string>{"Job", "Old/Waste"}));
  const auto tree = fixture_.store().mailboxes().list(ann_);
  EXPECT_TRUE(std::any_of(tree->begin(), tree->end(), [](const auto& one) { return one.path == "Old/Waste" && one.record.role == schema::Role::trash; }));
}

TEST_F(UndeleteTest, WhatAMailboxTookWithItComesBackToo) {
  const auto work = *fixture_.store().mailboxes().create(ann_, "Work");
  std::vector<MessageId> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(deliver(mail(std::to_string(i))));
    ASSERT_TRUE(fixture_.store().changer().move(ids.back(), store::kInbox, work).ok());
  }
  const Time before = fixture_.clock().now();
  ASSERT_TRUE(fixture_.store().mailboxes().remove(ann_, work).ok());
  std::size_t told = 0;
  ASSERT_TRUE(fixture_.store().undelete().restore_since(ann_, before, [&](const Undelete::Restored&) { return ++told > 0; }).ok());
  EXPECT_EQ(told, 5u);
  EXPECT_EQ(sources().size(), 5u);
  EXPECT_TRUE(fixture_.store().mailboxes().find(ann_, "Work").ok());
}

TEST_F(UndeleteTest, SinceLeavesWhatWentBefore) {
  const MessageId first = deliver(mail("first"));
  for (int i = 0; i < 450; ++i) deliver(mail("x"));
  ASSERT_TRUE(fixture_.store().changer().expunge(first).ok());
  pass(1h);
  const Time since = fixture_.clock().now();
  const auto page = fixture_.store().reader().list_by_uid(ann_, store::kInbox, {1}, {~0u}, 1000);
  for (const auto& listed : page->messages) ASSERT_TRUE(fixture_.store().changer().expunge({ann_, listed.summary.local}).ok());
  EXPECT_EQ(deleted().size(), 451u);
  EXPECT_EQ(deleted(since).size(), 450u);
  ASSERT_TRUE(fixture_.store().undelete().restore_since(ann_, since, [](const Undelete::Restored&) { return true; }).ok());
  EXPECT_EQ(sources().size(), 450u);
  EXPECT_EQ(deleted().size(), 1u);
}

TEST_F(UndeleteTest, APurgeThatCameFirstWins) {
  const MessageId id = deliver(test::mail_with("large", {test::random_lines(1, 50'000)}));
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  pass(days(7) - 1s);
  EXPECT_EQ(deleted().size(), 1u);
  pass(2s);
  EXPECT_TRUE(deleted().empty());
  const auto restored = fixture_.store().undelete().restore(id);
  ASSERT_FALSE(restored.ok());
  EXPECT_EQ(restored.error().kind, Errc::not_found);
  EXPECT_EQ(head().kept, schema::Usage{});
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::piece, store::Space::large), 0u);
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::account, store::Space::large), 0u);
  EXPECT_TRUE(fixture_.verify_spotless());
}

TEST_F(UndeleteTest, WhatIsNotDeletedSaysSo) {
  const MessageId id = deliver(mail("one"));
  EXPECT_EQ(fixture_.store().undelete().restore(id).error().kind, Errc::exists);
  EXPECT_EQ(fixture_.store().undelete().restore({ann_, schema::LocalId{id.local.value + 77}}).error().kind, Errc::not_found);
}

TEST_F(UndeleteTest, WithoutUndeleteAMessageGoesAtOnce) {
  use("<class name='standard'/>");
  const MessageId id = deliver(mail("one"));
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  EXPECT_TRUE(deleted().empty());
  EXPECT_EQ(fixture_.store().undelete().restore(id).error().kind, Errc::not_found);
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::account, store::Space::large), 0u);
}

TEST_F(UndeleteTest, TheOldestGoWhereTheyAreTooMany) {
  use("<class name='standard'><undelete keep='P7D' messages='3'/></class>");
  std::vector<MessageId> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(deliver(mail(std::to_string(i))));
    ASSERT_TRUE(fixture_.store().changer().expunge(ids.back()).ok());
    fixture_.clock().advance(1s);
  }
  pass(1s);
  const auto left = deleted();
  ASSERT_EQ(left.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(left[i].id, ids[i + 3]);
  EXPECT_TRUE(fixture_.verify_clean());
  pass(days(8));
  EXPECT_TRUE(deleted().empty());
}

TEST_F(UndeleteTest, TheOldestGoWhereTheyAreTooLarge) {
  use("<class name='standard'><undelete keep='P7D' bytes='10KB'/></class>");
  for (int i = 0; i < 6; ++i) {
    const MessageId id = deliver(test::mail_with(std::to_string(i), {test::random_lines(1, 4'000)}));
    ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
    fixture_.clock().advance(1s);
  }
  pass(1s);
  EXPECT_EQ(deleted().size(), 2u);
}

TEST_F(UndeleteTest, AShorterTimeOfUndeleteHoldsForWhatIsKeptAlready) {
  const MessageId first = deliver(mail("first"));
  ASSERT_TRUE(fixture_.store().changer().expunge(first).ok());
  use("<class name='standard'><undelete keep='P1D'/></class>");
  pass(days(2));
  const MessageId second = deliver(mail("second"));
  ASSERT_TRUE(fixture_.store().changer().expunge(second).ok());
  pass(days(1) + 1s);
  EXPECT_TRUE(deleted().empty());
}

TEST_F(UndeleteTest, AShorterTimeOfUndeleteReachesWhatIsKeptByItself) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(fixture_.store().changer().expunge(deliver(mail("x"))).ok());
    pass(days(1));
  }
  use("<class name='standard'><undelete keep='P2D'/></class>");
  for (int round = 0; round < 3; ++round) pass(10ms);
  EXPECT_EQ(deleted().size(), 1u);
  use("<class name='standard'><undelete keep='P2D' messages='0'/></class>");
  for (int round = 0; round < 3; ++round) pass(10ms);
  EXPECT_TRUE(deleted().empty());
}

TEST_F(UndeleteTest, WithoutUndeleteWhatIsKeptGoesToo) {
  ASSERT_TRUE(fixture_.store().changer().expunge(deliver(mail("one"))).ok());
  use("<class name='standard'/>");
  deliver(mail("two"));  // the other policy is noticed, and nothing is gone through for it
  for (int round = 0; round < 3; ++round) pass(10ms);
  EXPECT_TRUE(deleted().empty());
  EXPECT_EQ(head().policy_revision, 0u);
}

TEST_F(UndeleteTest, AClassThatIsDefinedNowherePurgesNothingUntilItIsBack) {
  const std::string gold = "<class name='gold'><undelete keep='P30D'/></class>";
  use(gold);
  ASSERT_TRUE(fixture_.store().accounts().set_class(ann_, "gold").ok());
  const MessageId before = deliver(mail("before"));
  ASSERT_TRUE(fixture_.store().changer().expunge(before).ok());
  use("<class name='standard'/>");
  const MessageId meanwhile = deliver(mail("meanwhile"));
  ASSERT_TRUE(fixture_.store().changer().expunge(meanwhile).ok());
  for (int day = 0; day < 20; ++day) pass(days(1));
  EXPECT_EQ(deleted().size(), 2u);
  EXPECT_TRUE(fixture_.verify_clean());
  use(gold);
  pass(days(1));
  EXPECT_EQ(deleted().size(), 2u);
  for (int day = 0; day < 12; ++day) pass(days(1));
  EXPECT_TRUE(deleted().empty());
}

TEST_F(UndeleteTest, UntilPurgesOnlyWhatWasDueThen) {
  ASSERT_TRUE(fixture_.store().changer().expunge(deliver(mail("first"))).ok());
  fixture_.clock().advance(1h);
  ASSERT_TRUE(fixture_.store().changer().expunge(deliver(mail("second"))).ok());
  fixture_.clock().advance(days(8));
  const Time between = deleted()[0].kept.departed.time + days(7) + 1min;
  ASSERT_TRUE(fixture_.store().sweep().run({.until = between}).ok());
  ASSERT_EQ(deleted().size(), 1u);
  EXPECT_EQ(deleted()[0].kept.summary.subject, "second");
  EXPECT_TRUE(fixture_.verify_clean());
  pass(1s);
  EXPECT_TRUE(deleted().empty());
}

// More than a batch holds go in one sweep; those that are still being sent, among them the oldest, keep none behind them.
TEST_F(UndeleteTest, OneSweepPurgesAllThatIsDue) {
  std::vector<std::string> sent;
  for (int i = 0; i < 1'300; ++i) {
    const MessageId id = deliver(mail("x"));
    ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
    if (i < 600) sent.push_back(schema::keys::intent(id.local));
  }
  const auto partition = schema::Partition::account(ann_);
  for (const std::string& key : sent) fixture_.engine().damage(partition, store::Space::point, key, schema::encode(schema::IntentRecord{}));
  pass(days(7) + 1s);
  EXPECT_EQ(deleted().size(), sent.size());
  for (const std::string& key : sent) fixture_.engine().damage(partition, store::Space::point, key, std::nullopt);
  EXPECT_TRUE(fixture_.verify_clean());
  pass(1h + 1s);
  EXPECT_TRUE(deleted().empty());
}

// What a step leaves of the purge lies before the item that expires, and goes in the same sweep.
TEST_F(UndeleteTest, OneSweepPurgesAllThatIsDueBeforeSomethingElse) {
  use("<class name='standard'><undelete keep='P7D'/><retention keep='P10D'/></class>");
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(fixture_.store().changer().expunge(deliver(mail("x"))).ok());
  const MessageId expiring = deliver(mail("expires"));
  pass(days(11));
  EXPECT_TRUE(sources().empty());
  ASSERT_EQ(deleted().size(), 1u);
  EXPECT_EQ(deleted()[0].id, expiring);
}

TEST_F(UndeleteTest, WhatExpiresCanBeBroughtBackAndStaysForAWhile) {
  use("<class name='standard'><undelete keep='P7D'/><retention keep='P10D'/></class>");
  const MessageId id = deliver(mail("one"));
  pass(days(10) + 1s);
  EXPECT_TRUE(sources().empty());
  ASSERT_EQ(deleted().size(), 1u);
  EXPECT_EQ(deleted()[0].kept.departed.reason, schema::Removal::expired);
  pass(days(5));
  ASSERT_TRUE(fixture_.store().undelete().restore(id).ok());
  sweep();
  EXPECT_EQ(sources().size(), 1u);
  ASSERT_TRUE(fixture_.store().changer().set_keywords(id, {"$seen"}, {}).ok());
  pass(days(6));
  EXPECT_EQ(sources().size(), 1u);
  pass(days(1) + 1s);
  EXPECT_TRUE(sources().empty());
  EXPECT_EQ(deleted().size(), 1u);
}

TEST_F(UndeleteTest, WhatIsDeletedWhileTheClockIsNotBelievedDoesNotAgeByIt) {
  const MessageId id = deliver(mail("one"));
  fixture_.clock().jump_to(fixture_.clock().now() + days(20));
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  ASSERT_TRUE(fixture_.store().accept_clock().ok());
  pass(days(7) - 1min);
  EXPECT_EQ(deleted().size(), 1u);
  pass(2min);
  EXPECT_TRUE(deleted().empty());
}

TEST_F(UndeleteTest, EveryStepStandsInTheAuditLog) {
  use("<class name='standard'><undelete keep='P7D'/><retention keep='P10D'/></class>");
  const MessageId id = deliver(mail("one"));
  pass(days(11));
  ASSERT_TRUE(fixture_.store().undelete().restore(id).ok());
  pass(days(8));
  pass(days(8));
  std::vector<std::string> actions;
  ASSERT_TRUE(fixture_.store().audit().list("", ann_, [&](const schema::AuditRecord& record) {
    actions.emplace_back(schema::name_of(record.action));
    EXPECT_EQ(record.messages, std::vector<schema::LocalId>{id.local});
    EXPECT_NE(record.policy, "");
    return true;
  }).ok());
  EXPECT_EQ(actions, (std::vector<std::string>{"expired", "restored", "expired", "purged"}));
}

TEST_F(UndeleteTest, RemovingTheAccountTakesWhatIsKeptToo) {
  const MessageId id = deliver(test::mail_with("large", {test::random_lines(1, 50'000)}));
  deliver(mail("two"));
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  ASSERT_TRUE(fixture_.store().accounts().remove(ann_).ok());
  sweep();
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::piece, store::Space::large), 0u);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

}  // namespace
}  // namespace telepost
