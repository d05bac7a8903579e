// Where a message goes whose sender's authentication speaks against it: the mailbox of the role junk, with the keyword $junk.
#include <gtest/gtest.h>

#include "store/mailboxes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using schema::AccountId;
using store::Incoming;
using test::StoreFixture;
using Keywords = std::vector<std::vector<std::string>>;

class DeliverJunkTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }

  std::vector<Result<store::Delivered>> deliver(const std::vector<AccountId>& accounts, Incoming::Reply reply = Incoming::Reply::one_for_each) {
    Incoming incoming = test::incoming_for(fixture_.store(), accounts, reply);
    incoming.judgement = {true, {"forged results removed"}};
    return fixture_.deliver(std::move(incoming), test::mail("win"));
  }
  // The keywords of each message in a mailbox.
  Keywords keywords(AccountId account, const std::string& path) {
    Keywords keywords;
    const auto mailbox = fixture_.store().mailboxes().find(account, path);
    if (!mailbox.ok()) return keywords;
    const auto page = fixture_.store().reader().list_by_uid(account, *mailbox, schema::Uid{1}, schema::Uid{~0u}, 100);
    for (const auto& message : page->messages) keywords.push_back(message.summary.keywords);
    return keywords;
  }
  StoreFixture fixture_;
};

TEST_F(DeliverJunkTest, MakesTheMailboxWhereThereIsNone) {
  const AccountId ann = fixture_.create("ann@example.test");
  for (int time = 0; time < 2; ++time) EXPECT_TRUE(deliver({ann})[0].ok());
  EXPECT_TRUE(keywords(ann, "INBOX").empty());
  EXPECT_EQ(keywords(ann, "Junk"), (Keywords{{"$junk"}, {"$junk"}}));
  const auto tree = fixture_.store().mailboxes().list(ann);
  ASSERT_TRUE(tree.ok());
  ASSERT_EQ(tree->size(), 2U);
  EXPECT_EQ((*tree)[1].record.role, schema::Role::junk);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(DeliverJunkTest, TakesTheMailboxThatHasTheRoleWhateverItsName) {
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.store().mailboxes().create(ann, "Junk").ok());
  ASSERT_TRUE(fixture_.store().mailboxes().create(ann, "Work/Spam", schema::Role::junk).ok());
  EXPECT_TRUE(deliver({ann})[0].ok());
  EXPECT_EQ(keywords(ann, "Junk").size(), 0U);
  EXPECT_EQ(keywords(ann, "Work/Spam"), (Keywords{{"$junk"}}));
}

TEST_F(DeliverJunkTest, MakesTheOneOfThatNameTheOneOfTheRole) {
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.store().mailboxes().create(ann, "Junk").ok());
  EXPECT_TRUE(deliver({ann})[0].ok());
  EXPECT_EQ(keywords(ann, "Junk"), (Keywords{{"$junk"}}));
  const auto second = fixture_.store().mailboxes().create(ann, "Work/Spam", schema::Role::junk);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, Errc::exists);
}

TEST_F(DeliverJunkTest, IsJunkForEveryRecipientOfOneAnswer) {
  const AccountId ann = fixture_.create("ann@example.test");
  const AccountId ben = fixture_.create("ben@example.test");
  EXPECT_TRUE(deliver({ann, ben}, Incoming::Reply::one_for_all)[0].ok());
  EXPECT_EQ(keywords(ann, "Junk").size(), 1U);
  EXPECT_EQ(keywords(ben, "Junk").size(), 1U);
}

// Also for those that a crash kept from being served at once.
TEST_F(DeliverJunkTest, IsJunkForThoseWhoAreServedAfterACrash) {
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed; ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    const std::vector<AccountId> accounts = {fixture.create("ann@example.test"), fixture.create("ben@example.test"), fixture.create("cy@example.test")};
    Incoming incoming = test::incoming_for(fixture.store(), accounts, Incoming::Reply::one_for_all);
    incoming.judgement.junk = true;
    fixture.engine().crash_before_batch(batch);
    (void)fixture.deliver(std::move(incoming), test::mail("win"));
    crashed = fixture.engine().crashed();
    fixture.reopen();
    for (const int minutes : {2, 16, 61, 1}) {  // what a crash left in the calendar is due by then
      fixture.clock().advance(std::chrono::minutes(minutes));
      ASSERT_TRUE(fixture.sweep().ok());
    }
    std::size_t junk = 0;
    for (const AccountId account : accounts) {
      EXPECT_TRUE(fixture.store().reader().list_by_uid(account, store::kInbox, schema::Uid{1}, schema::Uid{~0u}, 10)->messages.empty());
      const auto mailbox = fixture.store().mailboxes().find(account, "Junk");
      if (mailbox.ok()) junk += fixture.store().reader().list_by_uid(account, *mailbox, schema::Uid{1}, schema::Uid{~0u}, 10)->messages.size();
    }
    EXPECT_TRUE(junk == 0 || junk == accounts.size()) << junk;
    EXPECT_TRUE(crashed || junk == accounts.size());
    EXPECT_TRUE(fixture.verify_clean());
  }
}

TEST_F(DeliverJunkTest, TellsInTheDocumentWhatWasTakenOut) {
  const AccountId ann = fixture_.create("ann@example.test");
  const auto delivered = deliver({ann});
  ASSERT_TRUE(delivered[0].ok());
  const auto xml = fixture_.store().reader().document(delivered[0]->id);
  ASSERT_TRUE(xml.ok());
  EXPECT_NE(xml->find("<defect>forged results removed</defect>"), std::string::npos) << *xml;
}

}  // namespace
}  // namespace telepost
