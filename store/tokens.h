// Tokens: what a subscriber's browser or OAuth client shows instead of a password. Random, opaque, kept as hashes, scoped, expiring and
// revocable. All tokens of one sign-in (a session) or of one consent (a grant) are a family, which is listed and revoked as one.
//
// A token's text is "tps_" (session), "tpa_" (access), "tpr_" (refresh) or "tpc_" (code), the account in 16 hex digits, "_" and 128 random
// bits in 22 letters of base64url. A refresh token has twice as many: the first 22 are the same for the whole life of its grant, so that
// one that was spent long ago is still known for what it is, by one record.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "schema/sign_in_records.h"

namespace telepost::store {

class AccountWrite;
struct Rooms;

using schema::TokenKind;

inline constexpr std::size_t kMostTokens = 256;                          // of an account
inline constexpr std::size_t kMostAccessTokens = 8;                      // of a grant
inline constexpr Duration kSessionKept = std::chrono::days(30);
inline constexpr Duration kSessionUnused = std::chrono::hours(12);       // then a session is over, whatever it may still last
inline constexpr Duration kAccessKept = std::chrono::hours(1);
inline constexpr Duration kRefreshKept = std::chrono::days(90);          // without use: each use gives a new one
inline constexpr Duration kCodeKept = std::chrono::seconds(60);
inline constexpr Duration kSpentCodeKept = std::chrono::days(1);         // for so long its reuse revokes what came of it
inline constexpr Duration kTokenUseNoted = std::chrono::minutes(5);      // at most so often

struct Token {
  schema::AccountId account;
  TokenKind kind = TokenKind::session;
  std::uint64_t number = 0;  // names it in lists; no secret
  std::uint64_t family = 0;  // all of one sign-in or grant
  std::string client;        // OAuth client id, "" of the portal
  std::string label;         // device or user agent
  schema::Scopes scopes;
  Time created{};
  Time expires{};  // of a session: when it ends if nobody uses it
  Time used{};
  std::string peer;
  std::string redirect, challenge;  // of a code
  std::string place;                // where its record lies; no secret
};

struct NewToken {
  TokenKind kind = TokenKind::session;
  std::uint64_t family = 0;  // 0: begins one
  std::string client = {}, label = {}, peer = {};
  schema::Scopes scopes = {};
  Duration lifetime{};
  std::string redirect = {}, challenge = {};
  // What must still hold when it is issued, where something was checked before: the account's password (its hash), a session.
  std::optional<std::string> while_password = {};
  std::optional<std::uint64_t> while_family = {};
};

// Any thread; every verb blocks on the disk, and what it changes is durable at return. Errors beside those told: not_found (no such
// account), io, corrupt. Whoever shows a token to find() asks for its kind as well: a refresh token or a code opens nothing.
class Tokens {
 public:
  explicit Tokens(Rooms& rooms) : rooms_(rooms) {}

  struct Issued {
    std::string text;  // nobody can read it again
    Token token;
  };
  // denied: the account is not active, or what must hold does not. not_found: the family of an access token or refresh token that is no more. Where the account has
  // kMostTokens, the session or grant that was not used for longest ends.
  Result<Issued> issue(schema::AccountId account, NewToken token);

  // None: no token, expired, revoked, spent, or of an account that is not active. Any text is safe. One read, no lock.
  Result<std::optional<Token>> find(std::string_view text);
  // What find() gave was used from there. Writes at most once in five minutes; before, it costs nothing.
  Result<void> note_use(const Token& token, std::string_view peer);

  // A code or refresh token is spent once, in the batch that brings what `make` gives for it (of the family that it has, with the account
  // locked: it must not call the store). Errors: not_found (no such token, expired, revoked; nothing changes), conflict (it was spent
  // before: its family is revoked), what make gives (nothing changes). No such token: one read, no lock.
  using Make = std::function<Result<std::vector<NewToken>>(const Token& spent)>;
  Result<std::vector<Issued>> spend(std::string_view text, const Make& make);

  // Sessions and grants, newest first: of each its longest-lived token, with the last use of any.
  Result<std::vector<Token>> list(schema::AccountId account);
  // not_found: no session or grant has the number.
  Result<void> revoke(schema::AccountId account, std::uint64_t family);
  // The family of a session, access token or refresh token of that client, as RFC 7009 revokes. A refresh token counts also when it was
  // spent long ago: whoever shows it does not know that somebody else has the next one. denied: another client's, or a code.
  enum class Revoked : unsigned char { nothing, by_valid, by_spent };
  Result<Revoked> revoke_by(std::string_view text, std::string_view client);
  // But, where one is given, that family.
  Result<void> revoke_all(schema::AccountId account, std::optional<std::uint64_t> but = {});

  // The same in somebody's batch, begun with reads.
  static Result<void> revoke_all(AccountWrite& write, std::optional<std::uint64_t> but = {});

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
