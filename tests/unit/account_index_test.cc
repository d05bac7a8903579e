// What threads are by their rules, and how the account's index comes to stand where the account is: by who reads it, by due work, after
// a crash, beside deliveries.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <set>
#include <thread>

#include "base/bytes.h"
#include "schema/index_records.h"
#include "schema/keys.h"
#include "store/account_index.h"
#include "store/account_write.h"
#include "store/inspect.h"
#include "store/rooms.h"
#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/unit/account_index_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::LocalId;
using schema::ThreadId;
using store::MailView;
using store::Space;
using test::StoreFixture;
using std::chrono::days;

const MailView::Order kAll = {};
const MailView::Order kThreads = {std::nullopt, MailView::Collapse::threads};

class AccountIndexTest : public test::AccountIndexFixture {
 protected:
  std::size_t due_to_read_on() {
    std::size_t count = 0;
    for (const auto& [place, value] : fixture_.engine().dump()) {
      if (place.first != Space::queue || place.second.size() < 9 || place.second[0] != 'a') continue;
      const std::string_view key = std::string_view(place.second).substr(9);
      count += key.size() == 26 && key[9] == 'e' ? 1u : 0u;
    }
    return count;
  }
};

// RFC 8621 section 3, but for subjects; RFC 5322 section 3.6.4.
TEST_F(AccountIndexTest, AThreadIsWhatNamesTheSameMessages) {
  const LocalId root = mail("a@x", "Subject: plans");
  const LocalId reply = mail("b@x", "In-Reply-To: Your message of Monday\r\n <a@x>\r\nSubject: Re: other");
  const LocalId deep = mail("d@x", "References: <a@x> <b@x>\r\n\t<c@x>");
  const LocalId missing = mail("c@x");  // named before it came
  const LocalId stranger = mail("e@x", "Subject: plans");
  EXPECT_EQ(messages_with(deep), (std::vector<LocalId>{root, reply, deep, missing}));
  EXPECT_EQ(messages_with(stranger), (std::vector<LocalId>{stranger}));
  EXPECT_EQ(thread_of(root).value, root.value);
}

TEST_F(AccountIndexTest, AMessageIdIsTakenAsItStands) {
  const LocalId bare = deliver("From: bob@example.net\r\nMessage-ID: bare@x");
  const LocalId to_bare = mail("1@x", "In-Reply-To: <bare@x>");
  const LocalId none = deliver("From: bob@example.net\r\nSubject: x");
  const LocalId none_too = deliver("From: bob@example.net\r\nSubject: x");
  const LocalId upper = mail("A@x"), lower = mail("a@x");
  EXPECT_EQ(thread_of(to_bare), thread_of(bare));
  EXPECT_NE(thread_of(none), thread_of(none_too));
  EXPECT_NE(thread_of(upper), thread_of(lower));
}

TEST_F(AccountIndexTest, OfALongReferencesTheFirstAndTheLastCount) {
  const LocalId root = mail("0@x"), middle = mail("30@x"), parent = mail("99@x");
  std::string references = "References:";
  for (int i = 0; i < 100; ++i) references += "\r\n <" + std::to_string(i) + "@x>";
  const LocalId leaf = mail("leaf@x", references);
  EXPECT_EQ(thread_of(leaf), thread_of(root));
  const LocalId of_parent = mail("y@x", "In-Reply-To: <99@x>");
  EXPECT_EQ(thread_of(of_parent), thread_of(parent));  // what were two stay two
  EXPECT_NE(thread_of(middle), thread_of(root));
  EXPECT_EQ(thread_of(mail("z@x", "In-Reply-To: <98@x>")), thread_of(root));  // nobody else was named so
}

TEST_F(AccountIndexTest, TwoThreadsThatTurnOutToBeOneStayTwoAndWhatNamesBothJoinsTheOlder) {
  const LocalId first = mail("1@x"), second = mail("2@x");
  const ThreadId older = thread_of(first), newer = thread_of(second);
  ASSERT_NE(older, newer);
  const LocalId both = mail("3@x", "References: <2@x> <1@x>");
  EXPECT_EQ(thread_of(both), older);
  EXPECT_EQ(thread_of(first), older);
  EXPECT_EQ(thread_of(second), newer);
}

TEST_F(AccountIndexTest, AThreadOfMailTakesAThousandMessages) {
  const LocalId root = mail("root@x");
  std::vector<LocalId> in_it = {root};
  for (int i = 1; i < 1000; ++i) in_it.push_back(mail(std::to_string(i) + "@x", "References: <root@x>"));
  const LocalId over = mail("over@x", "References: <root@x>"), reply = mail("reply@x", "References: <root@x> <over@x>");
  EXPECT_EQ(messages_with(root), in_it);
  EXPECT_EQ(messages_with(over), (std::vector<LocalId>{over, reply}));
  EXPECT_EQ(*view().list(kThreads, 0, 10), (std::vector<LocalId>{reply, in_it.back()}));
}

TEST_F(AccountIndexTest, WhatIsSaidToOneOtherSideIsAConversationByGroupsOfKinds) {
  const LocalId sms = text_from("tel:+15550199"), other = text_from("tel:+15550188");
  const LocalId mms = deliver("Telepost-Kind: mms\r\nFrom: <+15550199/TYPE=PLMN@mms.example.net>");
  const LocalId voice = text_from("tel:+15550199", "voice"), fax = text_from("tel:+15550199", "fax");
  const LocalId again = text_from("tel:+15550199");
  EXPECT_EQ(messages_with(sms), (std::vector<LocalId>{sms, mms, again}));
  EXPECT_EQ((std::set{thread_of(sms), thread_of(other), thread_of(voice), thread_of(fax)}.size()), 4u);
}

TEST_F(AccountIndexTest, WhatTheSubscriberSaysIsInTheConversationToo) {
  ASSERT_TRUE(fixture_.store().accounts().add_address(ann_, "tel:+15550100").ok());
  const LocalId theirs = text_from("tel:+15550199");
  const LocalId own = deliver("Telepost-Kind: sms\r\nTelepost-Caller: tel:+15550100\r\nTelepost-Called: tel:+15550199");
  EXPECT_EQ(messages_with(theirs), (std::vector<LocalId>{theirs, own}));
}

TEST_F(AccountIndexTest, WhoWithholdsTheNumberIsNobody) {
  const LocalId one = deliver("Telepost-Kind: voice\r\nTelepost-Presentation: restricted");
  const LocalId two = deliver("Telepost-Kind: voice\r\nTelepost-Presentation: restricted");
  EXPECT_NE(thread_of(one), thread_of(two));
}

TEST_F(AccountIndexTest, AConversationIsClosedAfter90SilentDays) {
  const LocalId first = text_from("tel:+15550199");
  fixture_.clock().advance(days(90) - 2s);
  const LocalId within = text_from("tel:+15550199");
  fixture_.clock().advance(days(90));
  const LocalId later = text_from("tel:+15550199");
  EXPECT_EQ(messages_with(first), (std::vector<LocalId>{first, within}));
  EXPECT_EQ(messages_with(later), (std::vector<LocalId>{later}));
  // What is imported belongs to the conversation of its time.
  const Time then = fixture_.store().reader().find({ann_, first})->received;
  const LocalId old = deliver("Telepost-Kind: sms\r\nTelepost-Caller: tel:+15550199", then + 1s);
  const LocalId ancient = deliver("Telepost-Kind: sms\r\nTelepost-Caller: tel:+15550199", then - days(1000));
  const LocalId next_to_it = deliver("Telepost-Kind: sms\r\nTelepost-Caller: tel:+15550199", then - days(1001));
  EXPECT_EQ(messages_with(first), (std::vector<LocalId>{first, old, within}));
  EXPECT_EQ(messages_with(ancient), (std::vector<LocalId>{next_to_it, ancient}));
  EXPECT_EQ(thread_of(text_from("tel:+15550199")), thread_of(later));
}

TEST_F(AccountIndexTest, AConversationIsClosedAfterAThousandMessages) {
  std::vector<LocalId> all;
  for (int i = 0; i < 1001; ++i) all.push_back(text_from("tel:+15550199"));
  EXPECT_EQ(messages_with(all[0]).size(), 1000u);
  EXPECT_EQ(messages_with(all[1000]), (std::vector<LocalId>{all[1000]}));
  // Closed is closed, though one of them goes.
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, all[5]}).ok());
  EXPECT_EQ(thread_of(text_from("tel:+15550199")), thread_of(all[1000]));
}

TEST_F(AccountIndexTest, WhatComesBackComesBackIntoItsThread) {
  fixture_.store().set_classes(test::classes_of("<class name='standard'><undelete keep='P1D'/></class>"));
  const LocalId first = text_from("tel:+15550199");
  const ThreadId thread = thread_of(first);
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, first}).ok());
  EXPECT_EQ(*view().total(kAll), 0u);
  const LocalId second = text_from("tel:+15550199");
  const ThreadId other = thread_of(second);
  EXPECT_NE(other, thread);
  ASSERT_TRUE(fixture_.store().undelete().restore({ann_, first}).ok());
  EXPECT_EQ(thread_of(first), thread);
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, first}).ok());
  view();
  ASSERT_TRUE(fixture_.verify_clean());
  // Gone for good, nothing is left of it.
  fixture_.clock().advance(days(2));
  ASSERT_TRUE(fixture_.sweep().ok());
  ASSERT_FALSE(fixture_.store().undelete().restore({ann_, first}).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, second}).ok());
  fixture_.clock().advance(days(2));
  ASSERT_TRUE(fixture_.sweep().ok());
  view();
  for (const auto& [place, value] : fixture_.engine().dump()) {
    const char letter = place.second[9];
    EXPECT_FALSE(place.first == Space::point && place.second[0] == 'a' && std::string_view("VYNPCX").find(letter) != std::string_view::npos) << to_hex(place.second);
  }
}

TEST_F(AccountIndexTest, PurgedBeforeTheIndexReadOfItNothingStays) {
  fixture_.store().set_classes(test::classes_of("<class name='standard'><undelete keep='P1D'/></class>"));
  const LocalId first = mail("1@x");
  view();
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, first}).ok());
  fixture_.clock().advance(days(2));
  ASSERT_TRUE(fixture_.sweep().ok());
  ASSERT_FALSE(fixture_.store().undelete().restore({ann_, first}).ok());
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_EQ(*view().total(kAll), 0u);
  EXPECT_TRUE(fixture_.verify_clean());
}

// Tombstones go when the index has read of them, and a thread's goes with the message's.
TEST_F(AccountIndexTest, WhatIsTrimmedWasReadBefore) {
  const LocalId gone = mail("1@x"), stays = mail("2@x");
  const schema::Modseq before = view().modseq();
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, gone}).ok());
  const schema::Modseq after = view().modseq();
  EXPECT_EQ(view().thread_changes(before, 10)->destroyed, (std::vector<ThreadId>{{gone.value}}));
  const LocalId unread = mail("3@x");
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, unread}).ok());
  fixture_.clock().advance(days(91));
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(tail(), 0u);
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_EQ(view().thread_changes(before, 10).error().kind, Errc::unsupported);
  EXPECT_EQ(view().thread_changes(after, 10).error().kind, Errc::unsupported);
  EXPECT_EQ(view().thread_changes({view().modseq().value + 1}, 10).error().kind, Errc::unsupported);
  EXPECT_EQ(*view().list(kAll, 0, 10), (std::vector<LocalId>{stays}));
}

TEST_F(AccountIndexTest, UnreadThreadsAreCountedAnewWhereAnotherMailboxIsTheTrash) {
  const auto bin = *fixture_.store().mailboxes().create(ann_, "Trash");
  const LocalId root = mail("1@x"), reply = mail("2@x", "In-Reply-To: <1@x>");
  ASSERT_TRUE(fixture_.store().changer().move({ann_, reply}, store::kInbox, bin).ok());
  ASSERT_TRUE(fixture_.store().changer().set_keywords({ann_, root}, {"$seen"}, {}).ok());
  EXPECT_EQ(view().thread_counts(store::kInbox)->unread, 1u);
  EXPECT_EQ(view().thread_counts(bin)->unread, 1u);
  const schema::Modseq before = view().modseq();
  {
    auto write = store::AccountWrite::begin(rooms_of(fixture_.store()), ann_, store::AccountWrite::Mode::with_reads);
    ASSERT_TRUE(write.ok());
    EXPECT_EQ(*store::mailbox_for(*write, schema::Role::trash, "Trash"), bin);
    ASSERT_TRUE(write->commit().ok());
  }
  EXPECT_EQ(view().thread_counts(store::kInbox)->unread, 0u);
  EXPECT_GT(view().thread_counts(store::kInbox)->modseq, before);
  EXPECT_EQ(view().thread_counts(bin)->unread, 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  ASSERT_TRUE(fixture_.store().mailboxes().remove(ann_, bin).ok());
  EXPECT_EQ(view().thread_counts(store::kInbox)->unread, 0u);
  EXPECT_EQ(view().thread_counts(bin).error().kind, Errc::not_found);
}

// A delivery writes nothing for the index; what nobody reads for long is read on by due work, which one delivery in many asks for.
TEST_F(AccountIndexTest, DueWorkReadsOnWhereTheTailIsLong) {
  for (int i = 0; i < 250; ++i) mail(std::to_string(i) + "@x");
  EXPECT_GE(tail(), 250u);
  EXPECT_EQ(due_to_read_on(), 0u);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_GE(tail(), 250u);
  for (int i = 250; i < 700; ++i) mail(std::to_string(i) + "@x");
  EXPECT_EQ(due_to_read_on(), 2u);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_LT(tail(), store::kIndexTail);
  EXPECT_EQ(due_to_read_on(), 0u);
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_EQ(*view().total(kThreads), 700u);
  EXPECT_EQ(fixture_.store().view({12345}).error().kind, Errc::not_found);
}

TEST_F(AccountIndexTest, ACrashAtAnyBatchCostsNothing) {
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed && !HasFailure(); ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    const auto ann = fixture.create("ann@example.test");
    const auto bin = *fixture.store().mailboxes().create(ann, "Trash");
    for (int i = 0; i < 700; ++i) {
      const std::string text = "Message-ID: <" + std::to_string(i) + "@x>\r\nIn-Reply-To: <" + std::to_string(i - i % 7) + "@x>\r\n\r\nx\r\n";
      const auto delivered = fixture.deliver_to(ann, text);
      ASSERT_TRUE(delivered.ok());
      if (i % 50 == 1) {
        ASSERT_TRUE(fixture.store().changer().move(delivered->id, store::kInbox, bin).ok());
      }
      if (i % 50 == 2) {
        ASSERT_TRUE(fixture.store().changer().expunge(delivered->id).ok());
      }
      if (i == 300) {
        ASSERT_TRUE(fixture.store().view(ann).ok());
      }
    }
    {
      auto write = store::AccountWrite::begin(rooms_of(fixture.store()), ann, store::AccountWrite::Mode::with_reads);
      ASSERT_TRUE(store::mailbox_for(*write, schema::Role::trash, "Trash").ok());
      ASSERT_TRUE(write->commit().ok());
    }
    fixture.engine().crash_before_batch(batch);
    crashed = !fixture.store().view(ann).ok();
    EXPECT_EQ(crashed, fixture.engine().crashed());
    fixture.reopen();
    EXPECT_TRUE(fixture.verify_clean());
    {
      const auto view = fixture.store().view(ann);
      ASSERT_TRUE(view.ok());
      EXPECT_EQ(*view->total(kAll), 686u);
      EXPECT_EQ(*view->total(kThreads), 100u);
      EXPECT_EQ(view->thread_counts(bin)->unread, 14u);
    }
    EXPECT_TRUE(fixture.verify_clean());
    EXPECT_TRUE(fixture.empties_to_nothing());
    ASSERT_LT(batch, 20u);
  }
}

// Everything that a view tells is of its modseq, though messages come and move meanwhile and others read too.
TEST_F(AccountIndexTest, ReadersBesideDeliveriesEachSeeOneState) {
  const auto work = *fixture_.store().mailboxes().create(ann_, "Work");
  std::atomic<bool> done{false};
  std::atomic<int> views{0};
  const auto read = [&] {
    std::uint64_t last = 0;
    while (!done.load()) {
      const auto opened = fixture_.store().view(ann_);
      ASSERT_TRUE(opened.ok()) << to_string(opened.error());
      EXPECT_GE(opened->modseq().value, last);
      last = opened->modseq().value;
      const auto all = *opened->list(kAll, 0, 10'000), in_inbox = *opened->list({store::kInbox}, 0, 10'000), in_work = *opened->list({work}, 0, 10'000);
      EXPECT_EQ(all.size(), in_inbox.size() + in_work.size()) << "at " << last;
      EXPECT_EQ(*opened->total(kThreads), opened->list(kThreads, 0, 10'000)->size());
      for (const auto& thread : *opened->threads_of(all)) EXPECT_TRUE(thread.has_value());
      ++views;
    }
  };
  std::thread first(read), second(read);
  for (int i = 0; i < 600; ++i) {
    const auto delivered = fixture_.deliver_to(ann_, "Message-ID: <" + std::to_string(i) + "@x>\r\nIn-Reply-To: <" + std::to_string(i / 5) + "@x>\r\n\r\nx\r\n");
    ASSERT_TRUE(delivered.ok());
    if (i % 3 == 0) {
      EXPECT_TRUE(fixture_.store().changer().move(delivered->id, store::kInbox, work).ok());
    }
    if (i % 11 == 0) {
      EXPECT_TRUE(fixture_.store().changer().expunge(delivered->id).ok());
    }
  }
  while (views.load() < 4) std::this_thread::yield();
  done.store(true);
  first.join();
  second.join();
  EXPECT_EQ(*view().total(kAll), 545u);
}

TEST_F(AccountIndexTest, InspectKnowsItsRecords) {
  const LocalId root = mail("1@x"), reply = mail("2@x", "In-Reply-To: <1@x>"), gone = mail("3@x");
  text_from("tel:+15550199");
  view();
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, gone}).ok());
  view();
  std::set<std::string> lines, layouts;
  EXPECT_TRUE(store::inspect(fixture_.store(), schema::Partition::account(ann_), [&](const store::Inspected& inspected) {
    EXPECT_TRUE(inspected.known()) << to_string(inspected);
    layouts.insert(inspected.layout);
    lines.insert(to_string(inspected));
    return true;
  }).ok());
  for (const char* layout : {"indexed_message", "thread", "thread_by_id", "threads_by_partner", "order", "thread_change", "thread_gone"}) {
    EXPECT_TRUE(layouts.contains(layout)) << layout;
  }
  const std::string number = std::to_string(root.value);
  EXPECT_TRUE(lines.contains("indexed_message local=" + std::to_string(reply.value) + ": thread=" + number));
  const auto starts = [&](const std::string& text) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.starts_with(text); });
  };
  EXPECT_TRUE(starts("order order=all: messages=3 "));
  EXPECT_TRUE(starts("order order=threads of all: messages=2 unread=2 "));
  EXPECT_TRUE(starts("order order=threads of 1: messages=2 unread=2 "));
  EXPECT_TRUE(starts("received mailbox=threads of 1 time="));
}

}  // namespace
}  // namespace telepost
