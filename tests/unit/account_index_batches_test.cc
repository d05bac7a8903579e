// What is read of the change log outside the account's lock, and what happens before it is written.
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <thread>

#include "schema/keys.h"
#include "store/account_index.h"
#include "store/account_write.h"
#include "store/index_batch.h"
#include "store/rooms.h"
#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/unit/account_index_fixture.h"

namespace telepost {
namespace {

using schema::LocalId;
using schema::ThreadId;
using store::MailView;
using store::Space;
using std::chrono::days;

const MailView::Order kAllMail = {};
const MailView::Order kAllThreads = {std::nullopt, MailView::Collapse::threads};

class AccountIndexBatches : public test::AccountIndexFixture {
 protected:
  // What was read of the log goes into the index after something else happened. False: it was thrown away.
  bool write_batch_after(const std::function<void()>& happens) {
    store::Rooms& rooms = rooms_of(fixture_.store());
    auto snapshot = fixture_.engine().snapshot(schema::Partition::account(ann_));
    const auto bytes = *snapshot->get(Space::point, schema::keys::kHead);
    const schema::HeadRecord then = *schema::decode_HeadRecord(*bytes);
    const auto batch = store::IndexBatch::read(rooms, ann_, *snapshot, then);
    EXPECT_TRUE(batch.ok()) << to_string(batch.error());
    snapshot.reset();
    happens();
    const auto written = store::AccountIndex::write_batch(rooms, ann_, *batch);
    EXPECT_TRUE(written.ok()) << to_string(written.error());
    if (*written) {
      EXPECT_EQ(head().indexed, then.modseq) << "what came behind the snapshot has yet to be read";
    }
    EXPECT_TRUE(fixture_.verify_clean());
    return *written;
  }
};

// Nobody who delivers waits while messages are read, and nothing of what comes meanwhile is passed over.
TEST_F(AccountIndexBatches, DeliveriesGoThroughWhileABatchIsRead) {
  for (int i = 0; i < 100; ++i) mail(std::to_string(i) + "@x");
  const schema::Modseq before = head().modseq;
  int reads = 0;
  LocalId late{};
  fixture_.engine().set_delay({}, [&, reader = std::this_thread::get_id()] {
    if (std::this_thread::get_id() != reader || ++reads != 50) return;  // in the midst of a hundred documents
    const auto is_free = [&] { return store::AccountWrite::try_begin(rooms_of(fixture_.store()), ann_).has_value(); };
    ASSERT_TRUE(std::async(std::launch::async, is_free).get());
    late = mail("late@x", "In-Reply-To: <7@x>");
  });
  EXPECT_FALSE(*store::AccountIndex::read_on(rooms_of(fixture_.store()), ann_));
  fixture_.engine().set_delay({}, {});
  ASSERT_NE(late, LocalId{});
  EXPECT_EQ(head().indexed, before);
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_EQ(messages_with(late).size(), 2u);
  EXPECT_EQ(*view().total(kAllMail), 101u);
  EXPECT_TRUE(*store::AccountIndex::read_on(rooms_of(fixture_.store()), ann_));
}

TEST_F(AccountIndexBatches, WhatHappensBetweenReadingABatchAndWritingItIsReadAgain) {
  const auto work = *fixture_.store().mailboxes().create(ann_, "Work");
  const LocalId root = mail("1@x"), moved = mail("2@x", "In-Reply-To: <1@x>"), gone = mail("3@x", "In-Reply-To: <1@x>"), alone = mail("4@x");
  LocalId late{};
  EXPECT_TRUE(write_batch_after([&] {
    ASSERT_TRUE(fixture_.store().changer().set_keywords({ann_, root}, {"$seen"}, {}).ok());
    ASSERT_TRUE(fixture_.store().changer().move({ann_, moved}, store::kInbox, work).ok());
    ASSERT_TRUE(fixture_.store().changer().expunge({ann_, gone}).ok());
    ASSERT_TRUE(fixture_.store().changer().expunge({ann_, alone}).ok());
    late = mail("5@x", "In-Reply-To: <3@x>\r\nReferences: <1@x>");
  }));
  EXPECT_EQ(messages_with(root), (std::vector<LocalId>{root, moved, late}));
  EXPECT_EQ(*view().total(kAllThreads), 1u);
  EXPECT_EQ(*view().list({work}, 0, 10), (std::vector<LocalId>{moved}));
  EXPECT_EQ(view().thread_counts(work)->unread, 1u);
}

// The tombstone is read of while the record is kept, and written when that is gone for good: nothing of it stays.
TEST_F(AccountIndexBatches, WhatIsPurgedBetweenReadingABatchAndWritingItLeavesNothing) {
  fixture_.store().set_classes(test::classes_of("<class name='standard'><undelete keep='P1D'/></class>"));
  const LocalId known = mail("1@x");
  view();
  const LocalId unknown = mail("2@x");
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, known}).ok());
  EXPECT_TRUE(write_batch_after([&] {
    ASSERT_TRUE(fixture_.store().changer().expunge({ann_, unknown}).ok());
    fixture_.clock().advance(days(2));
    ASSERT_TRUE(fixture_.sweep().ok());
    ASSERT_FALSE(fixture_.store().undelete().restore({ann_, known}).ok());
  }));
  EXPECT_EQ(*view().total(kAllMail), 0u);
  const auto reader = fixture_.engine().reader(schema::Partition::account(ann_));
  for (const LocalId local : {known, unknown}) EXPECT_FALSE(*reader->get(Space::point, schema::keys::indexed_message(local)));
}

TEST_F(AccountIndexBatches, WhatComesBackOrGoesAgainBetweenReadingABatchAndWritingItKeepsItsThread) {
  fixture_.store().set_classes(test::classes_of("<class name='standard'><undelete keep='P1D'/></class>"));
  const LocalId back = mail("1@x"), again = mail("2@x");
  const ThreadId thread = thread_of(back), other = thread_of(again);
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, back}).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, again}).ok());
  ASSERT_TRUE(fixture_.store().undelete().restore({ann_, again}).ok());
  EXPECT_TRUE(write_batch_after([&] {
    ASSERT_TRUE(fixture_.store().undelete().restore({ann_, back}).ok());
    ASSERT_TRUE(fixture_.store().changer().expunge({ann_, again}).ok());
  }));
  EXPECT_EQ(thread_of(back), thread);
  EXPECT_EQ(*view().total(kAllMail), 1u);
  ASSERT_TRUE(fixture_.store().undelete().restore({ann_, again}).ok());
  EXPECT_EQ(thread_of(again), other);
}

TEST_F(AccountIndexBatches, ABatchIsThrownAwayWhereAnotherReaderWasFirstOrAnotherMailboxIsTheTrash) {
  const auto bin = *fixture_.store().mailboxes().create(ann_, "Trash");
  const LocalId root = mail("1@x");
  EXPECT_FALSE(write_batch_after([&] { view(); }));
  const LocalId reply = mail("2@x", "In-Reply-To: <1@x>");
  EXPECT_FALSE(write_batch_after([&] {
    auto write = store::AccountWrite::begin(rooms_of(fixture_.store()), ann_, store::AccountWrite::Mode::with_reads);
    ASSERT_TRUE(write.ok());
    EXPECT_EQ(*store::mailbox_for(*write, schema::Role::trash, "Trash"), bin);
    ASSERT_TRUE(write->commit().ok());
  }));
  EXPECT_EQ(messages_with(root), (std::vector<LocalId>{root, reply}));
}

// The log is trimmed no further than the index has read, which counts anew first.
TEST_F(AccountIndexBatches, WhatIsTrimmedWasReadBeforeWhereAnotherMailboxIsTheTrashToo) {
  const auto bin = *fixture_.store().mailboxes().create(ann_, "Trash");
  const LocalId gone = mail("1@x");
  view();
  {
    auto write = store::AccountWrite::begin(rooms_of(fixture_.store()), ann_, store::AccountWrite::Mode::with_reads);
    ASSERT_TRUE(write.ok());
    ASSERT_TRUE(store::mailbox_for(*write, schema::Role::trash, "Trash").ok());
    ASSERT_TRUE(write->commit().ok());
  }
  const schema::Modseq before = head().modseq;
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, gone}).ok());
  fixture_.clock().advance(days(91));
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(head().indexed_trash, bin);
  EXPECT_EQ(tail(), 0u);
  EXPECT_GT(head().floor, before);
}

}  // namespace
}  // namespace telepost
