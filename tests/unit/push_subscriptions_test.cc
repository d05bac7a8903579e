// Where an account's changes are pushed to, as the store keeps it (RFC 8620 section 7.2).
#include "store/push_subscriptions.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"
#include "tests/support/temp_folder.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::PushSubscriptionRecord;

TEST(Records, APushSubscriptionOfVersion1IsReadAndWritten) {
  PushSubscriptionRecord record;
  record.device = "d";
  record.created = from_millis(1);
  record.expires = from_millis(2);
  record.due = from_millis(3);
  record.is_asked = record.is_verified = true;
  record.types = {"Email"};
  record.told = {schema::Modseq{7}, {{"Quota", "5"}}};
  record.box = "x";
  // device, created, expires, due, asked, verified, types, told with one state, box
  const std::string golden = "01" "0164" "0000000000000001" "0000000000000002" "0000000000000003" "01" "01" "01" "01" "05456d61696c" "07" "01" "0551756f7461" "0135" "0178";
  EXPECT_EQ(to_hex(schema::encode(record)), golden);
  EXPECT_EQ(schema::decode_PushSubscriptionRecord(*from_hex(golden)).value(), record);
  record.types.reset();
  EXPECT_EQ(schema::decode_PushSubscriptionRecord(schema::encode(record)).value(), record);
  EXPECT_FALSE(schema::decode_PushSubscriptionRecord(schema::encode(record) + "x").ok());
  const schema::PushSecrets secrets{"https://a.test/", "p", "a", "c", "ann", {sha256("1"), sha256("2")}};
  EXPECT_EQ(schema::decode_PushSecrets(schema::encode(secrets)).value(), secrets);
}

TEST(Records, APushSubscriptionsSecretsEndWithWhatItsLogInOpened) {
  // url, p256dh, auth, code, login, two keys; and, since scopes are kept, their bits
  const std::string before = "01" "0175" "00" "00" "0163" "0161" + std::string(128, '0');
  schema::PushSecrets secrets{"u", "", "", "c", "a", {}};
  EXPECT_EQ(to_hex(schema::encode(secrets)), before);
  EXPECT_EQ(schema::decode_PushSecrets(*from_hex(before)).value(), secrets);
  secrets.scopes = schema::Scopes{schema::Scope::contacts};
  EXPECT_EQ(to_hex(schema::encode(secrets)), before + "04");
  EXPECT_EQ(schema::decode_PushSecrets(*from_hex(before + "04")).value(), secrets);
  EXPECT_EQ(schema::decode_PushSecrets(*from_hex(before + "10")).error().kind, Errc::corrupt);
  EXPECT_EQ(schema::decode_PushSecrets(*from_hex(before + "0400")).error().kind, Errc::corrupt);
}

class PushSubscriptionsTest : public testing::Test {
 protected:
  PushSubscriptionsTest() : fixture_(settings(folder_)) {}
  ~PushSubscriptionsTest() override { EXPECT_TRUE(fixture_.verify_clean()); }
  static schema::Configuration settings(const test::TempFolder& folder) {
    schema::Configuration configuration = test::StoreFixture::configuration();
    configuration.store.path = folder.path();
    return configuration;
  }
  store::PushSubscriptions subscriptions() { return store::PushSubscriptions(fixture_.store()); }
  Result<store::PushSubscription> add(Time expires = {}) {
    PushSubscriptionRecord record;
    record.device = "phone";
    record.expires = expires;
    return subscriptions().add(account_, record, secrets_);
  }
  Result<PushSubscriptionRecord> change(std::uint64_t number, const std::function<void(PushSubscriptionRecord&)>& how) {
    return subscriptions().change(account_, number, [&](PushSubscriptionRecord& record) -> Result<void> {
      how(record);
      return {};
    });
  }
  std::size_t listed() { return subscriptions().list(account_).value().size(); }
  std::vector<schema::AccountId> accounts() { return subscriptions().accounts({}, 10).value(); }
  Time now() { return fixture_.store().now(); }

  const test::TempFolder folder_;
  test::StoreFixture fixture_;
  const schema::AccountId account_ = fixture_.create("mailto:ann@example.test");
  const schema::PushSecrets secrets_{"https://push.example.net/secret-path", "point", "auth", "code", "ann@example.test", {sha256("1"), sha256("2")}};
};

TEST_F(PushSubscriptionsTest, AreThereAfterARestartAndTheirSecretsInNoRecord) {
  const auto made = add().value();
  change(made.number, [](PushSubscriptionRecord& record) { record.told = {schema::Modseq{5}, {{"Quota", "x"}}}; }).value();
  fixture_.reopen();
  const auto all = subscriptions().list(account_).value();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].number, made.number);
  EXPECT_EQ(all[0].secrets, secrets_);
  EXPECT_EQ(all[0].record.told, (schema::ToldStates{schema::Modseq{5}, {{"Quota", "x"}}}));
  EXPECT_EQ(accounts(), (std::vector<schema::AccountId>{account_}));
  for (const std::string_view secret : {"secret-path", "point", "code"}) EXPECT_EQ(all[0].record.box.find(secret), std::string::npos);
}

TEST_F(PushSubscriptionsTest, LastThirtyDaysAtMost) {
  const auto made = add().value();
  EXPECT_EQ(made.record.expires, now() + store::kPushKept);
  EXPECT_EQ(add(now() + 24h).value().record.expires, now() + 24h);
  EXPECT_EQ(add(now() + 1000h * 24).value().record.expires, now() + store::kPushKept);
  const auto sooner = change(made.number, [&](PushSubscriptionRecord& record) {
    record.is_verified = true;
    record.expires = now() + 48h;
  });
  EXPECT_EQ(sooner->due, now() + 48h);
  fixture_.clock().advance(47h);
  ASSERT_TRUE(fixture_.sweep().ok());
  const auto longer = change(made.number, [](PushSubscriptionRecord& record) { record.expires = Time(); });
  EXPECT_EQ(longer->expires, now() + store::kPushKept);
  fixture_.clock().advance(29 * 24h);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(listed(), 1u);
  fixture_.clock().advance(25h);
  EXPECT_EQ(listed(), 0u) << "before any sweep";
  EXPECT_EQ(change(made.number, [](PushSubscriptionRecord&) {}).error().kind, Errc::not_found);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(accounts().empty());
}

TEST_F(PushSubscriptionsTest, EndWhereNobodyVerifiesThem) {
  const auto one = add().value(), other = add().value();
  change(one.number, [](PushSubscriptionRecord& record) { record.is_verified = true; }).value();
  fixture_.clock().advance(61min);
  EXPECT_EQ(listed(), 1u);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(subscriptions().list(account_).value().at(0).number, one.number);
  EXPECT_EQ(subscriptions().remove(account_, other.number).error().kind, Errc::not_found);
}

TEST_F(PushSubscriptionsTest, AreTwentyAndTheListOfAccountsGoesWithTheLastOne) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < store::kMostPushSubscriptions; ++i) numbers.push_back(add().value().number);
  EXPECT_EQ(add().error().kind, Errc::too_many);
  for (const std::uint64_t number : numbers) {
    EXPECT_EQ(accounts().size(), 1u);
    ASSERT_TRUE(subscriptions().remove(account_, number).ok());
  }
  EXPECT_TRUE(accounts().empty());
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_TRUE(add().ok());
  EXPECT_EQ(accounts().size(), 1u);
}

TEST_F(PushSubscriptionsTest, GoWithTheirAccount) {
  ASSERT_TRUE(add().ok());
  EXPECT_TRUE(fixture_.empties_to_nothing());
  EXPECT_TRUE(accounts().empty());
  EXPECT_EQ(subscriptions().list(account_).error().kind, Errc::not_found);
  EXPECT_TRUE(subscriptions().forget_if_none(account_).ok());
}

TEST_F(PushSubscriptionsTest, AccountsAreListedInPages) {
  std::set<schema::AccountId> all;
  for (int i = 0; i < 7; ++i) {
    const schema::AccountId one = fixture_.create("mailto:u" + std::to_string(i) + "@example.test");
    PushSubscriptionRecord record;
    ASSERT_TRUE(subscriptions().add(one, record, secrets_).ok());
    all.insert(one);
  }
  std::set<schema::AccountId> met;
  std::optional<schema::AccountId> last;
  for (;;) {
    const auto some = subscriptions().accounts(last, 3).value();
    met.insert(some.begin(), some.end());
    if (some.size() < 3) break;
    last = some.back();
  }
  EXPECT_EQ(met, all);
}

TEST_F(PushSubscriptionsTest, VerifyFindsOneThatNothingEndsOrNobodyFinds) {
  const auto made = add().value();
  const auto damage = [&] { return store::verify(fixture_.store()).value().damage; };
  const auto write = [&](const schema::Partition& partition, const std::function<void(store::Batch&)>& what) {
    store::CommitList list;
    list.push_back({store::Batch(partition)});
    what(list.back().batch);
    ASSERT_TRUE(rooms_of(fixture_.store()).committer.commit(std::move(list)).ok());
  };
  const auto slice = schema::keys::account_list_slice(account_);
  EXPECT_TRUE(damage().empty());
  write(slice, [&](store::Batch& batch) { batch.erase(store::Space::point, schema::keys::pushed_account(account_)); });
  EXPECT_EQ(damage(), (std::map<std::string, std::uint64_t>{{"push", 1}}));
  write(slice, [&](store::Batch& batch) { batch.put(store::Space::point, schema::keys::pushed_account(account_), ""); });
  EXPECT_TRUE(damage().empty());
  const std::string due = schema::keys::due(made.record.due, store::due::kEndPush, store::due::id_of(schema::LocalId{made.number}));
  write(schema::Partition::account(account_), [&](store::Batch& batch) { batch.erase(store::Space::queue, due); });
  EXPECT_TRUE(damage().contains("push"));
  write(schema::Partition::account(account_), [&](store::Batch& batch) { batch.put(store::Space::queue, due, ""); });
  EXPECT_TRUE(damage().empty());
}

}  // namespace
}  // namespace telepost
