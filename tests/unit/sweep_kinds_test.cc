// What a sweep takes of each kind, what it says of it, and what it writes into the audit log.
#include <gtest/gtest.h>

#include "schema/keys.h"
#include "store/audit.h"
#include "store/rooms.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::AuditRecord;
using store::SweepKind;
using store::SweepOptions;
using test::mail;
using test::sources_of;
using test::StoreFixture;

class SweepKindsTest : public testing::Test {
 protected:
  void SetUp() override {
    keep_a_day();
    ann_ = fixture_.create("ann@example.test");
  }
  void keep_a_day() {
    fixture_.store().set_classes(test::classes_of("<class name='standard'><retention keep='P1D'/></class>"));
  }
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }

  store::SweepReport sweep(SweepOptions options = {}) {
    fixture_.clock().advance(1ms);
    auto swept = fixture_.store().sweep().run(options);
    EXPECT_TRUE(swept.ok()) << to_string(swept.error());
    return swept.ok() ? *swept : store::SweepReport{};
  }
  std::size_t messages() { return sources_of(fixture_.store(), ann_).size(); }
  std::vector<AuditRecord> audit(std::string* cursor = nullptr, std::optional<AccountId> account = {}) {
    std::vector<AuditRecord> records;
    std::string from = cursor != nullptr ? *cursor : "";
    auto next = fixture_.store().audit().list(from, account, [&](const AuditRecord& record) {
      records.push_back(record);
      return true;
    });
    EXPECT_TRUE(next.ok());
    if (next.ok() && cursor != nullptr) *cursor = *next;
    return records;
  }

  StoreFixture fixture_;
  AccountId ann_;
};

TEST_F(SweepKindsTest, EachKindIsCountedByItself) {
  ASSERT_TRUE(fixture_.deliver_to(ann_, test::mail_with("large", {test::random_lines(1, 50'000)})).ok());
  ASSERT_TRUE(fixture_.deliver(test::incoming_for(fixture_.store(), {ann_}, store::Incoming::Reply::one_for_each, "key"), mail("keyed"))[0].ok());
  fixture_.clock().advance(30s);
  EXPECT_EQ(sweep().total().due, 0u);
  fixture_.clock().advance(24h);
  const auto report = sweep();
  EXPECT_EQ(report.of(SweepKind::expire).due, 2u);
  EXPECT_EQ(report.of(SweepKind::expire).done, 2u);
  EXPECT_EQ(report.of(SweepKind::expire).late, 0u);
  EXPECT_GT(report.of(SweepKind::expire).bytes_freed, 50'000u);
  EXPECT_GT(report.of(SweepKind::reclaim).due, 0u);  // links were to be checked, addresses too
  EXPECT_EQ(report.total().failed, 0u);
  EXPECT_FALSE(report.more);
  EXPECT_EQ(messages(), 0u);
}

TEST_F(SweepKindsTest, OneKindLeavesTheOthersWhereTheyAre) {
  ASSERT_TRUE(fixture_.deliver_to(ann_, test::mail_with("large", {test::random_lines(1, 50'000)})).ok());
  fixture_.clock().advance(25h);
  EXPECT_EQ(sweep({.kinds = {SweepKind::reclaim}}).of(SweepKind::expire).due, 0u);
  EXPECT_EQ(messages(), 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_EQ(sweep({.kinds = {SweepKind::archive, SweepKind::compress}}).total().due, 0u);
  EXPECT_EQ(sweep({.kinds = {SweepKind::expire}}).of(SweepKind::expire).done, 1u);
  EXPECT_EQ(messages(), 0u);
  EXPECT_TRUE(fixture_.verify_clean());
  // The piece goes by what reclaim finds, an hour after its last link.
  for (int hour = 0; hour < 3; ++hour) {
    fixture_.clock().advance(1h);
    sweep({.kinds = {SweepKind::expire}});
  }
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::piece, store::Space::large), 1u);
  for (int hour = 0; hour < 3; ++hour) {
    sweep({.kinds = {SweepKind::reclaim}});
    fixture_.clock().advance(1h);
  }
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::piece, store::Space::large), 0u);
}

TEST_F(SweepKindsTest, ADryRunCountsAndChangesNothing) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(fixture_.deliver_to(ann_, mail("x")).ok());
  fixture_.clock().advance(25h);
  const auto before = fixture_.engine().dump();
  const auto dry = sweep({.dry_run = true});
  EXPECT_TRUE(fixture_.engine().dump() == before);
  const auto wet = sweep();
  for (const SweepKind kind : {SweepKind::expire, SweepKind::reclaim}) {
    EXPECT_EQ(dry.of(kind).due, wet.of(kind).due) << store::name_of(kind);
  }
  EXPECT_EQ(dry.of(SweepKind::expire).bytes_freed, wet.of(SweepKind::expire).bytes_freed);
  EXPECT_EQ(dry.of(SweepKind::expire).due, 5u);
  EXPECT_EQ(messages(), 0u);
}

TEST_F(SweepKindsTest, UntilTakesOnlyWhatWasDueThenAndNeverWhatIsNotDueYet) {
  ASSERT_TRUE(fixture_.deliver_to(ann_, mail("first")).ok());
  fixture_.clock().advance(1h);
  const Time between = fixture_.clock().now() + 24h - 30min;
  ASSERT_TRUE(fixture_.deliver_to(ann_, mail("second")).ok());
  fixture_.clock().advance(1h);
  ASSERT_TRUE(fixture_.deliver_to(ann_, mail("third")).ok());
  fixture_.clock().advance(23h + 30min);
  EXPECT_EQ(sweep({.until = between}).of(SweepKind::expire).done, 1u);
  EXPECT_EQ(messages(), 2u);
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_EQ(sweep({.until = fixture_.clock().now() + 1000h}).of(SweepKind::expire).done, 1u);
  EXPECT_EQ(messages(), 1u);
}

TEST_F(SweepKindsTest, WhatWasDueLongAgoIsLate) {
  ASSERT_TRUE(fixture_.deliver_to(ann_, mail("x")).ok());
  fixture_.clock().advance(24h + 2min);
  EXPECT_EQ(sweep({.kinds = {SweepKind::expire}}).total().late, 1u);
}

TEST_F(SweepKindsTest, VerifyIsAKindThatCountsDamageAsFailed) {
  ASSERT_TRUE(fixture_.deliver_to(ann_, mail("x")).ok());
  auto report = sweep({.kinds = {SweepKind::verify}});
  EXPECT_EQ(report.of(SweepKind::verify).due, 1u);
  EXPECT_EQ(report.of(SweepKind::verify).failed, 0u);
  const auto partition = schema::Partition::account(ann_);
  const std::string key = schema::keys::mailbox(store::kInbox);
  const auto whole = *fixture_.engine().reader(partition)->get(store::Space::point, key);
  auto broken = *schema::decode_MailboxRecord(*whole);
  ++broken.messages;
  fixture_.engine().damage(partition, store::Space::point, key, schema::encode(broken));
  report = sweep({.kinds = {SweepKind::verify}});
  EXPECT_EQ(report.of(SweepKind::verify).failed, 1u);
  EXPECT_TRUE(report.more);
  fixture_.engine().damage(partition, store::Space::point, key, *whole);
}

// More due work than one batch takes, of two kinds mixed in time.
TEST_F(SweepKindsTest, MuchDueWorkOfOneAccountGoesInBatches) {
  for (int i = 0; i < 1300; ++i) {
    fixture_.clock().advance(1ms);
    const std::string key = i % 3 == 0 ? "key" + std::to_string(i) : "";
    ASSERT_TRUE(fixture_.deliver(test::incoming_for(fixture_.store(), {ann_}, store::Incoming::Reply::one_for_each, key), mail("x"))[0].ok());
  }
  fixture_.clock().advance(std::chrono::days(8));
  const auto report = sweep();
  EXPECT_EQ(report.of(SweepKind::expire).done, 1300u);
  EXPECT_GE(report.of(SweepKind::reclaim).done, 434u);
  EXPECT_EQ(messages(), 0u);
  std::size_t told = 0;
  for (const AuditRecord& record : audit()) told += record.messages.size();
  EXPECT_EQ(told, 1300u);
}

TEST_F(SweepKindsTest, WhatExpiresStandsInTheAuditLogWithPolicyAndReason) {
  const auto first = fixture_.deliver_to(ann_, mail("first"));
  const auto second = fixture_.deliver_to(ann_, mail("second"));
  fixture_.clock().advance(25h);
  sweep();
  const auto records = audit();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].action, AuditRecord::Action::expired);
  EXPECT_EQ(records[0].account, ann_);
  EXPECT_EQ(records[0].time, fixture_.clock().now());
  EXPECT_NE(records[0].policy, "");
  EXPECT_NE(records[0].reason, "");
  EXPECT_EQ(records[0].messages, (std::vector<schema::LocalId>{first->id.local, second->id.local}));
}

TEST_F(SweepKindsTest, TheAuditLogGoesOnBehindItsCursorAndOutlivesTheAccount) {
  const AccountId bob = fixture_.create("bob@example.test");
  std::string cursor;
  EXPECT_TRUE(audit(&cursor).empty());
  ASSERT_TRUE(fixture_.deliver_to(ann_, mail("x")).ok());
  ASSERT_TRUE(fixture_.deliver_to(bob, mail("x")).ok());
  fixture_.clock().advance(25h);
  sweep();
  EXPECT_EQ(audit(&cursor).size(), 2u);
  EXPECT_TRUE(audit(&cursor).empty());
  fixture_.reopen();
  keep_a_day();
  ASSERT_TRUE(fixture_.deliver_to(bob, mail("y")).ok());
  fixture_.clock().advance(25h);
  sweep();
  EXPECT_EQ(audit(&cursor).size(), 1u);
  EXPECT_EQ(audit(nullptr, bob).size(), 2u);
  ASSERT_TRUE(fixture_.store().accounts().remove(bob).ok());
  sweep();
  const auto bobs = audit(nullptr, bob);
  ASSERT_EQ(bobs.size(), 3u);
  EXPECT_EQ(bobs.back().action, AuditRecord::Action::account_removed);
  EXPECT_EQ(fixture_.store().audit().list("no cursor", {}, [](const AuditRecord&) { return true; }).error().kind, Errc::invalid);
}

TEST_F(SweepKindsTest, TheAuditLogEndsAfterItsTime) {
  ASSERT_TRUE(fixture_.deliver_to(ann_, mail("x")).ok());
  fixture_.clock().advance(25h);
  sweep();
  fixture_.clock().advance(std::chrono::days(20));
  ASSERT_TRUE(fixture_.deliver_to(ann_, mail("y")).ok());
  fixture_.clock().advance(25h);
  sweep();
  EXPECT_EQ(audit().size(), 2u);
  fixture_.clock().advance(std::chrono::days(10));
  sweep();
  EXPECT_EQ(audit().size(), 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  fixture_.clock().advance(std::chrono::days(21));
  sweep();
  EXPECT_TRUE(audit().empty());
}

TEST_F(SweepKindsTest, TrimmingTheAuditLogStopsAfterABatchWhereItHasTo) {
  store::Audit audit_log(rooms_of(fixture_.store()));
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(audit_log.record({AuditRecord::Action::purged, {}, ann_, "p", "r", {}}).ok());
  fixture_.clock().advance(std::chrono::days(31));
  const schema::Partition slice = schema::keys::audit_slice(ann_);
  const auto some = audit_log.trim(slice, [] { return false; });
  ASSERT_TRUE(some.ok());
  EXPECT_FALSE(*some);
  const std::size_t left = audit().size();
  EXPECT_GT(left, 0u);
  EXPECT_LT(left, 600u);
  EXPECT_TRUE(*audit_log.trim(slice, [] { return true; }));
  EXPECT_TRUE(audit().empty());
}

}  // namespace
}  // namespace telepost
