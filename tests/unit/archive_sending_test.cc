// The archive and messages that others are still to get: of mail that was handed in for later, or of a delivery that a crash broke off.
#include <gtest/gtest.h>

#include "store/rooms.h"
#include "store/submitted_copies.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/submission_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::MessageId;
using schema::Tier;
using test::mail_with;
using test::random_lines;

constexpr std::size_t kLarge = 100'000;  // above min-size and in a piece of its own

class ArchiveAndSendingTest : public test::SubmissionTest {};

// Due to be sent in five days, and to be archived after one.
TEST_F(ArchiveAndSendingTest, WhatIsStillToBeSentStaysOnline) {
  fixture_.store().set_classes(test::classes_of("<class name='standard'><allocation bytes='1MB'/><archive untouched='P1D'/></class>"));
  store::HandedIn later = mail({"bob@example.test"});
  later.send_at = fixture_.clock().now() + std::chrono::days(5);
  const MessageId id = hand_in(std::move(later), mail_with("later", {random_lines(99, kLarge)}));
  MessageId other{};
  for (std::uint64_t i = 0; i < 12; ++i) other = fixture_.deliver_to(ann_, mail_with("m", {random_lines(i + 1, kLarge)}))->id;
  const auto pass = [&](Duration time) {
    fixture_.clock().advance(time);
    for (int round = 0; round < 3; ++round) {
      const auto swept = fixture_.sweep();
      ASSERT_TRUE(swept.ok());
      EXPECT_EQ(swept->total().failed, 0u);
    }
  };
  const auto tier = [&](MessageId message) { return fixture_.store().reader().find(message)->tier; };
  pass(std::chrono::days(2));
  EXPECT_EQ(tier(id), Tier::online);
  pass(std::chrono::days(3) + 1h);
  ASSERT_EQ(inbox(bob_).size(), 1u);
  EXPECT_NE(inbox(bob_)[0].find(random_lines(99, kLarge).substr(0, 60)), std::string::npos);
  for (std::uint64_t i = 0; i < 12; ++i) ASSERT_TRUE(fixture_.deliver_to(ann_, mail_with("m", {random_lines(i + 50, kLarge)})).ok());
  for (int day = 0; day < 3; ++day) pass(std::chrono::days(1) + 1min);
  EXPECT_EQ(tier(id), Tier::archived) << "like any other";
}

TEST_F(ArchiveAndSendingTest, ACopyOfAFirstCopyThatLiesInTheArchiveIsFetched) {
  fixture_.store().set_classes(test::classes_of("<class name='standard'><allocation bytes='1MB'/><archive untouched='P1D'/></class>"));
  const MessageId first = fixture_.deliver_to(ann_, mail_with("first", {random_lines(99, kLarge)}))->id;
  for (std::uint64_t i = 0; i < 12; ++i) ASSERT_TRUE(fixture_.deliver_to(ann_, mail_with("m", {random_lines(i + 1, kLarge)})).ok());
  fixture_.clock().advance(std::chrono::days(2));
  for (int round = 0; round < 3; ++round) ASSERT_TRUE(fixture_.sweep().ok());
  ASSERT_EQ(fixture_.store().reader().find(first)->tier, Tier::archived);
  store::Rooms& rooms = rooms_of(fixture_.store());
  const MessageId copy{bob_, {rooms.numbers.next()}};
  const auto serve = [&] { return store::serve_copy(rooms, first, copy, "mailto:bob@example.test", {}, {"", {}, fixture_.clock().now()}); };
  fixture_.set_archive_away(true);
  fixture_.archive_engine().crash();
  EXPECT_EQ(serve().error().kind, Errc::unavailable) << "not yet, rather than never";
  EXPECT_TRUE(inbox(bob_).empty());
  fixture_.archive_engine().restart();
  fixture_.set_archive_away(false);
  const auto served = serve();
  ASSERT_TRUE(served.ok()) << to_string(served.error());
  EXPECT_FALSE(*served) << to_string(**served);
  EXPECT_EQ(inbox(bob_), std::vector<std::string>{*fixture_.store().reader().source_text(first)});
  EXPECT_EQ(fixture_.store().reader().find(copy)->tier, Tier::online);
}

}  // namespace
}  // namespace telepost
