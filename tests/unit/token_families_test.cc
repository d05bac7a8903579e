// Sessions and grants: how they are listed, how they end, and how many there are.
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/due_list.h"
#include "store/rooms.h"
#include "store/verify.h"
#include "tests/unit/tokens_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::Scope;
using schema::TokenKind;
using store::NewToken;
using store::Token;
using Issued = store::Tokens::Issued;
using test::of_client;
using test::session_token;

using TokenFamilies = test::TokensFixture;

TEST_F(TokenFamilies, AreListedAndRevokedBySessionAndGrant) {
  const Issued first = issue(session_token("one"));
  fixture_.clock().advance(1min);
  const Grant given = grant();
  fixture_.clock().advance(6min);
  ASSERT_TRUE(tokens().note_use(*tokens().find(given.access).value(), "192.0.2.3").ok());
  const Issued last = issue(session_token("two"));
  const std::vector<Token> all = tokens().list(ann_).value();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].family, last.token.family);
  EXPECT_EQ(all[1].family, given.family);
  EXPECT_EQ(all[1].kind, TokenKind::refresh);
  EXPECT_EQ(all[1].client, "mutt");
  EXPECT_EQ(all[1].used, fixture_.store().now()) << "by its access token";
  EXPECT_EQ(all[1].peer, "192.0.2.3");
  EXPECT_EQ(all[2].family, first.token.family);
  ASSERT_TRUE(tokens().revoke(ann_, given.family).ok());
  EXPECT_FALSE(opens(given.access) || opens(given.refresh));
  EXPECT_EQ(tokens().revoke(ann_, given.family).error().kind, Errc::not_found);
  EXPECT_EQ(tokens().issue(ann_, [&] {
    NewToken token = of_client(TokenKind::access, store::kAccessKept);
    token.family = given.family;
    return token;
  }()).error().kind, Errc::not_found);
  ASSERT_TRUE(tokens().revoke_all(ann_, last.token.family).ok());
  EXPECT_FALSE(opens(first.text));
  EXPECT_TRUE(opens(last.text));
  const auto bob = fixture_.create("mailto:bob@example.test");
  EXPECT_EQ(tokens().revoke(bob, last.token.family).error().kind, Errc::not_found);
  EXPECT_EQ(tokens().list({4711}).error().kind, Errc::not_found);
  EXPECT_EQ(tokens().issue({4711}, session_token()).error().kind, Errc::not_found);
}

TEST_F(TokenFamilies, EndWithThePasswordAndWithTheAccount) {
  store::Accounts& accounts = fixture_.store().accounts();
  const Issued first = issue(session_token()), other = issue(session_token());
  const Grant given = grant();
  ASSERT_TRUE(accounts.set_password(ann_, "new").ok());
  EXPECT_FALSE(opens(first.text) || opens(other.text) || opens(given.access) || opens(given.refresh));
  for (const auto state : {schema::AccountState::disabled, schema::AccountState::closed}) {
    const std::string text = issue(session_token()).text;
    ASSERT_TRUE(accounts.set_state(ann_, state).ok());
    EXPECT_FALSE(opens(text));
    EXPECT_EQ(tokens().issue(ann_, session_token()).error().kind, Errc::denied);
    ASSERT_TRUE(accounts.set_state(ann_, schema::AccountState::active).ok());
    EXPECT_FALSE(opens(text)) << "it does not come back";
  }
  const std::string text = issue(session_token()).text;
  ASSERT_TRUE(accounts.remove(ann_).ok());
  EXPECT_FALSE(opens(text));
  EXPECT_EQ(records(), 0u);
  EXPECT_EQ(tokens().issue(ann_, session_token()).error().kind, Errc::not_found);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(TokenFamilies, HaveAnEndOfTheirNumber) {
  const Grant given = grant();
  fixture_.clock().advance(1min);
  std::vector<std::string> sessions;
  for (std::size_t i = 0; i < store::kMostTokens - 3; ++i) {
    sessions.push_back(issue(session_token()).text);
    fixture_.clock().advance(1s);
  }
  EXPECT_EQ(records(), store::kMostTokens);
  EXPECT_TRUE(opens(given.refresh));
  sessions.push_back(issue(session_token()).text);
  EXPECT_FALSE(opens(given.refresh) || opens(given.access)) << "unused for longest";
  EXPECT_EQ(listed(), sessions.size());
  for (int i = 0; i < 2; ++i) sessions.push_back(issue(session_token()).text);
  EXPECT_EQ(records(), store::kMostTokens);
  sessions.push_back(issue(session_token()).text);
  EXPECT_FALSE(opens(sessions[0]));
  EXPECT_TRUE(opens(sessions[1]));
  EXPECT_EQ(records(), store::kMostTokens);
}

TEST_F(TokenFamilies, OneGrantHasEightAccessTokens) {
  const Grant given = grant();
  const std::string other = issue(session_token()).text;
  std::vector<std::string> access = {given.access};
  std::string refresh = given.refresh;
  for (std::size_t i = 0; i < store::kMostAccessTokens; ++i) {
    fixture_.clock().advance(1s);
    const std::vector<Issued> made = tokens().spend(refresh, both).value();
    access.push_back(made[0].text);
    refresh = made[1].text;
  }
  EXPECT_FALSE(opens(access[0]));
  for (std::size_t i = 1; i < access.size(); ++i) EXPECT_TRUE(opens(access[i])) << i;
  EXPECT_TRUE(opens(other));
}

TEST_F(TokenFamilies, ALabelCannotActOnWhoReadsIt) {
  EXPECT_EQ(issue(session_token("Annas Ger\u00e4t")).token.label, "Annas Ger\u00e4t");
  EXPECT_EQ(issue(session_token("a\x1b[2Jb\n")).token.label, "a?[2Jb?");
  EXPECT_EQ(issue(session_token(std::string(1000, 'x'))).token.label.size(), 200u);
}

TEST_F(TokenFamilies, VerifyFindsOneThatNothingForgetsOrThatShouldBeGone) {
  const Token token = issue(session_token()).token;
  const schema::Partition partition = schema::Partition::account(ann_);
  const std::string key = schema::keys::token(token.place);
  using store::Space;
  using Damage = std::map<std::string, std::uint64_t>;
  const auto stored = [&](Space space, const std::string& at) { return **fixture_.engine().reader(partition)->get(space, at); };
  const auto damage = [&] { return store::verify(fixture_.store()).value().damage; };
  const auto put = [&](Space space, const std::string& at, std::optional<std::string> value) {
    fixture_.engine().damage(partition, space, at, std::move(value));
  };
  const std::string good = stored(Space::point, key);
  schema::TokenRecord record = schema::decode_TokenRecord(good).value();
  ASSERT_EQ(damage(), Damage());
  put(Space::point, key, "x");
  EXPECT_EQ(damage(), (Damage{{"record", 1}}));
  put(Space::point, key, good);
  put(Space::point, key + "x", good);
  EXPECT_EQ(damage(), (Damage{{"record", 1}}));
  put(Space::point, key + "x", std::nullopt);
  const std::string due = schema::keys::due(record.due, store::due::kForgetToken, token.place);
  const std::string item = stored(Space::queue, due);
  put(Space::queue, due, std::nullopt);
  // What the head tells of the first due work is another rule.
  EXPECT_EQ(damage()["sign-in"], 1u);
  put(Space::queue, due, item);
  record.is_spent = true;
  put(Space::point, key, schema::encode(record));
  EXPECT_EQ(damage(), (Damage{{"sign-in", 1}}));
  put(Space::point, key, good);
  const std::string account(schema::keys::kAccount);
  const std::string profile = stored(Space::point, account);
  schema::AccountRecord disabled = schema::decode_AccountRecord(profile).value();
  disabled.state = schema::AccountState::disabled;
  put(Space::point, account, schema::encode(disabled));
  EXPECT_EQ(damage(), (Damage{{"sign-in", 1}}));
  put(Space::point, account, profile);
  EXPECT_EQ(damage(), Damage());
}

}  // namespace
}  // namespace telepost
