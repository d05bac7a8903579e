// Quotas at every door of the store, and the warnings before they are reached.
#include "store/quota.h"

#include <gtest/gtest.h>

#include <future>

#include "schema/export.h"
#include "store/rooms.h"
#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/submission_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using store::QuotaState;

std::string mail_of(std::size_t size_bytes) {
  const std::string head = "Subject: s\r\n\r\n";
  return head + test::random_lines(1, size_bytes - head.size());
}

class QuotaTest : public test::SubmissionTest {
 protected:
  void SetUp() override {
    set_classes();
    SubmissionTest::SetUp();
    for (const AccountId account : {ann_, bob_}) ASSERT_TRUE(fixture_.store().accounts().set_class(account, "small").ok());
  }
  void set_classes(const std::string& quota = "<quota bytes='10000' messages='20' soft='80%' grace='P7D'/>") {
    fixture_.store().set_classes(test::classes_of("<class name='small'>" + quota + "</class>"));
  }
  Result<store::Delivered> put(std::size_t size_bytes) { return fixture_.deliver_to(ann_, mail_of(size_bytes)); }
  QuotaState quota() {
    auto state = fixture_.store().quota().show(ann_);
    EXPECT_TRUE(state.ok());
    return std::move(*state);
  }
  void sweep_after(Duration time) {
    fixture_.clock().advance(time);
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  std::vector<std::string> warnings() {
    std::vector<std::string> warnings = inbox(ann_);
    std::erase_if(warnings, [](const std::string& source) { return source.find("\r\nAuto-Submitted: auto-generated\r\n") == std::string::npos; });
    return warnings;
  }
};

TEST_F(QuotaTest, RefusesWhatDoesNotFitAndTellsWhetherItEverWill) {
  ASSERT_TRUE(put(6'000).ok());
  EXPECT_EQ(put(4'001).error().kind, Errc::over_quota);
  EXPECT_EQ(put(10'001).error().kind, Errc::too_large);
  EXPECT_TRUE(put(4'000).ok());
  EXPECT_EQ(put(20).error().kind, Errc::over_quota);
  EXPECT_TRUE(quota().full);
}

TEST_F(QuotaTest, CopiesAskForRoom) {
  const auto there = put(6'000);
  ASSERT_TRUE(there.ok());
  EXPECT_EQ(fixture_.store().changer().copy(there->id, store::kInbox).error().kind, Errc::over_quota);
  const auto box = fixture_.store().mailboxes().create(ann_, "Work");
  ASSERT_TRUE(box.ok());
  EXPECT_TRUE(fixture_.store().changer().copy(there->id, *box).ok()) << "another placement is the same message";
  EXPECT_EQ(policies::total_of(quota().head), (schema::Usage{1, 6'000}));
  ASSERT_TRUE(fixture_.store().changer().copy_to_account(there->id, bob_, store::kInbox).ok());
  EXPECT_EQ(fixture_.store().changer().copy_to_account(there->id, bob_, store::kInbox).error().kind, Errc::over_quota);
  EXPECT_EQ(inbox(bob_).size(), 1u);
}

TEST_F(QuotaTest, ACopyOfSharedPiecesThatIsRefusedLeavesNoLink) {
  set_classes("<quota messages='1'/>");
  const auto there = fixture_.deliver_to(ann_, test::mail_with("large", {test::random_lines(1, 50'000)}));
  ASSERT_TRUE(there.ok());
  EXPECT_EQ(fixture_.store().changer().copy_to_account(there->id, ann_, store::kInbox).error().kind, Errc::over_quota);
  EXPECT_TRUE(fixture_.verify_spotless());
}

TEST_F(QuotaTest, TheCopyOfWhatIsHandedInAsksForRoomBeforeAnythingLeaves) {
  ASSERT_TRUE(put(9'990).ok());
  EXPECT_EQ(try_hand_in(mail({"carol@example.net"})).error().kind, Errc::over_quota);
  EXPECT_EQ(jobs(), 0u);
}

TEST_F(QuotaTest, NobodyOvershootsThroughManyDoorsAtOnce) {
  const auto seed = fixture_.deliver_to(bob_, mail_of(900));
  ASSERT_TRUE(seed.ok());
  std::vector<std::future<bool>> doors;
  for (int i = 0; i < 32; ++i) {
    doors.push_back(std::async(std::launch::async, [&, i] {
      return i % 2 == 0 ? put(900).ok() : fixture_.store().changer().copy_to_account(seed->id, ann_, store::kInbox).ok();
    }));
  }
  std::size_t taken = 0;
  for (auto& door : doors) taken += door.get() ? 1u : 0u;
  EXPECT_EQ(taken, 11u);
  EXPECT_EQ(policies::total_of(quota().head), (schema::Usage{11, 9'900}));
}

TEST_F(QuotaTest, WarnsOnceEachTimeTheSoftQuotaIsPassed) {
  const auto first = put(8'000);
  sweep_after(1s);
  EXPECT_TRUE(warnings().empty()) << "80 % is not over 80 %";
  ASSERT_TRUE(put(100).ok());
  sweep_after(1s);
  ASSERT_EQ(warnings().size(), 1u);
  EXPECT_NE(warnings()[0].find("\r\nSubject: Your mailbox is 81 % full\r\n"), std::string::npos) << warnings()[0];
  EXPECT_NE(warnings()[0].find("To: ann@example.test\r\n"), std::string::npos);
  ASSERT_TRUE(put(100).ok());
  sweep_after(1h);
  EXPECT_EQ(warnings().size(), 1u);
  ASSERT_TRUE(fixture_.store().changer().expunge(first->id).ok());
  EXPECT_FALSE(quota().head.over_quota_since);
  sweep_after(1s);
  EXPECT_EQ(warnings().size(), 1u);
  ASSERT_TRUE(put(7'900).ok()) << "with the 200 above, whatever the first warning takes";
  sweep_after(23h - 5s);
  EXPECT_EQ(warnings().size(), 1u) << "one a day";
  sweep_after(10s);
  EXPECT_EQ(warnings().size(), 2u);
}

// Whoever can make an account pass its soft quota, as often as its subscriber deletes that, must not fill it with warnings.
TEST_F(QuotaTest, WarnsOnceADayHoweverOftenTheSoftQuotaIsPassed) {
  set_classes("<quota bytes='100000' soft='80%' grace='P7D'/>");
  ASSERT_TRUE(put(30'000).ok());
  for (int hour = 0; hour < 48; ++hour) {
    const auto more = put(55'000);
    ASSERT_TRUE(more.ok());
    sweep_after(1s);
    ASSERT_TRUE(fixture_.store().changer().expunge(more->id).ok());
    EXPECT_FALSE(quota().head.over_quota_since);
    sweep_after(1h);
    EXPECT_EQ(warnings().size(), hour < 24 ? 1u : 2u) << hour;
  }
}

TEST_F(QuotaTest, AMessageThatComesAndGoesAtTheSoftQuotaBeginsNoNewGrace) {
  ASSERT_TRUE(put(7'900).ok());
  const auto more = put(200);
  const Time since = *quota().head.over_quota_since;
  fixture_.clock().advance(1h);
  ASSERT_TRUE(fixture_.store().changer().expunge(more->id).ok());
  EXPECT_EQ(quota().head.over_quota_since, since) << "79 % is not below 75 %";
  ASSERT_TRUE(put(200).ok());
  EXPECT_EQ(quota().head.over_quota_since, since);
}

// What was to be told of an earlier crossing is not told of a later one.
TEST_F(QuotaTest, AWarningIsAboutItsOwnCrossing) {
  set_classes("<quota bytes='10000' soft='80%' grace='P30D'/>");
  const auto first = put(8'500);
  sweep_after(1s);
  ASSERT_EQ(warnings().size(), 1u);
  ASSERT_TRUE(fixture_.store().changer().expunge(first->id).ok());
  sweep_after(std::chrono::days(10));
  ASSERT_TRUE(put(8'500).ok());
  sweep_after(1s);
  ASSERT_EQ(warnings().size(), 2u);
  sweep_after(std::chrono::days(20));
  EXPECT_EQ(warnings().size(), 2u) << "the grace of the first would be over";
  sweep_after(std::chrono::days(10) - 1h);
  ASSERT_EQ(warnings().size(), 3u);
  EXPECT_NE(warnings()[2].find("will soon take no more"), std::string::npos) << warnings()[2];
}

TEST_F(QuotaTest, WarnsByMessagesToo) {
  for (int i = 0; i < 17; ++i) ASSERT_TRUE(put(30).ok());
  sweep_after(1s);
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(QuotaTest, IsFullWhenTheGraceIsOverAndWarnsADayBefore) {
  ASSERT_TRUE(put(8'500).ok());
  const Time since = *quota().head.over_quota_since;
  EXPECT_EQ(quota().full_at, since + std::chrono::days(7));
  sweep_after(std::chrono::days(6) - 1s);
  EXPECT_EQ(warnings().size(), 1u);
  sweep_after(2s);
  ASSERT_EQ(warnings().size(), 2u);
  EXPECT_NE(warnings()[1].find("will soon take no more"), std::string::npos) << warnings()[1];
  ASSERT_TRUE(put(20).ok());
  sweep_after(std::chrono::days(1));
  EXPECT_EQ(put(20).error().kind, Errc::over_quota);
  EXPECT_TRUE(quota().full);
  EXPECT_EQ(warnings().size(), 2u);
}

TEST_F(QuotaTest, TheWarningIsTakenThoughTheAccountIsFull) {
  ASSERT_TRUE(put(10'000).ok());
  EXPECT_FALSE(put(20).ok());
  sweep_after(1s);
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(QuotaTest, TheWarningTellsWhichMessagesLeaveAndWhen) {
  fixture_.store().set_classes(test::classes_of(
      "<class name='small'><quota bytes='10000' soft='50%'/><retention keep='P30D'><when larger='1000'/></retention></class>"));
  ASSERT_TRUE(fixture_.deliver_to(ann_, "From: Eve <eve@example.net>\r\nSubject: first to go\r\n\r\n" + test::random_lines(1, 2'000)).ok());
  const Time leaves = fixture_.clock().now() + std::chrono::days(30);
  fixture_.clock().advance(1h);
  ASSERT_TRUE(fixture_.deliver_to(ann_, "Subject: stays\r\n\r\nx\r\n").ok());
  ASSERT_TRUE(fixture_.deliver_to(ann_, "From: ken@example.net\r\nSubject: second to go\r\n\r\n" + test::random_lines(2, 4'000)).ok());
  const QuotaState state = quota();
  ASSERT_EQ(state.leaving.size(), 2u);
  EXPECT_EQ(state.leaving[0].when, leaves);
  EXPECT_EQ(state.leaving[0].summary.subject, "first to go");
  EXPECT_EQ(state.leaving[1].when, leaves + 1h);
  sweep_after(1s);
  ASSERT_EQ(warnings().size(), 1u);
  const std::string warning = warnings()[0];
  const std::size_t first = warning.find("first to go"), second = warning.find("second to go");
  EXPECT_NE(first, std::string::npos) << warning;
  EXPECT_LT(first, second);
  EXPECT_NE(warning.find(to_rfc5322_date(leaves)), std::string::npos);
  EXPECT_EQ(warning.find("stays"), std::string::npos);
}

TEST_F(QuotaTest, AWarningIsThereOnceWhateverOperationFails) {
  bool failed = true;
  for (std::uint64_t operation = 1; failed && !HasFailure(); ++operation) {
    SCOPED_TRACE("operation " + std::to_string(operation) + " fails");
    const AccountId account = fixture_.create("u" + std::to_string(operation) + "@example.test");
    ASSERT_TRUE(fixture_.store().accounts().set_class(account, "small").ok());
    fixture_.clock().advance(20min);
    ASSERT_TRUE(fixture_.sweep().ok());
    ASSERT_TRUE(fixture_.deliver_to(account, mail_of(8'500)).ok());
    fixture_.clock().advance(1s);
    fixture_.engine().fail_operation(operation, Errc::io);
    (void)fixture_.sweep();
    failed = fixture_.engine().operation_number() >= operation;
    fixture_.engine().fail_operation(0, Errc::io);
    ASSERT_TRUE(fixture_.engine().recover().ok());
    rooms_of(fixture_.store()).health.refresh();
    for (const Duration time : {Duration(1s), Duration(2h), Duration(1h)}) sweep_after(time);
    EXPECT_EQ(inbox(account).size(), 2u);
  }
}

TEST_F(QuotaTest, AClosedAccountIsNotWarned) {
  ASSERT_TRUE(put(9'000).ok());
  ASSERT_TRUE(fixture_.store().accounts().set_state(ann_, schema::AccountState::closed).ok());
  sweep_after(1s);
  EXPECT_TRUE(warnings().empty());
}

// Where the quota is lowered below what is there, every message is refused and nothing changes: the policy itself has it told.
TEST_F(QuotaTest, ALowerSoftQuotaIsToldOfThoughNothingChanges) {
  ASSERT_TRUE(put(5'000).ok());
  set_classes("<quota bytes='4000' soft='50%' grace='P7D'/>");
  EXPECT_EQ(put(20).error().kind, Errc::over_quota);
  for (int round = 0; round < 3; ++round) sweep_after(10ms);
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(QuotaTest, WhatComesBackFromUndeleteAsksForRoom) {
  set_classes("<quota bytes='10000'/><undelete keep='P7D'/>");
  std::vector<schema::MessageId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(put(4'000)->id);
    ASSERT_TRUE(fixture_.store().changer().expunge(ids.back()).ok());
    fixture_.clock().advance(1s);
  }
  ASSERT_TRUE(put(5'000).ok());
  std::vector<schema::MessageId> back;
  const auto tell = [&](const store::Undelete::Restored& restored) {
    back.push_back(restored.id);
    return true;
  };
  EXPECT_EQ(fixture_.store().undelete().restore_since(ann_, {}, tell).error().kind, Errc::over_quota);
  EXPECT_EQ(back, std::vector<schema::MessageId>{ids[0]});
  EXPECT_EQ(fixture_.store().undelete().restore(ids[1]).error().kind, Errc::over_quota);
  EXPECT_EQ(policies::total_of(quota().head), (schema::Usage{2, 9'000}));
  EXPECT_EQ(quota().head.kept, (schema::Usage{2, 8'000}));
  ASSERT_TRUE(fixture_.store().changer().expunge(ids[0]).ok());
  EXPECT_TRUE(fixture_.store().undelete().restore(ids[1]).ok());
  EXPECT_TRUE(fixture_.verify_clean());
}

TEST_F(QuotaTest, ALowerQuotaCountsWithTheNextChange) {
  ASSERT_TRUE(put(5'000).ok());
  set_classes("<quota bytes='4000' soft='50%' grace='P7D'/>");
  EXPECT_EQ(put(20).error().kind, Errc::over_quota);
  const auto page = fixture_.store().reader().list_by_uid(ann_, store::kInbox, {1}, {~0u}, 10);
  ASSERT_TRUE(fixture_.store().changer().set_keywords({ann_, page->messages[0].summary.local}, {"$seen"}, {}).ok());
  EXPECT_TRUE(quota().head.over_quota_since);
}

}  // namespace
}  // namespace telepost
