// Legal holds and minimum retention: what they keep, what the subscriber sees of it, and that nothing is removed by whoever had not heard.
#include <gtest/gtest.h>

#include "store/rooms.h"
#include "store/undelete.h"
#include "tests/support/holds_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::HoldRecord;
using std::chrono::days;
using test::HoldsTest;
using test::mail;

TEST_F(HoldsTest, WhatAHoldKeepsLeavesTheViewAndTheQuotaAndStaysStored) {
  const AccountId ann = fixture_.create("ann@example.test");
  const auto one = fixture_.deliver_to(ann, mail("one"));
  const std::uint64_t id = hold_account(ann);
  const auto later = fixture_.deliver_to(ann, mail("later"));
  ASSERT_TRUE(fixture_.store().changer().expunge(one->id).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(later->id).ok());
  EXPECT_EQ(seen(ann), 0u);
  EXPECT_EQ(fixture_.store().reader().find(one->id).error().kind, Errc::not_found);
  EXPECT_EQ(head(ann).usage[1].messages, 0u);
  EXPECT_EQ(head(ann).kept.messages, 2u);
  EXPECT_EQ(head(ann).parked, head(ann).kept);
  EXPECT_EQ(stored(), 2u);
  for (int month = 0; month < 6; ++month) pass(days(29));
  EXPECT_EQ(stored(), 2u);
  EXPECT_EQ(fixture_.store().holds().show(id)->second.messages, 2u);
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  EXPECT_EQ(fixture_.store().holds().release(id).error().kind, Errc::not_found);
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
  EXPECT_EQ(head(ann).kept, schema::Usage());
  EXPECT_TRUE(fixture_.store().holds().list()->empty());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(HoldsTest, AHoldIsAboutWhatItSelects) {
  const AccountId ann = fixture_.create("ann@example.test");
  const std::uint64_t id = hold_sender("*@held.test");
  const auto held = fixture_.deliver_to(ann, "From: a@held.test\r\nSubject: x\r\n\r\nx\r\n");
  const auto other = fixture_.deliver_to(ann, "From: a@other.test\r\nSubject: x\r\n\r\nx\r\n");
  ASSERT_TRUE(fixture_.store().changer().expunge(held->id).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(other->id).ok());
  EXPECT_EQ(stored(), 1u);
  // Another hold is about it too: the end of the first changes nothing.
  const std::uint64_t second = hold_account(ann);
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 1u);
  EXPECT_EQ(fixture_.store().holds().show(second)->second.messages, 1u);
  ASSERT_TRUE(fixture_.store().holds().release(second).ok());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
}

// Undelete's time and its bounds end in a removal: a hold placed before that moment keeps the message, and takes nothing from the bounds.
TEST_F(HoldsTest, WhatUndeleteKeptIsJudgedWhenItIsPurged) {
  use("<class name='standard'><undelete keep='P7D'/></class>");
  const AccountId ann = fixture_.create("ann@example.test");
  const auto held = fixture_.deliver_to(ann, "From: a@held.test\r\nSubject: x\r\n\r\nx\r\n");
  const auto other = fixture_.deliver_to(ann, "From: a@other.test\r\nSubject: x\r\n\r\nx\r\n");
  ASSERT_TRUE(fixture_.store().changer().expunge(held->id).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(other->id).ok());
  EXPECT_EQ(head(ann).parked, schema::Usage());
  const std::uint64_t id = hold_sender("*@held.test");
  pass(days(8));
  EXPECT_EQ(stored(), 1u);
  EXPECT_EQ(head(ann).parked.messages, 1u);
  EXPECT_EQ(purged(ann), 1u);
  EXPECT_EQ(fixture_.store().undelete().restore(other->id).error().kind, Errc::not_found);
  // Brought back and deleted again it is kept by undelete first, and by the hold after it.
  ASSERT_TRUE(fixture_.store().undelete().restore(held->id).ok());
  EXPECT_EQ(head(ann).kept, schema::Usage());
  EXPECT_TRUE(fixture_.verify_clean());
  ASSERT_TRUE(fixture_.store().changer().expunge(held->id).ok());
  pass(days(8));
  EXPECT_EQ(head(ann).parked.messages, 1u);
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(HoldsTest, TheBoundsOfUndeletePurgeNothingThatIsHeld) {
  use("<class name='standard'><undelete keep='P7D' messages='2'/></class>");
  const AccountId ann = fixture_.create("ann@example.test");
  const std::uint64_t id = hold_sender("*@held.test");
  for (int i = 0; i < 6; ++i) {
    const std::string from = i < 3 ? "a@held.test" : "a@other.test";
    const auto delivered = fixture_.deliver_to(ann, "From: " + from + "\r\nSubject: x\r\n\r\n" + std::to_string(i) + "\r\n");
    ASSERT_TRUE(fixture_.store().changer().expunge(delivered->id).ok());
    pass(1s);
  }
  // The held ones left undelete for the hold; of the others the last two are kept.
  EXPECT_EQ(head(ann).parked.messages, 3u);
  EXPECT_EQ(stored(), 5u);
  pass(days(8));
  EXPECT_EQ(stored(), 3u);
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(HoldsTest, AMinimumRetentionBeatsADelete) {
  use("<class name='standard'><retain keep='P30D'><when sender='*@held.test'/></retain></class>");
  const AccountId ann = fixture_.create("ann@example.test");
  const auto kept = fixture_.deliver_to(ann, "From: a@held.test\r\nSubject: x\r\n\r\nx\r\n");
  const auto other = fixture_.deliver_to(ann, "From: a@other.test\r\nSubject: x\r\n\r\nx\r\n");
  pass(days(10));
  ASSERT_TRUE(fixture_.store().changer().expunge(kept->id).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(other->id).ok());
  EXPECT_EQ(seen(ann), 0u);
  EXPECT_EQ(stored(), 1u);
  EXPECT_EQ(head(ann).usage[1], schema::Usage());
  pass(days(19));
  EXPECT_EQ(stored(), 1u);
  // A legal hold beats the end of the retention too.
  const std::uint64_t id = hold_account(ann);
  pass(days(2));
  EXPECT_EQ(stored(), 1u);
  EXPECT_EQ(fixture_.store().holds().show(id)->second.messages, 1u);
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
}

TEST_F(HoldsTest, ADeletedAccountStaysForItsMinimumRetentionAndGoesByItself) {
  use("<class name='standard'><undelete keep='P7D'/><retain keep='P30D'/></class>");
  const AccountId ann = fixture_.create("ann@example.test");
  const auto one = fixture_.deliver_to(ann, mail("one"));
  ASSERT_TRUE(fixture_.deliver_to(ann, test::mail_with("large", {test::random_lines(1, 50'000)})).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(one->id).ok());
  EXPECT_EQ(fixture_.store().accounts().kept_by(ann)->size(), 1u);
  ASSERT_TRUE(fixture_.store().accounts().remove(ann).ok());
  pass(days(29));
  EXPECT_EQ(stored(), 2u);
  EXPECT_TRUE(fixture_.verify_clean());
  pass(days(1));
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
  EXPECT_EQ(fixture_.store().accounts().show(ann).error().kind, Errc::not_found);
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::piece, store::Space::large), 0u);
}

TEST_F(HoldsTest, WhatLiesInTheArchiveStaysThereForAHeldAccount) {
  use("<class name='standard'><allocation bytes='200KB'/><archive untouched='P30D'/></class>");
  const AccountId ann = fixture_.create("ann@example.test");
  std::vector<store::Delivered> delivered;
  std::vector<std::string> sources;
  for (std::uint64_t i = 0; i < 4; ++i) {
    delivered.push_back(*fixture_.deliver_to(ann, test::mail_with("old", {test::random_lines(i, 100'000)})));
    sources.push_back(*fixture_.store().reader().source_text(delivered.back().id));
  }
  pass(days(31));
  pass(1h);
  ASSERT_GT(head(ann).archived.messages, 0u);
  const std::uint64_t id = hold_account(ann);
  ASSERT_TRUE(fixture_.store().accounts().remove(ann).ok());
  for (int day = 0; day < 3; ++day) pass(days(1));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto text = fixture_.store().reader().source_text(delivered[i].id);
    ASSERT_TRUE(text.ok()) << to_string(text.error());
    EXPECT_TRUE(*text == sources[i]);
  }
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  for (int hour = 0; hour < 5; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(HoldsTest, AMailboxOrAHeaderCanBeSelected) {
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.store().mailboxes().create(ann, "Work").ok());
  HoldRecord by_header;
  by_header.when.header = "X-Case";
  by_header.when.matches = "17*";
  hold(by_header);
  HoldRecord by_role;
  by_role.when.role = schema::Role::trash;
  hold(by_role);
  const auto with = fixture_.deliver_to(ann, "X-Case: 17/b\r\nSubject: x\r\n\r\nx\r\n");
  const auto without = fixture_.deliver_to(ann, "X-Case: 18\r\nSubject: x\r\n\r\nx\r\n");
  ASSERT_TRUE(fixture_.store().changer().expunge(with->id).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(without->id).ok());
  EXPECT_EQ(stored(), 1u);
}

TEST_F(HoldsTest, ADeletedAccountStaysForItsHoldAndGoesWithIt) {
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("one")).ok());
  ASSERT_TRUE(fixture_.deliver_to(ann, test::mail_with("large", {test::random_lines(1, 50'000)})).ok());
  const std::uint64_t id = hold_account(ann);
  ASSERT_EQ(fixture_.store().accounts().kept_by(ann)->size(), 1u);
  EXPECT_NE(fixture_.store().accounts().kept_by(ann)->front().find("case 17"), std::string::npos);
  ASSERT_TRUE(fixture_.store().accounts().remove(ann).ok());
  EXPECT_FALSE(fixture_.store().accounts().find("ann@example.test").ok());  // no log-in, no delivery
  for (int month = 0; month < 4; ++month) pass(days(29));
  EXPECT_EQ(stored(), 2u);
  EXPECT_EQ(fixture_.store().accounts().show(ann)->profile.state, schema::AccountState::deleting);
  EXPECT_EQ(fixture_.store().holds().show(id)->second.accounts, 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  fixture_.reopen();
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  for (int hour = 0; hour < 5; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
  EXPECT_EQ(fixture_.store().accounts().show(ann).error().kind, Errc::not_found);
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::piece, store::Space::large), 0u);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(HoldsTest, OfADeletedAccountOnlyWhatIsHeldStays) {
  const AccountId ann = fixture_.create("ann@example.test");
  const std::uint64_t id = hold_sender("*@held.test");
  ASSERT_TRUE(fixture_.deliver_to(ann, "From: a@held.test\r\nSubject: x\r\n\r\nx\r\n").ok());
  const auto gone = fixture_.deliver_to(ann, "From: b@held.test\r\nSubject: x\r\n\r\nx\r\n");
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(fixture_.deliver_to(ann, "From: a@other.test\r\nSubject: x\r\n\r\nx\r\n").ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(gone->id).ok());
  ASSERT_TRUE(fixture_.store().accounts().remove(ann).ok());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 2u);
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  for (int hour = 0; hour < 5; ++hour) pass(1h);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(HoldsTest, HoldsOutliveARestartAndStandInTheAuditLog) {
  const AccountId ann = fixture_.create("ann@example.test");
  const auto one = fixture_.deliver_to(ann, mail("one"));
  const std::uint64_t id = hold_account(ann);
  fixture_.reopen();
  ASSERT_TRUE(fixture_.store().changer().expunge(one->id).ok());
  EXPECT_EQ(stored(), 1u);
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  fixture_.reopen();
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
  std::vector<schema::AuditRecord::Action> actions;
  ASSERT_TRUE(fixture_.store().audit().list("", {}, [&](const schema::AuditRecord& record) {
    actions.push_back(record.action);
    return true;
  }).ok());
  using Action = schema::AuditRecord::Action;
  EXPECT_EQ(actions, (std::vector<Action>{Action::hold_added, Action::hold_released, Action::purged}));
}

// The scanner keeps 1,000 fields and 64 KiB of a header: a sender who writes more of it hides nothing behind them.
TEST_F(HoldsTest, AHeaderThatIsNotKnownToItsEndCountsAsWhatIsAskedFor) {
  use("<class name='standard'><retain keep='P30D'><when header='X-Contract'/></retain></class>");
  const AccountId ann = fixture_.create("ann@example.test");
  HoldRecord by_header;
  by_header.when.header = "X-Case";
  by_header.when.matches = "17*";
  const std::uint64_t id = hold(by_header);
  const auto delete_one = [&](const std::string& header) {
    const auto delivered = fixture_.deliver_to(ann, header + "Subject: x\r\n\r\nx\r\n");
    EXPECT_TRUE(fixture_.store().changer().expunge(delivered->id).ok());
  };
  std::string many;
  for (int i = 0; i < 1'001; ++i) many += "X-Filler: " + std::to_string(i) + "\r\n";
  const std::string line(900, 'x');
  std::string large;
  for (int i = 0; i < 80; ++i) large += "X-Filler: " + line + "\r\n";
  delete_one("");
  EXPECT_EQ(stored(), 0u);
  delete_one(many + "X-Case: 17/b\r\n");
  EXPECT_EQ(stored(), 1u);
  delete_one(large + "X-Case: 17/b\r\n");
  EXPECT_EQ(stored(), 2u);
  // So it is for a minimum retention.
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 2u);
  pass(days(30));
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
}

// A hold on everything may have kept something of every account.
TEST_F(HoldsTest, TheReleaseOfAWideHoldGoesOnPageByPage) {
  const AccountId ann = fixture_.create("ann@example.test");
  HoldRecord wide;
  const std::uint64_t id = hold(wide);
  const auto one = fixture_.deliver_to(ann, mail("one"));
  ASSERT_TRUE(fixture_.store().changer().expunge(one->id).ok());
  store::Rooms& rooms = rooms_of(fixture_.store());
  constexpr std::uint64_t kGone = 1'200;  // accounts that are not there any more
  for (std::uint64_t i = 1; i <= kGone; ++i) {
    store::CommitList list;
    list.push_back(store::Holds::note(id, AccountId{i}));
    ASSERT_TRUE(rooms.committer.commit(std::move(list)).ok());
  }
  ASSERT_TRUE(fixture_.store().holds().release(id).ok());
  int pages = 1;
  while (fixture_.store().holds().finish_releases([] { return false; }).error().kind == Errc::cancelled && pages < 10) ++pages;
  EXPECT_EQ(pages, 3);
  EXPECT_TRUE(fixture_.store().holds().list()->empty());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(stored(), 0u);
}

// Whatever batch of it is the last before a crash: nobody was told, or it is in force.
TEST_F(HoldsTest, ACrashWhileAHoldIsPlacedLeavesAllOfItOrNothing) {
  const AccountId ann = fixture_.create("ann@example.test");
  for (std::uint64_t batch = 1; batch < 80; batch += 6) {
    const auto one = fixture_.deliver_to(ann, mail("one"));
    fixture_.engine().crash_before_batch(batch);
    HoldRecord record;
    record.account = ann;
    const bool told = fixture_.store().holds().add(record).ok();
    fixture_.reopen();
    ASSERT_TRUE(fixture_.store().changer().expunge(one->id).ok()) << batch;
    const bool is_held = !fixture_.store().holds().list()->empty();
    EXPECT_TRUE(!told || is_held);
    EXPECT_EQ(stored(), is_held ? 1u : 0u) << batch;
    for (const store::Hold& hold : *fixture_.store().holds().list()) {
      ASSERT_TRUE(fixture_.store().holds().release(hold.id).ok());
    }
    for (int hour = 0; hour < 3; ++hour) pass(1h);
    ASSERT_EQ(stored(), 0u);
  }
}

}  // namespace
}  // namespace telepost
