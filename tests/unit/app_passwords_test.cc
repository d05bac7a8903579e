#include "store/app_passwords.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "tests/support/store_fixture.h"
#include "tests/support/temp_folder.h"

namespace telepost {
namespace {

using store::LoginKeys;

class AppPasswordsTest : public testing::Test {
 protected:
  AppPasswordsTest() : fixture_(settings(folder_)) {}
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  static schema::Configuration settings(const test::TempFolder& folder) {
    schema::Configuration configuration = test::StoreFixture::configuration();
    configuration.store.path = folder.path();
    return configuration;
  }
  store::AppPasswords& passwords() { return fixture_.store().app_passwords(); }
  // RFC 5802 section 3 is what a client would do.
  static bool opens(const LoginKeys& keys, const std::string& password) {
    const ScramKeys made = scram_keys(password, keys.salt, keys.iterations);
    return keys.account && std::find(keys.keys.begin(), keys.keys.end(), made) != keys.keys.end();
  }

  test::TempFolder folder_;
  test::StoreFixture fixture_;
};

TEST_F(AppPasswordsTest, EachOpensItsAccountUntilItIsRevoked) {
  const auto ann = fixture_.create("ann@example.test");
  const std::string phone = passwords().add(ann, "phone").value();
  const std::string tablet = passwords().add(ann, "my tablet").value();
  EXPECT_EQ(phone.size(), 23u);
  EXPECT_NE(phone, tablet);
  fixture_.reopen();
  LoginKeys keys = passwords().keys_of("Ann@Example.test").value();
  EXPECT_EQ(keys.account, ann);
  EXPECT_TRUE(opens(keys, phone) && opens(keys, tablet));
  EXPECT_FALSE(opens(keys, phone + "x"));
  ASSERT_TRUE(passwords().revoke(ann, "phone").ok());
  keys = passwords().keys_of("ann@example.test").value();
  EXPECT_FALSE(opens(keys, phone));
  EXPECT_TRUE(opens(keys, tablet));
  const auto listed = passwords().list(ann).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed.front().name, "my tablet");
}

TEST_F(AppPasswordsTest, NamesAreOnceAndVisibleAndThereIsAnEnd) {
  const auto ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(passwords().add(ann, "phone").ok());
  EXPECT_EQ(passwords().add(ann, "phone").error().kind, Errc::exists);
  for (const std::string& bad : {std::string(), std::string("a\nb"), std::string("\u202e"), std::string(65, 'x')}) {
    EXPECT_EQ(passwords().add(ann, bad).error().kind, Errc::invalid);
  }
  for (std::size_t i = 1; i < store::kMaxAppPasswords; ++i) ASSERT_TRUE(passwords().add(ann, "device " + std::to_string(i)).ok());
  EXPECT_EQ(passwords().add(ann, "one more").error().kind, Errc::too_many);
  EXPECT_EQ(passwords().revoke(ann, "another").error().kind, Errc::not_found);
  EXPECT_EQ(passwords().add({4711}, "phone").error().kind, Errc::not_found);
}

TEST_F(AppPasswordsTest, OpenNoDisabledAccount) {
  const auto ann = fixture_.create("ann@example.test");
  const std::string phone = passwords().add(ann, "phone").value();
  ASSERT_TRUE(fixture_.store().accounts().set_state(ann, schema::AccountState::disabled).ok());
  EXPECT_FALSE(passwords().keys_of("ann@example.test").value().account);
  ASSERT_TRUE(fixture_.store().accounts().set_state(ann, schema::AccountState::active).ok());
  EXPECT_TRUE(opens(passwords().keys_of("ann@example.test").value(), phone));
}

TEST_F(AppPasswordsTest, AnswerTheSameForWhoIsNotThere) {
  fixture_.create("bare@example.test");  // without an app password
  for (const char* name : {"nobody@example.test", "bare@example.test", "not an address", ""}) {
    const LoginKeys once = passwords().keys_of(name).value();
    const LoginKeys again = passwords().keys_of(name).value();
    EXPECT_FALSE(once.account) << name;
    EXPECT_EQ(once.salt.size(), 16u);
    EXPECT_EQ(once.salt, again.salt) << name;
    EXPECT_EQ(once.keys, again.keys) << name;
  }
}

// A stranger sees the salt: names of one account must not have one of their own in common.
TEST_F(AppPasswordsTest, ShowNobodyWhichNamesAreOfOneAccount) {
  const auto ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.store().accounts().add_address(ann, "annie@example.test").ok());
  ASSERT_TRUE(passwords().add(ann, "phone").ok());
  ASSERT_TRUE(passwords().add(fixture_.create("bob@example.test"), "phone").ok());
  std::set<std::string> salts;
  for (const char* name : {"ann@example.test", "annie@example.test", "bob@example.test", "nobody@example.test"}) {
    salts.insert(passwords().keys_of(name).value().salt);
  }
  EXPECT_EQ(salts.size(), 1u);
}

TEST_F(AppPasswordsTest, KeepTheirKeyInAFileOfItsOwn) {
  const auto ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(passwords().add(ann, "phone").ok());
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "secrets.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  std::ofstream(folder_ / "secrets.key") << std::string(64, 'a') << "\n";
  fixture_.reopen();
  EXPECT_EQ(passwords().keys_of("ann@example.test").error().kind, Errc::corrupt);
}

TEST(SecretKey, IsReadOnlyWhereNobodyElseMay) {
  test::TempFolder folder;
  SystemRandom random;
  const std::string path = folder / "key";
  using store::SecretKey;
  EXPECT_EQ(SecretKey(path, SecretKey::Make::never, random).key("x").error().kind, Errc::not_found);
  const Digest made = SecretKey(path, SecretKey::Make::if_missing, random).key("x").value();
  EXPECT_EQ(SecretKey(path, SecretKey::Make::never, random).key("x").value(), made);
  EXPECT_NE(SecretKey(path, SecretKey::Make::never, random).key("y").value(), made);
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(SecretKey(path, SecretKey::Make::never, random).key("x").error().kind, Errc::denied);
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  std::ofstream(path) << "no key";
  EXPECT_EQ(SecretKey(path, SecretKey::Make::if_missing, random).key("x").error().kind, Errc::invalid);
}

}  // namespace
}  // namespace telepost
