// Accounts: addresses, states, passwords, listing, deletion as due work, and the mailbox tree.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::AccountState;
using schema::MailboxId;
using schema::PartitionKind;
using test::mail;
using test::sources_of;
using test::StoreFixture;

TEST(AccountAddress, RefusesWhatCannotBeSeen) {
  EXPECT_EQ(store::canonical_address("Zoë@example.test").value(), "mailto:zoë@example.test");
  for (const std::string hidden : {"\u009b", "\u0085", "\u200b", "\u200f", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u2069",
                                   "\u2028", "\x01", "\x7f"}) {
    for (const std::string scheme : {"", "mailto:", "sip:"}) {
      EXPECT_EQ(store::canonical_address(scheme + "an" + hidden + "n@example.test").error().kind, Errc::invalid);
      EXPECT_EQ(store::canonical_address(scheme + "ann@exam" + hidden + "ple.test").error().kind, Errc::invalid);
    }
  }
}

class AccountsTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  store::Accounts& accounts() { return fixture_.store().accounts(); }
  store::Mailboxes& mailboxes() { return fixture_.store().mailboxes(); }
  std::vector<std::string> paths(AccountId account) {
    std::vector<std::string> list;
    const auto tree = mailboxes().list(account);
    for (const auto& mailbox : *tree) list.push_back(mailbox.path);
    return list;
  }
  std::vector<AccountId> listed(std::optional<AccountId> after, std::size_t limit) {
    std::vector<AccountId> ids;
    EXPECT_TRUE(accounts().list(after, [&](AccountId id, const schema::AccountListRecord&) {
      ids.push_back(id);
      return ids.size() < limit;
    }).ok());
    return ids;
  }
  StoreFixture fixture_;
};

TEST_F(AccountsTest, IsFoundByEachAddressInEachForm) {
  const auto ann = accounts().create({{"Ann@Example.TEST", "+1 555-0100"}, "", "Ann"});
  ASSERT_TRUE(ann.ok());
  for (const char* who : {"ann@example.test", "ANN@EXAMPLE.test", "mailto:ann@example.test", "+15550100", "tel:+15550100"}) {
    EXPECT_EQ(accounts().find(who).value(), *ann) << who;
  }
  EXPECT_EQ(accounts().find(to_string(*ann)).value(), *ann);
  EXPECT_EQ(accounts().find("bob@example.test").error().kind, Errc::not_found);
  EXPECT_EQ(accounts().create({{"bob@example.test", "+15550100"}, "", ""}).error().kind, Errc::exists);
  EXPECT_EQ(accounts().find("bob@example.test").error().kind, Errc::not_found);
  EXPECT_EQ(accounts().create({{"no address"}, "", ""}).error().kind, Errc::invalid);
  EXPECT_EQ(accounts().create({{"bob@example.test"}, "golden", ""}).error().kind, Errc::invalid);
}

TEST_F(AccountsTest, AddressesComeAndGoButForTheLast) {
  const AccountId ann = fixture_.create("ann@example.test");
  const AccountId bob = fixture_.create("bob@example.test");
  ASSERT_TRUE(accounts().add_address(ann, "alias@example.test").ok());
  EXPECT_EQ(accounts().add_address(bob, "alias@example.test").error().kind, Errc::exists);
  EXPECT_EQ(accounts().find("alias@example.test").value(), ann);
  ASSERT_TRUE(accounts().remove_address(ann, "ann@example.test").ok());
  EXPECT_EQ(accounts().find("ann@example.test").error().kind, Errc::not_found);
  EXPECT_EQ(accounts().remove_address(ann, "alias@example.test").error().kind, Errc::refused);
  EXPECT_EQ(accounts().remove_address(ann, "ann@example.test").error().kind, Errc::not_found);
  ASSERT_TRUE(accounts().add_address(bob, "ann@example.test").ok());
  EXPECT_EQ(accounts().find("ann@example.test").value(), bob);
  fixture_.clock().advance(20min);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_EQ(accounts().find("alias@example.test").value(), ann);
  EXPECT_EQ(accounts().show(bob)->profile.addresses.size(), 2u);
}

TEST_F(AccountsTest, APasswordIsCheckedOnlyForActiveAccounts) {
  const AccountId ann = fixture_.create("ann@example.test");
  EXPECT_FALSE(accounts().check_password(ann, "").value());
  ASSERT_TRUE(accounts().set_password(ann, "correct horse").ok());
  EXPECT_TRUE(accounts().show(ann)->profile.password.starts_with("$argon2id$"));
  EXPECT_TRUE(accounts().check_password(ann, "correct horse").value());
  EXPECT_FALSE(accounts().check_password(ann, "correct horsf").value());
  ASSERT_TRUE(accounts().set_state(ann, AccountState::disabled).ok());
  EXPECT_FALSE(accounts().check_password(ann, "correct horse").value());
  ASSERT_TRUE(accounts().set_state(ann, AccountState::active).ok());
  fixture_.reopen();
  EXPECT_TRUE(accounts().check_password(ann, "correct horse").value());
  ASSERT_TRUE(accounts().set_password(ann, "").ok());
  EXPECT_FALSE(accounts().check_password(ann, "").value());
  EXPECT_FALSE(accounts().check_password(AccountId{42}, "x").value());
}

TEST_F(AccountsTest, PagesThroughAllAccountsInTheOrderOfTheirIds) {
  std::set<AccountId> made;
  for (int i = 0; i < 150; ++i) made.insert(fixture_.create("user" + std::to_string(i) + "@example.test"));
  std::vector<AccountId> seen;
  for (std::optional<AccountId> after;;) {
    const auto page = listed(after, 7);
    seen.insert(seen.end(), page.begin(), page.end());
    if (page.size() < 7) break;
    after = page.back();
  }
  EXPECT_EQ(seen, std::vector<AccountId>(made.begin(), made.end()));
}

TEST_F(AccountsTest, ADeletedAccountsContentGoesAndItsCdrsStay) {
  const AccountId ann = fixture_.create("ann@example.test");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(fixture_.deliver_to(ann, test::mail_with("x", {test::random_lines(1, 40'000)})).ok());
  const AccountId bob = fixture_.create("bob@example.test");
  ASSERT_TRUE(fixture_.deliver_to(bob, mail("stays")).ok());
  ASSERT_TRUE(accounts().remove(ann).ok());
  EXPECT_EQ(accounts().find("ann@example.test").error().kind, Errc::not_found);
  EXPECT_EQ(accounts().set_name(ann, "late").error().kind, Errc::not_found);
  const AccountId next = fixture_.create("ann@example.test");
  EXPECT_NE(next, ann);
  for (int hour = 0; hour < 4; ++hour) {
    fixture_.clock().advance(1h);
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  EXPECT_EQ(accounts().show(ann).error().kind, Errc::not_found);
  EXPECT_EQ(accounts().find("ann@example.test").value(), next);
  EXPECT_EQ(test::records_in(fixture_.engine(), PartitionKind::piece, store::Space::large), 0u);
  EXPECT_EQ(sources_of(fixture_.store(), bob), std::vector<std::string>{mail("stays")});
  std::size_t cdrs = 0;
  for (const auto& [place, value] : fixture_.engine().dump()) {
    const std::string prefix(schema::Partition::account(ann).bytes());
    if (!place.second.starts_with(prefix)) continue;
    EXPECT_EQ(place.second[prefix.size()], 'E') << "only CDRs are left";
    ++cdrs;
  }
  EXPECT_EQ(cdrs, 20u);
  EXPECT_TRUE(fixture_.verify_spotless());
}

TEST_F(AccountsTest, WhatIsChangedWhileAnAccountGoesLeavesNothingBehind) {
  const AccountId ann = fixture_.create("ann@example.test");
  const AccountId bob = fixture_.create("bob@example.test");
  const auto kept = fixture_.deliver_to(bob, test::mail_with("x", {test::random_lines(1, 40'000)}));
  const auto delivered = fixture_.deliver_to(ann, mail("one"));
  ASSERT_TRUE(accounts().remove(ann).ok());
  // A session that was open before goes on as long as it finds something, and an export closes the open CDR hints.
  std::atomic<bool> stop{false};
  std::thread session([&] {
    while (!stop) {
      (void)fixture_.store().changer().set_keywords(delivered->id, {"$seen"}, {});
      (void)fixture_.store().changer().set_keywords(delivered->id, {}, {"$seen"});
      (void)fixture_.store().changer().copy_to_account(kept->id, ann, store::kInbox);
      (void)mailboxes().create(ann, "Work");
    }
  });
  for (int i = 0; i < 50; ++i) {
    fixture_.clock().advance(1s);
    EXPECT_TRUE(fixture_.sweep().ok());
  }
  stop = true;
  session.join();
  for (int hour = 0; hour < 4; ++hour) {
    fixture_.clock().advance(1h);
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST(AccountsCrash, DeletingGoesOnWhereverItStopped) {
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed; ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    const AccountId ann = fixture.create("ann@example.test");
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(fixture.deliver_to(ann, test::mail_with("x", {test::random_lines(1, 40'000)})).ok());
    const auto gone = fixture.deliver_to(ann, test::mail_with("y", {test::random_lines(2, 40'000)}));
    ASSERT_TRUE(fixture.store().changer().expunge(gone->id).ok());
    fixture.engine().crash_before_batch(batch);
    const bool acknowledged = fixture.store().accounts().remove(ann).ok();
    fixture.clock().advance(1s);
    (void)fixture.sweep();
    crashed = fixture.engine().crashed();
    fixture.reopen();
    EXPECT_TRUE(fixture.verify_clean());
    if (!acknowledged) (void)fixture.store().accounts().remove(ann);
    for (int hour = 0; hour < 4; ++hour) {
      fixture.clock().advance(1h);
      ASSERT_TRUE(fixture.sweep().ok());
    }
    EXPECT_EQ(fixture.store().accounts().find("ann@example.test").error().kind, Errc::not_found);
    EXPECT_EQ(fixture.store().accounts().show(ann).error().kind, Errc::not_found);
    EXPECT_TRUE(fixture.verify_spotless());
    EXPECT_TRUE(fixture.empties_to_nothing());
    if (HasFailure()) return;
  }
}

TEST(AccountsCrash, AddressesOfDirectoryAndProfileAgreeAgain) {
  for (const bool add : {true, false}) {
    bool crashed = true;
    for (std::uint64_t batch = 1; crashed; ++batch) {
      SCOPED_TRACE("crash before batch " + std::to_string(batch));
      StoreFixture fixture;
      const AccountId ann = fixture.create("ann@example.test");
      if (!add) {
        ASSERT_TRUE(fixture.store().accounts().add_address(ann, "alias@example.test").ok());
      }
      fixture.engine().crash_before_batch(batch);
      const Result<void> changed = add ? fixture.store().accounts().add_address(ann, "alias@example.test")
                                       : fixture.store().accounts().remove_address(ann, "alias@example.test");
      crashed = fixture.engine().crashed();
      fixture.reopen();
      EXPECT_TRUE(fixture.verify_clean());
      fixture.clock().advance(20min);
      ASSERT_TRUE(fixture.sweep().ok());
      EXPECT_TRUE(fixture.verify_spotless());
      const bool found = fixture.store().accounts().find("alias@example.test").ok();
      EXPECT_EQ(found, fixture.store().accounts().show(ann)->profile.addresses.size() == 2);
      if (changed.ok()) {
        EXPECT_EQ(found, add);
      }
      EXPECT_EQ(fixture.store().accounts().find("ann@example.test").value(), ann);
      if (HasFailure()) return;
    }
  }
}

TEST_F(AccountsTest, AnAddressThatWasNeverClaimedIsNoObstacle) {
  for (const bool whole_account : {true, false}) {
    const std::string name = whole_account ? "ann" : "bob";
    const AccountId account = fixture_.create(name + "@example.test");
    for (std::uint64_t batch = 1; accounts().show(account)->profile.addresses.size() == 1; ++batch) {
      fixture_.engine().crash_before_batch(batch);
      EXPECT_FALSE(accounts().add_address(account, name + ".alias@example.test").ok());
      fixture_.reopen();
    }
    const auto done = whole_account ? accounts().remove(account) : accounts().remove_address(account, name + ".alias@example.test");
    EXPECT_TRUE(done.ok()) << to_string(done.error());
  }
}

TEST_F(AccountsTest, TheMailboxTreeIsMadeRenamedAndRemoved) {
  const AccountId ann = fixture_.create("ann@example.test");
  const auto old = mailboxes().create(ann, "Work/2026/Old");
  ASSERT_TRUE(old.ok());
  const auto sent = mailboxes().create(ann, "Sent", schema::Role::sent);
  EXPECT_EQ(paths(ann), (std::vector<std::string>{"INBOX", "Sent", "Work", "Work/2026", "Work/2026/Old"}));
  EXPECT_EQ(mailboxes().create(ann, "Work/2026").error().kind, Errc::exists);
  EXPECT_EQ(mailboxes().create(ann, "a//b").error().kind, Errc::invalid);
  EXPECT_EQ(mailboxes().create(ann, "inbox").error().kind, Errc::exists);
  EXPECT_EQ(mailboxes().find(ann, "iNbOx").value(), store::kInbox);
  const MailboxId work = *mailboxes().find(ann, "Work");
  EXPECT_EQ(mailboxes().rename(ann, work, "Work/2026/Inside").error().kind, Errc::invalid);
  EXPECT_EQ(mailboxes().rename(ann, store::kInbox, "Other").error().kind, Errc::refused);
  ASSERT_TRUE(mailboxes().rename(ann, *mailboxes().find(ann, "Work/2026"), "Archive").ok());
  EXPECT_EQ(paths(ann), (std::vector<std::string>{"Archive", "Archive/Old", "INBOX", "Sent", "Work"}));
  EXPECT_EQ(mailboxes().remove(ann, *mailboxes().find(ann, "Archive")).error().kind, Errc::refused);
  EXPECT_EQ(mailboxes().remove(ann, store::kInbox).error().kind, Errc::refused);

  // A message that lies in two mailboxes stays in the other one; one that lies here alone goes.
  const auto both = fixture_.deliver_to(ann, mail("both"));
  const auto only = fixture_.deliver_to(ann, mail("only"));
  ASSERT_TRUE(fixture_.store().changer().copy(both->id, *old).ok());
  ASSERT_TRUE(fixture_.store().changer().move(only->id, store::kInbox, *old).ok());
  ASSERT_TRUE(mailboxes().remove(ann, *old).ok());
  EXPECT_EQ(sources_of(fixture_.store(), ann), std::vector<std::string>{mail("both")});
  EXPECT_EQ(fixture_.store().reader().find(only->id).error().kind, Errc::not_found);
  std::uint32_t validity = 0;
  const auto before = mailboxes().list(ann);
  for (const auto& mailbox : *before) validity = std::max(validity, mailbox.record.uidvalidity);
  const MailboxId again = *mailboxes().create(ann, "Archive/Old");
  const auto after = mailboxes().list(ann);
  for (const auto& mailbox : *after) {
    if (mailbox.record.id == again) {
      EXPECT_GT(mailbox.record.uidvalidity, validity) << "its uids begin anew (RFC 9051 section 2.3.1.1)";
    }
  }
  EXPECT_NE(*sent, again);
}

TEST_F(AccountsTest, ALargeMailboxGoesInSeveralBatches) {
  const AccountId ann = fixture_.create("ann@example.test");
  const MailboxId work = *mailboxes().create(ann, "Work");
  for (int i = 0; i < 1100; ++i) {
    ASSERT_TRUE(fixture_.store().changer().move(fixture_.deliver_to(ann, mail("x"))->id, store::kInbox, work).ok());
  }
  ASSERT_TRUE(mailboxes().remove(ann, work).ok());
  EXPECT_EQ(paths(ann), std::vector<std::string>{"INBOX"});
  EXPECT_EQ(accounts().show(ann)->head.usage[1].messages, 0u);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

}  // namespace
}  // namespace telepost
