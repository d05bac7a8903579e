// Mailboxes by their ids: made, changed together, removed, and what changed of them since a state.
#include "store/mailboxes.h"

#include <gtest/gtest.h>

#include "store/account_write.h"
#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost::store {
namespace {

using schema::MailboxId;
using schema::Modseq;
using schema::Role;

class MailboxesById : public testing::Test {
 protected:
  ~MailboxesById() override { EXPECT_TRUE(fixture_.verify_clean()); }
  Mailboxes& mailboxes() { return fixture_.store().mailboxes(); }
  MailboxId make(NewMailbox mailbox) {
    const auto made = mailboxes().make(account_, mailbox);
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    return made->id;
  }
  Errc refusal(const NewMailbox& mailbox) {
    const auto made = mailboxes().make(account_, mailbox);
    EXPECT_FALSE(made.ok()) << mailbox.name;
    return made.ok() ? Errc::io : made.error().kind;
  }
  Errc refusal(const std::vector<MailboxChange>& changes) {
    const auto changed = mailboxes().change(account_, changes);
    EXPECT_FALSE(changed.ok());
    return changed.ok() ? Errc::io : changed.error().kind;
  }
  MailboxTree tree() { return mailboxes().tree(account_).value(); }
  schema::MailboxRecord record(MailboxId id) {
    for (const MailboxInTree& each : tree().mailboxes) {
      if (each.record.id == id) return each.record;
    }
    return {};
  }
  std::vector<std::string> paths() {
    std::vector<std::string> list;
    for (const MailboxInTree& each : tree().mailboxes) list.push_back(each.path);
    return list;
  }
  using Paths = std::vector<std::string>;

  test::StoreFixture fixture_;
  const schema::AccountId account_ = fixture_.create("mailto:ann@example.test");
};

TEST_F(MailboxesById, AreMadeBelowTheirParent) {
  const MailboxId work = make({.name = "Work", .sort_order = 5});
  const MailboxId year = make({.parent = work, .name = "2026", .role = Role::archive, .subscribed = false});
  EXPECT_EQ(paths(), (Paths{"INBOX", "Work", "Work/2026"}));
  EXPECT_EQ(record(work).sort_order, 5u);
  EXPECT_FALSE(record(year).subscribed);
  EXPECT_EQ(mailboxes().find(account_, "Work/2026").value(), year);
  EXPECT_EQ(refusal(NewMailbox{.name = "Work"}), Errc::exists);
  EXPECT_EQ(refusal(NewMailbox{.name = "Inbox"}), Errc::exists);
  EXPECT_EQ(refusal(NewMailbox{.name = "a/b"}), Errc::invalid);
  EXPECT_EQ(refusal(NewMailbox{.name = "x", .role = Role::archive}), Errc::refused);
  EXPECT_EQ(refusal(NewMailbox{.name = "x", .role = Role::inbox}), Errc::refused);
  EXPECT_EQ(refusal(NewMailbox{.parent = MailboxId{99}, .name = "x"}), Errc::not_found);
  fixture_.reopen();
  EXPECT_EQ(record(work).sort_order, 5u);
}

// RFC 8621 section 2.5: what one verb lets pass must not keep another from anything.
TEST_F(MailboxesById, AreMovedNoDeeperThanTheirTreeFits) {
  std::string tree_of_ten = "A", place_of_ten = "B";
  for (int depth = 2; depth <= 10; ++depth) tree_of_ten += "/a" + std::to_string(depth);
  for (int depth = 2; depth <= 9; ++depth) place_of_ten += "/b" + std::to_string(depth);
  ASSERT_TRUE(mailboxes().create(account_, tree_of_ten).ok());
  ASSERT_TRUE(mailboxes().create(account_, place_of_ten).ok());
  const MailboxId top = mailboxes().find(account_, "A").value();
  const Paths before = paths();
  EXPECT_EQ(mailboxes().rename(account_, top, place_of_ten + "/A").error().kind, Errc::too_large);
  EXPECT_EQ(paths(), before);
  EXPECT_TRUE(mailboxes().rename(account_, top, "B/b2/b3/b4/b5/b6/A").ok()) << "16 deep";
  EXPECT_TRUE(mailboxes().change(account_, {{.id = top, .parent = MailboxId{0}}}).ok());
  EXPECT_EQ(paths(), before);
}

TEST_F(MailboxesById, AreMadeUpToABoundOverTheAccountsLife) {
  {
    auto write = AccountWrite::begin(rooms_of(fixture_.store()), account_, AccountWrite::Mode::with_reads);
    ASSERT_TRUE(write.ok());
    write->head().next_mailbox = {static_cast<std::uint32_t>(kMaxMailboxes * 100 + 1)};
    ASSERT_TRUE(write->commit().ok());
  }
  EXPECT_EQ(refusal(NewMailbox{.name = "one more"}), Errc::too_many);
  EXPECT_EQ(mailboxes().create(account_, "one more").error().kind, Errc::too_many);
}

TEST_F(MailboxesById, AreChangedTogetherOrNotAtAll) {
  const MailboxId a = make({.name = "a", .role = Role::sent}), b = make({.name = "b"}), c = make({.parent = a, .name = "c"});
  ASSERT_TRUE(mailboxes().change(account_, {{.id = a, .name = "b", .role = Role::none}, {.id = b, .name = "a", .role = Role::sent}}).ok());
  EXPECT_EQ(paths(), (Paths{"INBOX", "a", "b", "b/c"}));
  EXPECT_EQ(record(b).role, Role::sent);
  EXPECT_EQ(mailboxes().find(account_, "a").value(), b);
  EXPECT_EQ(refusal({{.id = a, .name = "x"}, {.id = c, .parent = MailboxId{0}, .name = "a"}}), Errc::exists);
  EXPECT_EQ(refusal({{.id = a, .parent = c}}), Errc::too_large);  // a loop
  EXPECT_EQ(refusal({{.id = a, .parent = a}}), Errc::too_large);
  EXPECT_EQ(refusal({{.id = kInbox, .name = "x"}}), Errc::refused);
  EXPECT_EQ(refusal({{.id = a, .role = Role::sent}}), Errc::refused);
  EXPECT_EQ(refusal({{.id = MailboxId{99}, .name = "x"}}), Errc::not_found);
  EXPECT_EQ(paths(), (Paths{"INBOX", "a", "b", "b/c"}));
  EXPECT_TRUE(mailboxes().change(account_, {{.id = kInbox, .subscribed = false, .sort_order = 1}}).ok());
}

TEST_F(MailboxesById, TellFromWhichStateToWhichTheyLed) {
  const Modseq before = tree().modseq;
  const auto made = mailboxes().make(account_, {.name = "a"});
  EXPECT_EQ(made->step.before, before);
  EXPECT_EQ(made->step.after, tree().modseq);
  const auto nothing = mailboxes().change(account_, {{.id = made->id, .name = "a"}});
  EXPECT_EQ(nothing->before, nothing->after);
  const auto removed = mailboxes().remove(account_, made->id);
  EXPECT_EQ(removed->before, made->step.after);
  EXPECT_EQ(removed->after, tree().modseq);
  EXPECT_TRUE(removed->is_whole);
}

TEST_F(MailboxesById, AreRemovedEmptyOrWithTheirMessages) {
  const MailboxId work = make({.name = "Work"});
  const auto mail = fixture_.deliver_to(account_, test::mail("1"));
  ASSERT_TRUE(mail.ok());
  ASSERT_TRUE(fixture_.store().changer().move(mail->id, kInbox, work).ok());
  EXPECT_EQ(mailboxes().remove(account_, work, Mailboxes::Content::stays).error().kind, Errc::refused);
  EXPECT_TRUE(mailboxes().remove(account_, work).ok());
  EXPECT_EQ(paths(), Paths{"INBOX"});
}

TEST_F(MailboxesById, TellWhatChangedSinceAState) {
  const MailboxId old = make({.name = "old"});
  const Modseq since = tree().modseq;
  const MailboxId flash = make({.name = "flash"});
  ASSERT_TRUE(mailboxes().remove(account_, flash).ok());
  ASSERT_TRUE(mailboxes().remove(account_, old).ok());
  const auto mail = fixture_.deliver_to(account_, test::mail("1"));
  ASSERT_TRUE(mail.ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(mail->id).ok());  // a tombstone of something else
  const MailboxChanges changes = mailboxes().changes(account_, since).value();
  ASSERT_EQ(changes.removed.size(), 2u);
  EXPECT_EQ(changes.removed[0].id, flash);
  EXPECT_GT(changes.removed[0].created, since);
  EXPECT_EQ(changes.removed[1].id, old);
  EXPECT_LE(changes.removed[1].created, since);
  EXPECT_GT(record(kInbox).modseq, since);             // its counters
  EXPECT_LE(record(kInbox).properties_modseq, since);  // nothing else
  EXPECT_EQ(mailboxes().changes(account_, {changes.tree.modseq.value + 1}).error().kind, Errc::unsupported);
}

TEST_F(MailboxesById, CountDraftsAmongTheUnseen) {
  const auto mail = fixture_.deliver_to(account_, test::mail("1"));
  ASSERT_TRUE(mail.ok());
  const auto set = [&](const std::vector<std::string>& add, const std::vector<std::string>& remove) {
    EXPECT_TRUE(fixture_.store().changer().set_keywords(mail->id, add, remove).ok());
    return std::pair(record(kInbox).unseen, record(kInbox).unseen_drafts);
  };
  EXPECT_EQ(set({"$draft"}, {}), std::pair(1u, 1u));
  EXPECT_EQ(set({"$seen"}, {}), std::pair(0u, 0u));
  EXPECT_EQ(set({}, {"$seen"}), std::pair(1u, 1u));
  EXPECT_EQ(set({}, {"$draft"}), std::pair(1u, 0u));
  EXPECT_EQ(set({"$draft"}, {}), std::pair(1u, 1u));
  ASSERT_TRUE(fixture_.store().changer().expunge(mail->id).ok());
  EXPECT_EQ(record(kInbox).unseen_drafts, 0u);
}

}  // namespace
}  // namespace telepost::store
