// Large parts: how they are cut, shared between accounts, given back, and never lost while a message needs them.
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "schema/document.h"
#include "store/intake.h"
#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::PartitionKind;
using store::Incoming;
using test::incoming_for;
using test::mail_with;
using test::random_lines;
using test::sources_of;
using test::StoreFixture;
using Sources = std::vector<std::string>;

constexpr std::size_t kMiB = 1u << 20;

class LargeMessageTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(fixture_.verify_clean());
    EXPECT_TRUE(fixture_.empties_to_nothing());
  }
  std::size_t pieces() { return test::records_in(fixture_.engine(), PartitionKind::piece, store::Space::large); }
  std::size_t links() { return test::records_in(fixture_.engine(), PartitionKind::piece, store::Space::scan); }
  void pass(Duration time) {
    fixture_.clock().advance(time);
    const auto swept = fixture_.sweep();
    ASSERT_TRUE(swept.ok());
    EXPECT_EQ(swept->total().failed, 0u);
  }
  StoreFixture fixture_;
};

// Parts of 32 KiB and more are shared, cut every 1 MiB from the body's start.
TEST_F(LargeMessageTest, ALargePartIsCutEveryMebibyteFromItsBodysStart) {
  const AccountId ann = fixture_.create("ann@example.test");
  const std::vector<std::size_t> sizes = {32 * 1024 - 1, 32 * 1024, kMiB - 1, kMiB, kMiB + 1, 2 * kMiB + 40'000, 3 * kMiB + 10, 2 * kMiB};
  std::vector<std::string> bodies;
  std::vector<Digest> expected;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    bodies.push_back(random_lines(i, sizes[i]));
    const std::string_view body = bodies.back();
    for (std::size_t at = 0; body.size() >= 32 * 1024 && at < body.size(); at += kMiB) {
      // The short rest of a long part goes with what follows it when it is under 32 KiB itself.
      const std::string_view piece = body.substr(at, kMiB);
      if (piece.size() >= 32 * 1024) expected.push_back(sha256(piece));
    }
  }
  const std::string text = mail_with("parts", bodies);
  const auto delivered = fixture_.deliver_to(ann, text);
  ASSERT_TRUE(delivered.ok());
  std::vector<Digest> stored;
  std::uint64_t size = 0;
  const auto record = fixture_.store().reader().find(delivered->id);
  for (const schema::Segment& segment : record->segments) {
    size += segment.size;
    if (segment.piece) stored.push_back(*segment.piece);
    if (!segment.piece) {
      EXPECT_LT(segment.size, 2 * 32 * 1024u);
    }
  }
  EXPECT_EQ(stored, expected);
  EXPECT_EQ(size, text.size());
  EXPECT_TRUE(sources_of(fixture_.store(), ann) == Sources{text});
  for (const std::size_t offset : {std::size_t{0}, text.find("\r\n\r\n"), std::size_t{100'000}, 3 * kMiB - 7, text.size() - 9}) {
    for (const std::size_t length : {std::size_t{1}, std::size_t{70'000}, kMiB + 3, text.size()}) {
      std::string range;
      ASSERT_TRUE(fixture_.store().reader().source(delivered->id, offset, length, {}, [&](std::string_view bytes) {
        EXPECT_LE(bytes.size(), kMiB);
        range.append(bytes);
        return true;
      }).ok());
      EXPECT_TRUE(range == std::string_view(text).substr(offset, length)) << offset << " " << length;
    }
  }
}

TEST_F(LargeMessageTest, EqualPartsAreOnePieceInAMessageAndBetweenAccounts) {
  const AccountId ann = fixture_.create("ann@example.test");
  const AccountId bob = fixture_.create("bob@example.test");
  const std::string body = random_lines(1, 50'000);
  const std::string twice = mail_with("twice", {body, body});
  const auto first = fixture_.deliver_to(ann, twice);
  ASSERT_TRUE(first.ok() && fixture_.deliver_to(bob, mail_with("once", {body})).ok());
  EXPECT_EQ(pieces(), 1u);
  EXPECT_EQ(links(), 2u);
  EXPECT_TRUE(sources_of(fixture_.store(), ann) == Sources{twice});

  ASSERT_TRUE(fixture_.store().changer().expunge(first->id).ok());
  for (int hour = 0; hour < 5; ++hour) pass(1h);
  EXPECT_EQ(links(), 1u);
  EXPECT_TRUE(sources_of(fixture_.store(), bob) == Sources{mail_with("once", {body})});
  EXPECT_TRUE(fixture_.verify_spotless());
}

TEST_F(LargeMessageTest, WhatNobodyLinksGoesAfterItsGraceAndNotBefore) {
  const AccountId ann = fixture_.create("ann@example.test");
  const auto delivered = fixture_.deliver_to(ann, mail_with("one", {random_lines(1, 50'000)}));
  pass(20min);
  ASSERT_TRUE(fixture_.store().changer().expunge(delivered->id).ok());
  pass(1s);  // unlinks
  pass(1s);  // finds the orphan
  EXPECT_EQ(links(), 0u);
  pass(59min);
  EXPECT_EQ(pieces(), 1u) << "open readers have an hour";
  pass(2min);
  EXPECT_EQ(pieces(), 0u);
}

TEST_F(LargeMessageTest, ALinkDuringTheGraceKeepsThePiece) {
  const AccountId ann = fixture_.create("ann@example.test");
  const std::string text = mail_with("one", {random_lines(1, 50'000)});
  const auto delivered = fixture_.deliver_to(ann, text);
  pass(20min);
  ASSERT_TRUE(fixture_.store().changer().expunge(delivered->id).ok());
  pass(1s);
  pass(1s);
  pass(59min);
  ASSERT_TRUE(fixture_.deliver_to(ann, text).ok());
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_TRUE(sources_of(fixture_.store(), ann) == Sources{text});
  EXPECT_TRUE(fixture_.verify_spotless());
}

TEST_F(LargeMessageTest, AMessageThatCameBackUnderItsIdKeepsItsPieces) {
  const AccountId ann = fixture_.create("ann@example.test");
  const std::string text = mail_with("one", {random_lines(1, 50'000)});
  const auto delivered = fixture_.deliver_to(ann, text);
  const auto listed = fixture_.store().reader().summary(delivered->id);
  const auto xml = fixture_.store().reader().document(delivered->id);
  store::MessageChanger::Appended again;
  again.source = text;
  again.trace_size_bytes = 0;
  again.document = *schema::read_document(*xml);
  again.placements = {{store::kInbox, listed->uid}};
  ASSERT_TRUE(fixture_.store().changer().expunge(delivered->id).ok());
  ASSERT_TRUE(fixture_.store().changer().import(again).ok());
  for (int hour = 0; hour < 4; ++hour) pass(1h);
  EXPECT_TRUE(sources_of(fixture_.store(), ann) == Sources{text});
  EXPECT_TRUE(fixture_.verify_spotless());
}

TEST_F(LargeMessageTest, ADeliveryThatTakesHoursIsWholeOrRefused) {
  for (const Duration pause : {Duration(8min), Duration(16min), Duration(3h)}) {
    SCOPED_TRACE(std::to_string(pause.count()));
    const AccountId ann = fixture_.create("ann" + std::to_string(pause.count()) + "@example.test");
    const std::string text = mail_with("slow", {random_lines(static_cast<std::uint64_t>(pause.count()), 3 * kMiB)});
    const auto intake = fixture_.store().deliver().begin(incoming_for(fixture_.store(), {ann}));
    intake->write(std::string_view(text).substr(0, 5 * kMiB / 2));
    ASSERT_TRUE(intake->must_flush());
    ASSERT_TRUE(store::wait_for<void>([&](auto done) { intake->flush(std::move(done)); }).ok());
    pass(pause);
    pass(1s);
    if (pause > 1h) pass(2h);
    intake->write(std::string_view(text).substr(5 * kMiB / 2));
    using All = std::vector<Result<store::Delivered>>;
    const auto results = *store::wait_for<All>([&](auto done) { intake->finish(std::move(done)); });
    EXPECT_EQ(results[0].ok(), pause < 1h);
    if (!results[0].ok()) {
      EXPECT_EQ(results[0].error().kind, Errc::busy) << "the sender is to try again";
    }
    for (int hour = 0; hour < 4; ++hour) pass(1h);
    EXPECT_TRUE(sources_of(fixture_.store(), ann) == (results[0].ok() ? Sources{text} : Sources{}));
    EXPECT_TRUE(fixture_.verify_spotless());
  }
}

TEST_F(LargeMessageTest, ADeliveryThatWasGivenUpLeavesNothing) {
  const AccountId ann = fixture_.create("ann@example.test");
  {
    const auto intake = fixture_.store().deliver().begin(incoming_for(fixture_.store(), {ann}));
    intake->write(mail_with("half", {random_lines(1, 3 * kMiB)}).substr(0, 2 * kMiB + 70'000));
    ASSERT_TRUE(store::wait_for<void>([&](auto done) { intake->flush(std::move(done)); }).ok());
  }
  EXPECT_EQ(pieces(), 2u);
  EXPECT_TRUE(fixture_.verify_clean());
  for (const Duration step : {Duration(16min), Duration(61min)}) pass(step);
  EXPECT_EQ(pieces(), 0u);
}

TEST_F(LargeMessageTest, HoldsAtMostFourMebibytesWhateverTheSize) {
  const AccountId ann = fixture_.create("ann@example.test");
  std::vector<std::string> small(1500, random_lines(7, 20'000));
  const std::vector<std::string> texts = {mail_with("one part", {random_lines(1, 50 * kMiB)}), mail_with("many parts", small),
                                          "Subject: no part\r\n\r\n" + random_lines(3, 20 * kMiB)};
  for (const std::string& text : texts) {
    store::IntakeSession intake(rooms_of(fixture_.store()), incoming_for(fixture_.store(), {ann}));
    std::size_t most = 0;
    for (std::size_t at = 0; at < text.size(); at += 64u << 10) {
      intake.write(std::string_view(text).substr(at, 64u << 10));
      most = std::max(most, intake.bytes_held());
      if (intake.must_flush()) {
        ASSERT_TRUE(store::wait_for<void>([&](auto done) { intake.flush(std::move(done)); }).ok());
      }
    }
    EXPECT_LE(most, 4 * kMiB);
    using All = std::vector<Result<store::Delivered>>;
    const auto results = *store::wait_for<All>([&](auto done) { intake.finish(std::move(done)); });
    ASSERT_TRUE(results[0].ok()) << to_string(results[0].error());
    EXPECT_TRUE(*fixture_.store().reader().source_text(results[0]->id) == text);
  }
}

TEST(LargeMessageCrash, IsThereAsAWholeOrItsPiecesAreGivenBack) {
  const std::string text = mail_with("large", {random_lines(1, 2 * kMiB + 100'000), random_lines(2, 40'000)});
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed; ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    const AccountId ann = fixture.create("ann@example.test");
    fixture.engine().crash_before_batch(batch);
    const auto delivered = fixture.deliver_to(ann, text);
    crashed = fixture.engine().crashed();
    EXPECT_NE(delivered.ok(), crashed);
    fixture.reopen();
    EXPECT_TRUE(fixture.verify_clean());
    EXPECT_TRUE(sources_of(fixture.store(), ann) == (crashed ? Sources{} : Sources{text}));
    for (const Duration step : {Duration(16min), Duration(61min)}) {
      fixture.clock().advance(step);
      ASSERT_TRUE(fixture.sweep().ok());
    }
    EXPECT_TRUE(fixture.verify_spotless());
    EXPECT_EQ(test::records_in(fixture.engine(), PartitionKind::piece, store::Space::large), crashed ? 0u : 4u);
    EXPECT_TRUE(fixture.empties_to_nothing());
    if (HasFailure()) return;
  }
}

TEST(LargeMessageCrash, ExpungeToReclaimGoesOnWhereverItStopped) {
  const std::string text = mail_with("large", {random_lines(1, kMiB + 100'000)});
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed; ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    const AccountId ann = fixture.create("ann@example.test");
    const AccountId bob = fixture.create("bob@example.test");
    const auto delivered = fixture.deliver_to(ann, text);
    ASSERT_TRUE(delivered.ok() && fixture.deliver_to(bob, text).ok());
    fixture.clock().advance(20min);
    ASSERT_TRUE(fixture.sweep().ok());
    fixture.engine().crash_before_batch(batch);
    (void)fixture.store().changer().expunge(delivered->id);
    const auto bobs = fixture.store().accounts().find("bob@example.test");
    if (bobs.ok()) (void)fixture.store().accounts().remove(*bobs);
    for (int hour = 0; hour < 3; ++hour) {
      fixture.clock().advance(1h);
      (void)fixture.sweep();
    }
    crashed = fixture.engine().crashed();
    fixture.reopen();
    EXPECT_TRUE(fixture.verify_clean());
    (void)fixture.store().changer().expunge(delivered->id);
    (void)fixture.store().accounts().remove(bob);
    for (int hour = 0; hour < 4; ++hour) {
      fixture.clock().advance(1h);
      ASSERT_TRUE(fixture.sweep().ok());
    }
    EXPECT_TRUE(fixture.verify_spotless());
    EXPECT_EQ(test::records_in(fixture.engine(), PartitionKind::piece, store::Space::large), 0u);
    EXPECT_TRUE(fixture.empties_to_nothing());
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace telepost
