// Who is archived, in which order and how far; what readers see of it; what is left when it is cut anywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "schema/keys.h"
#include "store/accesses.h"
#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::MessageId;
using schema::PartitionKind;
using schema::Tier;
using store::Purpose;
using test::mail_with;
using test::random_lines;

constexpr std::size_t kLarge = 100'000;  // above min-size and in a piece of its own

class ArchiveRuleTest : public testing::Test {
 protected:
  void SetUp() override { in_force("bytes='1MB'", "untouched='P30D'"); }
  void TearDown() override {
    EXPECT_TRUE(fixture_.verify_clean());
    EXPECT_TRUE(fixture_.empties_to_nothing());
  }
  void in_force(const std::string& allocation, const std::string& archive) {
    schema::ClassSet classes;
    const std::string xml = "<policies xmlns='urn:telepost:policy:1'><class name='standard'><allocation " + allocation + "/><archive " +
                            archive + "/></class></policies>";
    const auto read = schema::read_classes(xml, "test.xml", classes);
    ASSERT_TRUE(read.ok()) << to_string(read.error());
    fixture_.store().set_classes(std::move(classes));
  }
  // A message of a little over 100 KB, whose source differs from every other.
  MessageId delivered(std::string_view subject) {
    const auto delivered = fixture_.deliver_to(ann_, mail_with(subject, {random_lines(++seed_, kLarge)}));
    EXPECT_TRUE(delivered.ok());
    sources_[delivered->id] = *fixture_.store().reader().source_text(delivered->id);
    return delivered->id;
  }
  void pass(Duration time) {
    fixture_.clock().advance(time);
    const auto swept = fixture_.sweep();
    ASSERT_TRUE(swept.ok()) << to_string(swept.error());
    // What is found to be due by this sweep's own work.
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  bool is_archived(MessageId id) { return fixture_.store().reader().find(id)->tier == Tier::archived; }
  std::size_t archived() {
    return static_cast<std::size_t>(std::count_if(sources_.begin(), sources_.end(), [&](const auto& each) { return is_archived(each.first); }));
  }
  std::uint64_t online_bytes() {
    std::uint64_t bytes = 0;
    for (const auto& [id, source] : sources_) bytes += is_archived(id) ? 0 : source.size();
    return bytes;
  }
  Result<std::string> read(MessageId id, Purpose purpose) {
    std::string text;
    TELEPOST_TRY(fixture_.store().reader().source(id, 0, ~std::uint64_t{0}, {purpose}, [&](std::string_view bytes) {
      text.append(bytes);
      return true;
    }));
    return text;
  }
  void expect_all_readable() {
    for (const auto& [id, source] : sources_) {
      const auto text = read(id, Purpose::store);
      ASSERT_TRUE(text.ok()) << to_string(text.error());
      EXPECT_TRUE(*text == source);
    }
  }

  test::StoreFixture fixture_;
  const AccountId ann_ = fixture_.create("ann@example.test");
  std::map<MessageId, std::string> sources_;
  std::uint64_t seed_ = 0;
};

TEST_F(ArchiveRuleTest, NothingIsArchivedBelowTheAllocationHoweverOld) {
  for (int i = 0; i < 7; ++i) delivered("old");
  pass(std::chrono::days(400));
  EXPECT_EQ(archived(), 0u);
}

TEST_F(ArchiveRuleTest, OverItTheLongestUntouchedGoDownToTheLowWater) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 12; ++i) {
    ids.push_back(delivered("number " + std::to_string(i)));
    fixture_.clock().advance(1h);
  }
  ASSERT_GT(online_bytes(), 1'000'000u);
  pass(std::chrono::days(31));
  // 90 % of 1 MB, reached by whole messages from the oldest on.
  EXPECT_LE(online_bytes(), 900'000u);
  EXPECT_GT(online_bytes() + sources_[ids[0]].size(), 900'000u);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(is_archived(ids[i]), i < archived()) << i;
  expect_all_readable();
  const auto listed = fixture_.store().reader().list_by_position(ann_, schema::MailboxId{1}, 0, 50);
  EXPECT_EQ(listed->messages.size(), ids.size());
  const auto inspected = fixture_.store().accounts().show(ann_);
  EXPECT_EQ(inspected->head.archived.messages, archived());
}

TEST_F(ArchiveRuleTest, TheFactorLeavesRoomAboveTheAllocation) {
  in_force("bytes='1MB' factor='200%' low-water='50%'", "untouched='P30D'");
  std::vector<MessageId> ids;
  for (int i = 0; i < 18; ++i) {
    ids.push_back(delivered("within the factor"));
    fixture_.clock().advance(1min);
  }
  ASSERT_GT(online_bytes(), 1'000'000u);
  pass(std::chrono::days(31));
  EXPECT_EQ(archived(), 0u);
  for (int i = 0; i < 3; ++i) ids.push_back(delivered("beyond it"));
  ASSERT_GT(online_bytes(), 2'000'000u);
  pass(1s);
  // Half of the allocation, reached by whole messages from the oldest on, all of them untouched long enough.
  EXPECT_LE(online_bytes(), 500'000u);
  EXPECT_GT(online_bytes() + sources_[ids[0]].size(), 500'000u);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(is_archived(ids[i]), i < archived()) << i;
  EXPECT_LT(archived(), 18u);
}

TEST_F(ArchiveRuleTest, ASmallerAllocationIsMetByWhatWaitsAlready) {
  in_force("bytes='5MB'", "untouched='P30D'");
  for (int i = 0; i < 12; ++i) delivered("a message");
  pass(std::chrono::days(31));
  EXPECT_EQ(archived(), 0u);
  in_force("bytes='1MB'", "untouched='P30D'");
  pass(1s);
  pass(1s);
  EXPECT_LE(online_bytes(), 900'000u);
}

// A reader has read where the source lies, and then it is moved: before whichever of its questions to the engine.
TEST_F(ArchiveRuleTest, AReaderFindsWhatIsMovedUnderIt) {
  in_force("bytes='1KB'", "untouched='PT1S'");
  std::atomic<bool> moved{true};
  for (int question = 1; moved; ++question) {
    ASSERT_LT(question, 100);
    const MessageId id = delivered("moves");
    fixture_.clock().advance(2s);
    moved = false;
    std::atomic<int> asked{0};
    fixture_.engine().set_delay({}, [&] {
      if (++asked != question || moved.exchange(true)) return;
      EXPECT_TRUE(fixture_.sweep().ok());
      EXPECT_TRUE(is_archived(id));
    });
    const auto text = read(id, Purpose::store);
    fixture_.engine().set_delay({}, {});
    ASSERT_TRUE(text.ok()) << question << ": " << to_string(text.error());
    EXPECT_TRUE(*text == sources_[id]) << question;
  }
}

TEST_F(ArchiveRuleTest, WhatTheSubscriberReadStays) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(delivered("a message"));
  fixture_.clock().advance(std::chrono::days(20));
  for (const std::size_t i : {0u, 1u}) ASSERT_TRUE(read(ids[i], Purpose::subscriber).ok());
  ASSERT_TRUE(read(ids[2], Purpose::store).ok());
  pass(std::chrono::days(11));
  EXPECT_FALSE(is_archived(ids[0]));
  EXPECT_FALSE(is_archived(ids[1]));
  EXPECT_TRUE(is_archived(ids[2]));
}

TEST_F(ArchiveRuleTest, SmallMessagesStay) {
  std::vector<MessageId> small;
  for (int i = 0; i < 40; ++i) small.push_back(fixture_.deliver_to(ann_, mail_with("small", {random_lines(1000u + static_cast<unsigned>(i), 40'000)}))->id);
  const MessageId large = delivered("large");
  pass(std::chrono::days(31));
  EXPECT_TRUE(is_archived(large));
  for (const MessageId id : small) EXPECT_FALSE(is_archived(id));
}

TEST_F(ArchiveRuleTest, ASharedPieceStaysForWhoWantsItOnline) {
  const AccountId bob = fixture_.create("bob@example.test");
  const std::string text = mail_with("for both", {random_lines(1000, kLarge)});
  const auto both = fixture_.deliver(test::incoming_for(fixture_.store(), {ann_, bob}), text);
  sources_[both[0]->id] = *fixture_.store().reader().source_text(both[0]->id);
  for (int i = 0; i < 12; ++i) delivered("other");
  pass(std::chrono::days(31));
  pass(2h);
  ASSERT_TRUE(is_archived(both[0]->id));
  EXPECT_TRUE(*read(both[1]->id, Purpose::store) == *read(both[1]->id, Purpose::store));
  EXPECT_FALSE(fixture_.store().reader().find(both[1]->id)->tier == Tier::archived);
  ASSERT_TRUE(fixture_.store().changer().expunge(both[1]->id).ok());
  const std::size_t pieces = test::records_in(fixture_.engine(), PartitionKind::piece, store::Space::large);
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_LT(test::records_in(fixture_.engine(), PartitionKind::piece, store::Space::large), pieces);
  expect_all_readable();
}

TEST_F(ArchiveRuleTest, AReadBringsItBackWhereTheClassSaysSo) {
  in_force("bytes='1MB'", "untouched='P30D' bring-back='true'");
  for (int i = 0; i < 12; ++i) delivered("a message");
  pass(std::chrono::days(31));
  const MessageId id = sources_.begin()->first;
  ASSERT_TRUE(is_archived(id));
  ASSERT_TRUE(read(id, Purpose::store).ok());
  EXPECT_TRUE(is_archived(id));
  bool waited = false;
  store::ReadOptions options{Purpose::subscriber, [&] { waited = true; }};
  std::string text;
  ASSERT_TRUE(fixture_.store().reader().source(id, 10, 100, options, [&](std::string_view bytes) {
    text.append(bytes);
    return true;
  }).ok());
  EXPECT_TRUE(waited);
  EXPECT_EQ(text, sources_[id].substr(10, 100));
  EXPECT_FALSE(is_archived(id));
  pass(1s);
  expect_all_readable();
  // It was touched: what is over the allocation again is somebody else's.
  EXPECT_FALSE(is_archived(id));
}

TEST_F(ArchiveRuleTest, WithoutThatItIsReadWhereItLies) {
  for (int i = 0; i < 12; ++i) delivered("a message");
  pass(std::chrono::days(31));
  const MessageId id = sources_.begin()->first;
  ASSERT_TRUE(is_archived(id));
  EXPECT_TRUE(*read(id, Purpose::subscriber) == sources_[id]);
  EXPECT_TRUE(is_archived(id));
}

TEST_F(ArchiveRuleTest, WhileTheArchiveIsAwayListsWorkAndReadsSayWhy) {
  for (int i = 0; i < 12; ++i) delivered("a message");
  pass(std::chrono::days(31));
  const MessageId id = sources_.begin()->first;
  fixture_.set_archive_away(true);
  fixture_.archive_engine().crash();
  EXPECT_EQ(read(id, Purpose::subscriber).error().kind, Errc::unavailable);
  EXPECT_EQ(fixture_.store().reader().list_by_position(ann_, schema::MailboxId{1}, 0, 50)->messages.size(), 12u);
  EXPECT_TRUE(fixture_.store().reader().document(id).ok());
  for (int i = 0; i < 12; ++i) delivered("while it is away");
  const std::size_t before = archived();
  pass(std::chrono::days(31));
  EXPECT_EQ(archived(), before);
  // However often it is tried, nothing piles up.
  const std::size_t due = test::records_in(fixture_.engine(), PartitionKind::account, store::Space::queue);
  for (int minutes = 0; minutes < 60; minutes += 6) pass(6min);
  EXPECT_EQ(test::records_in(fixture_.engine(), PartitionKind::account, store::Space::queue), due);
  EXPECT_EQ(archived(), before);
  fixture_.archive_engine().restart();
  fixture_.set_archive_away(false);
  pass(10min);
  EXPECT_GT(archived(), before);
  expect_all_readable();
}

TEST_F(ArchiveRuleTest, WhatIsExpungedGoesFromTheArchiveToo) {
  for (int i = 0; i < 12; ++i) delivered("a message");
  pass(std::chrono::days(31));
  const MessageId id = sources_.begin()->first;
  ASSERT_TRUE(is_archived(id));
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  const auto left = test::records_in(fixture_.archive_engine(), PartitionKind::account, store::Space::scan);
  pass(1s);
  EXPECT_EQ(test::records_in(fixture_.archive_engine(), PartitionKind::account, store::Space::scan), left - 1);
  sources_.erase(id);
  EXPECT_EQ(fixture_.store().accounts().show(ann_)->head.archived.messages, archived());
}

TEST_F(ArchiveRuleTest, ACopyOfAnArchivedMessageIsOnline) {
  for (int i = 0; i < 12; ++i) delivered("a message");
  pass(std::chrono::days(31));
  const MessageId id = sources_.begin()->first;
  const AccountId bob = fixture_.create("bob@example.test");
  const auto copied = fixture_.store().changer().copy_to_account(id, bob, schema::MailboxId{1});
  ASSERT_TRUE(copied.ok()) << to_string(copied.error());
  EXPECT_EQ(fixture_.store().reader().find(*copied)->tier, Tier::online);
  EXPECT_TRUE(*read(*copied, Purpose::store) == sources_[id]);
  EXPECT_TRUE(is_archived(id));
}

TEST_F(ArchiveRuleTest, CutAnywhereNothingIsLostAndNothingIsLeft) {
  // Shorter than clock.max_stop: a store that kept no time for longer would not believe the clock.
  in_force("bytes='1MB'", "untouched='P20D'");
  for (int i = 0; i < 12; ++i) delivered("a message");
  fixture_.clock().advance(std::chrono::days(21));
  for (std::uint64_t batch = 1; archived() == 0; ++batch) {
    ASSERT_LT(batch, 200u);
    fixture_.clock().advance(1ms);
    fixture_.engine().crash_before_batch(batch);
    (void)fixture_.sweep();
    if (!fixture_.engine().crashed()) fixture_.engine().crash();
    fixture_.reopen();
    in_force("bytes='1MB'", "untouched='P20D'");
    ASSERT_TRUE(fixture_.verify_clean()) << batch;
    expect_all_readable();
  }
  pass(std::chrono::hours(7));
  expect_all_readable();
  // What broken archivings left was found: the archive holds what the records name.
  std::size_t parts = 0;
  for (const auto& [id, source] : sources_) parts += fixture_.store().reader().find(id)->archived.parts.size();
  EXPECT_EQ(test::records_in(fixture_.archive_engine(), PartitionKind::account, store::Space::scan), parts);
}

TEST_F(ArchiveRuleTest, AMessageWithoutItsSummaryKeepsNoOtherHere) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 9; ++i) {
    ids.push_back(delivered("a message"));
    fixture_.clock().advance(1min);
  }
  pass(std::chrono::days(31));  // all of them wait
  const auto partition = schema::Partition::account(ann_);
  const schema::Placement place = fixture_.store().reader().find(ids[0])->placements.front();
  const std::string key = schema::keys::summary(place.mailbox, place.uid);
  const std::string good = **fixture_.engine().reader(partition)->get(store::Space::scan, key);
  fixture_.engine().damage(partition, store::Space::scan, key, std::nullopt);
  for (int i = 0; i < 3; ++i) delivered("one more");
  fixture_.clock().advance(1s);
  const auto swept = fixture_.sweep();
  fixture_.engine().damage(partition, store::Space::scan, key, good);
  ASSERT_TRUE(swept.ok()) << to_string(swept.error());
  EXPECT_EQ(swept->of(store::SweepKind::archive).failed, 1u);
  EXPECT_FALSE(is_archived(ids[0]));
  EXPECT_TRUE(is_archived(ids[1]));
  EXPECT_LE(online_bytes(), 900'000u);
}

TEST_F(ArchiveRuleTest, WhatIsDamagedHereIsNotCarriedOn) {
  for (int i = 0; i < 12; ++i) delivered("a message");
  const MessageId id = sources_.begin()->first;
  const schema::MessageRecord record = *fixture_.store().reader().find(id);
  const auto piece = std::find_if(record.segments.begin(), record.segments.end(), [](const schema::Segment& each) { return each.piece.has_value(); });
  ASSERT_NE(piece, record.segments.end());
  std::string broken = std::string(piece->size, 'x');
  const auto partition = schema::Partition::piece(*piece->piece);
  const std::string good = **fixture_.engine().reader(partition)->get(store::Space::large, schema::keys::kPieceBytes);
  fixture_.engine().damage(partition, store::Space::large, schema::keys::kPieceBytes, broken);
  pass(std::chrono::days(31));
  EXPECT_FALSE(is_archived(id));
  EXPECT_GT(archived(), 0u);
  fixture_.engine().damage(partition, store::Space::large, schema::keys::kPieceBytes, good);
}

}  // namespace
}  // namespace telepost
