// When a subscriber read a message: noted in memory, written later, told to nobody's client.
#include <gtest/gtest.h>

#include "store/accesses.h"
#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::MessageId;
using schema::Modseq;
using store::Purpose;
using test::mail;

class AccessTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(fixture_.verify_clean());
    EXPECT_TRUE(fixture_.empties_to_nothing());
  }
  MessageId delivered(std::string_view subject) { return fixture_.deliver_to(ann_, mail(subject))->id; }
  void read(MessageId id, Purpose purpose) {
    ASSERT_TRUE(fixture_.store().reader().source(id, 0, 10, {purpose}, [](std::string_view) { return true; }).ok());
  }
  std::optional<Time> accessed(MessageId id) { return fixture_.store().reader().find(id)->accessed; }
  Modseq modseq() { return fixture_.store().reader().list_by_uid(ann_, schema::MailboxId{1}, schema::Uid{1}, schema::Uid{9}, 1)->modseq; }

  test::StoreFixture fixture_;
  const AccountId ann_ = fixture_.create("ann@example.test");
};

TEST_F(AccessTest, OnlyTheSubscribersReadingOfContentIsOne) {
  const MessageId id = delivered("first");
  store::MessageReader& reader = fixture_.store().reader();
  ASSERT_TRUE(reader.list_by_position(ann_, schema::MailboxId{1}, 0, 50).ok());
  ASSERT_TRUE(reader.summary(id).ok());
  ASSERT_TRUE(reader.document(id).ok());
  ASSERT_TRUE(reader.source_text(id).ok());
  read(id, Purpose::store);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(accessed(id), std::nullopt);

  fixture_.clock().advance(1h);
  read(id, Purpose::subscriber);
  EXPECT_EQ(accessed(id), fixture_.clock().now());
}

TEST_F(AccessTest, ItIsWrittenLaterAndHasNoModseq) {
  const MessageId id = delivered("first");
  const Modseq before = modseq();
  const auto engine_before = fixture_.engine().operations();
  read(id, Purpose::subscriber);
  EXPECT_EQ(fixture_.engine().operations().writes, engine_before.writes);
  const Time time = fixture_.clock().now();
  fixture_.reopen();
  EXPECT_EQ(accessed(id), time);
  EXPECT_EQ(modseq(), before);
}

TEST_F(AccessTest, ReadingAgainWithinTheHourWritesNothing) {
  const MessageId id = delivered("first");
  read(id, Purpose::subscriber);
  const Time first = fixture_.clock().now();
  ASSERT_TRUE(store::write_accesses(store::rooms_of(fixture_.store())).ok());
  fixture_.clock().advance(59min);
  read(id, Purpose::subscriber);
  const auto before = fixture_.engine().operations();
  ASSERT_TRUE(store::write_accesses(store::rooms_of(fixture_.store())).ok());
  EXPECT_EQ(fixture_.engine().operations().writes, before.writes);
  EXPECT_EQ(accessed(id), first);
  fixture_.clock().advance(1min);
  read(id, Purpose::subscriber);
  ASSERT_TRUE(store::write_accesses(store::rooms_of(fixture_.store())).ok());
  EXPECT_EQ(accessed(id), fixture_.clock().now());
}

TEST_F(AccessTest, ACrashLosesWhatWasNotWrittenAndInventsNothing) {
  const MessageId first = delivered("first");
  const MessageId second = delivered("second");
  read(first, Purpose::subscriber);
  const Time time = fixture_.clock().now();
  ASSERT_TRUE(store::write_accesses(store::rooms_of(fixture_.store())).ok());
  read(second, Purpose::subscriber);
  fixture_.engine().crash();
  fixture_.reopen();
  EXPECT_EQ(accessed(first), time);
  EXPECT_EQ(accessed(second), std::nullopt);
}

TEST_F(AccessTest, AWriteThatFailsIsMadeUpFor) {
  const MessageId id = delivered("first");
  read(id, Purpose::subscriber);
  const Time time = fixture_.clock().now();
  fixture_.engine().set_full(true);
  EXPECT_FALSE(store::write_accesses(store::rooms_of(fixture_.store())).ok());
  EXPECT_EQ(accessed(id), time);
  fixture_.engine().set_full(false);
  ASSERT_TRUE(fixture_.engine().recover().ok());
  ASSERT_TRUE(store::write_accesses(store::rooms_of(fixture_.store())).ok());
  EXPECT_EQ(store::rooms_of(fixture_.store()).accesses.size(), 0u);
  fixture_.reopen();
  EXPECT_EQ(accessed(id), time);
}

TEST_F(AccessTest, OfAMessageThatIsGoneNothingIsKept) {
  const MessageId id = delivered("first");
  const MessageId other = delivered("second");
  read(id, Purpose::subscriber);
  read(other, Purpose::subscriber);
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  ASSERT_TRUE(store::write_accesses(store::rooms_of(fixture_.store())).ok());
  EXPECT_EQ(store::rooms_of(fixture_.store()).accesses.size(), 0u);
  ASSERT_TRUE(fixture_.store().accounts().remove(ann_).ok());
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(fixture_.store().reader().find(other).error().kind, Errc::not_found);
}

}  // namespace
}  // namespace telepost
