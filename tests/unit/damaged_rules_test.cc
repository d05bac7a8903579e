// What becomes of an account whose own settings cannot be read: they alone stand still, and can be set anew.
#include <gtest/gtest.h>

#include "schema/keys.h"
#include "store/account_write.h"
#include "store/rooms.h"
#include "store/rules.h"
#include "store/vacation.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

constexpr std::string_view kMail = "From: <bob@example.net>\r\nTo: <ann@example.test>\r\nSubject: s\r\n\r\nx\r\n";

class DamagedRules : public testing::Test {
 protected:
  DamagedRules() {
    schema::DeliveryRule rule;
    rule.name = "file";
    rule.mailbox = "Work";
    EXPECT_TRUE(store::set_rules(store(), ann_, {{}, {rule}}).ok());
  }
  store::Store& store() { return fixture_.store(); }
  void damage(std::string_view key) {
    fixture_.engine().damage(schema::Partition::account(ann_), store::Space::point, key, "\x01junk");
    fixture_.reopen();
  }
  std::size_t inbox_messages() { return store().reader().list_by_uid(ann_, schema::MailboxId{1}, {1}, {100}, 10)->messages.size(); }

  test::StoreFixture fixture_;
  const schema::AccountId ann_ = fixture_.create("mailto:ann@example.test");
};

TEST_F(DamagedRules, KeepMailAtItsSenderAndNothingElse) {
  ASSERT_TRUE(store::set_rules(store(), ann_, {store::rules_of(store(), ann_)->modseq, {}}).ok());
  const auto before = fixture_.deliver_to(ann_, kMail);
  ASSERT_TRUE(before.ok());
  damage(schema::keys::kRules);
  const auto refused = fixture_.deliver_to(ann_, kMail);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, Errc::corrupt) << "451, so that its sender tries again";
  EXPECT_EQ(inbox_messages(), 1u);
  EXPECT_TRUE(store().changer().expunge(before->id).ok());
  EXPECT_EQ(inbox_messages(), 0u);
  EXPECT_TRUE(store::set_vacation(store(), ann_, {}).ok());
  EXPECT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(store::rules_of(store(), ann_).error().kind, Errc::corrupt);
  ASSERT_TRUE(store::set_rules(store(), ann_, {}).ok()) << "what nobody can read is replaced, whatever was known of it";
  EXPECT_TRUE(fixture_.deliver_to(ann_, kMail).ok());
  EXPECT_EQ(inbox_messages(), 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(DamagedRules, GoWithTheirAccount) {
  damage(schema::keys::kRules);
  damage(schema::keys::kVacation);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(DamagedRules, AreReadWhileSomebodyWrites) {
  const auto write = store::AccountWrite::begin(rooms_of(store()), ann_, store::AccountWrite::Mode::with_reads);
  ASSERT_TRUE(write.ok());
  EXPECT_EQ(store::rules_of(store(), ann_)->rules.size(), 1u);
  EXPECT_FALSE(store::vacation_of(store(), ann_)->enabled);
  EXPECT_EQ(store::rules_of(store(), schema::AccountId{1}).error().kind, Errc::not_found);
  EXPECT_EQ(store::vacation_of(store(), schema::AccountId{1}).error().kind, Errc::not_found);
}

}  // namespace
}  // namespace telepost
