#include "store/tokens.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <set>
#include <thread>
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

using TokensTest = test::TokensFixture;

TEST_F(TokensTest, OpenTheirAccountAfterARestartAndStandNowhereInTheStore) {
  const Issued issued = issue(session_token());
  EXPECT_TRUE(issued.text.starts_with("tps_"));
  EXPECT_EQ(issued.text.size(), 43u);
  EXPECT_NE(issue(session_token()).text, issued.text);
  fixture_.reopen();
  const Token token = tokens().find(issued.text).value().value();
  EXPECT_EQ(token.account, ann_);
  EXPECT_EQ(token.kind, TokenKind::session);
  EXPECT_EQ(token.family, token.number);
  EXPECT_EQ(token.label, "Firefox");
  EXPECT_EQ(token.scopes, schema::Scopes::all());
  for (const auto& [place, value] : fixture_.engine().dump()) {
    EXPECT_EQ(place.second.find(issued.text.substr(21)), std::string::npos);
    EXPECT_EQ(value.find(issued.text.substr(21)), std::string::npos);
  }
}

TEST_F(TokensTest, AnyTextIsSafe) {
  const std::string good = issue(session_token()).text, refresh = grant().refresh;
  for (const std::string& text : {good, refresh}) {
    EXPECT_TRUE(opens(text));
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string other = text;
      other[at] = other[at] == 'x' ? 'y' : 'x';
      EXPECT_FALSE(opens(other)) << at;
      EXPECT_FALSE(opens(text.substr(0, at)));
    }
    EXPECT_FALSE(opens(text + "A"));
    EXPECT_FALSE(opens("tpa_" + text.substr(4))) << "another kind";
  }
  const std::string bads[] = {"", "tps_", std::string(43, '\0'), std::string(1'000'000, 'a'), "tps_" + std::string(39, '_')};
  for (const std::string& bad : bads) EXPECT_FALSE(opens(bad));
  std::string upper = good;
  for (char& letter : upper) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  EXPECT_FALSE(opens(upper));
}

TEST_F(TokensTest, ASessionEndsAfterTwelveHoursWithoutUseAndThirtyDaysAnyway) {
  const std::string text = issue(session_token()).text;
  const Time begun = fixture_.store().now();
  const auto use = [&] {
    const auto token = tokens().find(text).value();
    EXPECT_TRUE(token && tokens().note_use(*token, "192.0.2.7").ok());
  };
  fixture_.clock().advance(12h - 1ms);
  use();
  EXPECT_EQ(tokens().find(text).value()->peer, "192.0.2.7");
  fixture_.clock().advance(12h - 1ms);
  EXPECT_TRUE(opens(text));
  for (use(); fixture_.store().now() < begun + store::kSessionKept - 12h; fixture_.clock().advance(11h)) {
    use();
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  use();
  fixture_.clock().advance(begun + store::kSessionKept - fixture_.store().now() - 1ms);
  EXPECT_TRUE(opens(text));
  fixture_.clock().advance(1ms);
  EXPECT_FALSE(opens(text)) << "before any sweep";
  EXPECT_EQ(listed(), 0u);
  const std::string unused = issue(session_token()).text;
  fixture_.clock().advance(12h);
  EXPECT_FALSE(opens(unused));
  fixture_.clock().advance(1h);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(records(), 0u) << "the sweep forgets them";
}

TEST_F(TokensTest, UseIsNotedOnceInFiveMinutes) {
  const std::string text = issue(session_token()).text;
  const auto writes = [&](std::string_view peer) {
    const auto token = tokens().find(text).value();
    EXPECT_TRUE(tokens().note_use(*token, peer).ok());
    return tokens().find(text).value()->peer == peer;
  };
  fixture_.clock().advance(5min - 1ms);
  EXPECT_FALSE(writes("192.0.2.8"));
  fixture_.clock().advance(1ms);
  EXPECT_TRUE(writes("192.0.2.8"));
  EXPECT_FALSE(writes("192.0.2.9"));
  const Token before = tokens().find(text).value().value();
  fixture_.clock().advance(1h);
  ASSERT_TRUE(tokens().revoke(ann_, before.family).ok());
  EXPECT_TRUE(tokens().note_use(before, "192.0.2.9").ok());
  EXPECT_FALSE(opens(text)) << "use of what was revoked brings nothing back";
}

TEST_F(TokensTest, ACodeIsSpentOnceWithinItsTimeAndAgainRevokesTheGrant) {
  const Grant given = grant();
  EXPECT_TRUE(opens(given.access) && opens(given.refresh));
  EXPECT_FALSE(opens(given.code));
  EXPECT_EQ(tokens().find(given.access).value()->family, given.family);
  fixture_.clock().advance(store::kCodeKept + 1h / 2);
  EXPECT_EQ(tokens().spend(given.code, both).error().kind, Errc::conflict) << "also after its minute";
  EXPECT_FALSE(opens(given.access) || opens(given.refresh));
  EXPECT_EQ(tokens().spend(given.refresh, both).error().kind, Errc::not_found);
  const std::string late = issue(of_client(TokenKind::code, store::kCodeKept)).text;
  fixture_.clock().advance(store::kCodeKept);
  EXPECT_EQ(tokens().spend(late, both).error().kind, Errc::not_found);
  EXPECT_EQ(tokens().spend(issue(session_token()).text, both).error().kind, Errc::not_found) << "nothing is given for a session";
}

TEST_F(TokensTest, ARefreshTokenIsSpentOnceAndOneOfLongAgoRevokesTheGrant) {
  const Grant given = grant();
  std::string refresh = given.refresh;
  std::set<std::string> spent;
  for (int hour = 0; hour < 24 * 20; ++hour) {
    spent.insert(refresh);
    const std::vector<Issued> made = tokens().spend(refresh, both).value();
    refresh = made[1].text;
    fixture_.clock().advance(1h);
    if (hour % 24 == 0) { ASSERT_TRUE(fixture_.sweep().ok()); }
  }
  EXPECT_EQ(spent.size(), 480u);
  EXPECT_FALSE(spent.contains(refresh));
  EXPECT_LT(records(), 12u) << "not one for each use";
  EXPECT_EQ(listed(), 1u);
  EXPECT_EQ(tokens().list(ann_).value()[0].kind, TokenKind::refresh);
  fixture_.clock().advance(store::kRefreshKept - 1h - 1ms);
  EXPECT_TRUE(opens(refresh)) << "90 days without use";
  EXPECT_FALSE(opens(given.refresh));
  EXPECT_EQ(tokens().spend(given.refresh, both).error().kind, Errc::conflict);
  EXPECT_FALSE(opens(refresh));
  EXPECT_EQ(listed(), 0u);
}

// RFC 9700 section 4.14.2: whoever shows a token that was rotated says that somebody else has the next one.
TEST_F(TokensTest, AreRevokedByARefreshTokenThatAThiefHasSpent) {
  using Revoked = store::Tokens::Revoked;
  const Grant given = grant(), other = grant();
  const std::vector<Issued> stolen = tokens().spend(given.refresh, both).value();
  const std::string code = issue(of_client(TokenKind::code, store::kCodeKept)).text;
  EXPECT_EQ(tokens().revoke_by(given.refresh, "another").error().kind, Errc::denied);
  EXPECT_EQ(tokens().revoke_by(code, "mutt").error().kind, Errc::denied);
  EXPECT_EQ(tokens().revoke_by(issue(session_token()).text, "mutt").error().kind, Errc::denied);
  EXPECT_EQ(tokens().revoke_by("nonsense", "mutt").value(), Revoked::nothing);
  EXPECT_TRUE(opens(stolen[1].text));
  EXPECT_EQ(tokens().revoke_by(given.refresh, "mutt").value(), Revoked::by_spent);
  EXPECT_FALSE(opens(given.access) || opens(stolen[0].text) || opens(stolen[1].text));
  EXPECT_EQ(tokens().revoke_by(given.refresh, "mutt").value(), Revoked::nothing);
  EXPECT_TRUE(opens(other.refresh)) << "another grant";
  EXPECT_EQ(tokens().revoke_by(other.access, "mutt").value(), Revoked::by_valid);
  EXPECT_FALSE(opens(other.refresh));
}

TEST_F(TokensTest, ARefreshTokenThatEndsWhileItIsSpentIsSpent) {
  const Grant given = grant();
  fixture_.clock().advance(store::kRefreshKept - 1ms);
  const auto slowly = [&](const Token& token) {
    fixture_.clock().advance(2ms);
    return both(token);
  };
  const auto made = tokens().spend(given.refresh, slowly);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(opens(made->at(1).text));
  EXPECT_EQ(tokens().spend(given.refresh, both).error().kind, Errc::conflict);
}

// The text of a token is easily made up: it must not make deliveries wait.
TEST_F(TokensTest, WhatIsNoneIsRefusedWithoutTheLockOfItsAccount) {
  const Grant given = grant();
  std::string none = issue(of_client(TokenKind::code, store::kCodeKept)).text;
  none.back() = none.back() == 'A' ? 'Q' : 'A';
  std::optional<store::AccountWrite> held =
      store::AccountWrite::begin(store::rooms_of(fixture_.store()), ann_, store::AccountWrite::Mode::with_reads).value();
  auto asked = std::async(std::launch::async, [&] { return tokens().spend(none, both).error().kind; });
  EXPECT_EQ(asked.wait_for(10s), std::future_status::ready);
  held.reset();
  EXPECT_EQ(asked.get(), Errc::not_found);
}

TEST_F(TokensTest, BeginWhileTheSessionThatWantsThemIsThere) {
  const Issued begun = issue(session_token());
  NewToken code = of_client(TokenKind::code, store::kCodeKept);
  code.while_family = begun.token.family;
  EXPECT_TRUE(tokens().issue(ann_, code).ok());
  ASSERT_TRUE(tokens().revoke(ann_, begun.token.family).ok());
  EXPECT_EQ(tokens().issue(ann_, code).error().kind, Errc::denied);
}

TEST_F(TokensTest, WhatIsGivenIsNeverMoreThanWasGranted) {
  const Grant given = grant();
  const auto more = [](const Token&) -> Result<std::vector<NewToken>> {
    return std::vector{of_client(TokenKind::access, store::kAccessKept, schema::Scopes::all())};
  };
  EXPECT_EQ(tokens().spend(given.refresh, more).error().kind, Errc::denied);
  const auto refuses = [](const Token& token) -> Result<std::vector<NewToken>> { return {Errc::invalid, "not of " + token.client}; };
  EXPECT_EQ(tokens().spend(given.refresh, refuses).error(), (Error{Errc::invalid, "not of mutt"}));
  EXPECT_TRUE(opens(given.refresh)) << "nothing changed";
  const auto less = [](const Token&) -> Result<std::vector<NewToken>> {
    return std::vector{of_client(TokenKind::access, store::kAccessKept, {Scope::mail})};
  };
  const std::vector<Issued> last = tokens().spend(given.refresh, less).value();
  EXPECT_EQ(tokens().find(last.at(0).text).value()->scopes, schema::Scopes{Scope::mail});
  EXPECT_FALSE(opens(given.refresh)) << "no other one was made";
  EXPECT_EQ(tokens().spend(given.refresh, both).error().kind, Errc::conflict);
  EXPECT_FALSE(opens(last[0].text));
}

TEST_F(TokensTest, IsSpentOnceHoweverManyAskAtOnce) {
  const std::string code = issue(of_client(TokenKind::code, store::kCodeKept)).text;
  std::atomic<int> given{0}, conflicts{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto made = tokens().spend(code, both);
      if (made.ok()) ++given;
      else if (made.error().kind == Errc::conflict) ++conflicts;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(given.load(), 1);
  EXPECT_GE(conflicts.load(), 1);
  EXPECT_EQ(listed(), 0u) << "who came second revoked it";
}

class TokensOfTwoProcesses : public TokensTest {
 protected:
  TokensOfTwoProcesses() : TokensTest(store::Engine::Writers::many) {}
};

TEST_F(TokensOfTwoProcesses, IsSpentOnceThoughAnotherProcessSpendsItMeanwhile) {
  const auto other = fixture_.open_another();
  const std::string code = issue(of_client(TokenKind::code, store::kCodeKept)).text;
  bool first = true;
  const auto meanwhile = [&](const Token& token) {
    if (std::exchange(first, false)) { EXPECT_TRUE(other->tokens().spend(code, both).ok()); }
    return both(token);
  };
  EXPECT_EQ(tokens().spend(code, meanwhile).error().kind, Errc::conflict);
  EXPECT_EQ(listed(), 0u);
}

}  // namespace
}  // namespace telepost
