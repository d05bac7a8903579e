// An account whose tokens are issued, spent and revoked.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "schema/keys.h"
#include "schema/sign_in_records.h"
#include "store/tokens.h"
#include "tests/support/store_fixture.h"

namespace telepost::test {

inline store::NewToken session_token(std::string label = "Firefox") {
  store::NewToken token;
  token.label = std::move(label);
  token.peer = "192.0.2.1";
  token.scopes = schema::Scopes::all();
  token.lifetime = store::kSessionKept;
  return token;
}
inline store::NewToken of_client(schema::TokenKind kind, Duration lifetime, schema::Scopes scopes = {schema::Scope::mail, schema::Scope::send}) {
  store::NewToken token;
  token.kind = kind;
  token.client = "mutt";
  token.scopes = scopes;
  token.lifetime = lifetime;
  return token;
}

class TokensFixture : public testing::Test {
 protected:
  explicit TokensFixture(store::Engine::Writers writers = store::Engine::Writers::one) : fixture_(StoreFixture::configuration(), 1, writers) {}
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  store::Tokens& tokens() { return fixture_.store().tokens(); }
  bool opens(const std::string& text) { return tokens().find(text).value().has_value(); }
  store::Tokens::Issued issue(store::NewToken token) { return tokens().issue(ann_, std::move(token)).value(); }
  std::size_t listed() { return tokens().list(ann_).value().size(); }
  std::size_t records() {
    std::size_t count = 0;
    const std::string begin(schema::keys::kTokens);
    const auto reader = fixture_.engine().reader(schema::Partition::account(ann_));
    EXPECT_TRUE(reader->scan(store::Space::point, begin, schema::keys::after(begin), [&](std::string_view, std::string_view) { return ++count, true; }).ok());
    return count;
  }
  // What an OAuth server gives for a code and for a refresh token.
  static Result<std::vector<store::NewToken>> both(const store::Token&) {
    return std::vector{of_client(schema::TokenKind::access, store::kAccessKept), of_client(schema::TokenKind::refresh, store::kRefreshKept)};
  }
  struct Grant {
    std::string code, access, refresh;
    std::uint64_t family;
  };
  Grant grant() {
    const store::Tokens::Issued code = issue(of_client(schema::TokenKind::code, store::kCodeKept));
    const std::vector<store::Tokens::Issued> made = tokens().spend(code.text, both).value();
    return {code.text, made[0].text, made[1].text, code.token.family};
  }

  StoreFixture fixture_;
  const schema::AccountId ann_ = fixture_.create("mailto:ann@example.test");
};

}  // namespace telepost::test
