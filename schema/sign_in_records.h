// What an account keeps of its sign-ins: the second factor, and tokens (sessions of the portal, and what OAuth clients hold). Records of
// the account by the rules of schema/records.h. Nothing here opens anything by itself: secrets are sealed or hashed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "schema/scopes.h"

namespace telepost::schema {

struct SecondFactorRecord {
  std::string box;             // the secret of RFC 6238, sealed (base/sealed_box.h)
  Time created{};              // when it was enrolled
  bool is_on = false;          // a code has confirmed it; before, nothing asks for it
  std::uint64_t last_step = 0;  // the last step of time of which a code was taken: none of it or before it is taken again
  std::vector<Digest> recovery;  // HMAC-SHA-256 of each recovery code that was not used yet, under the key file
  std::uint8_t failures = 0;     // one-time passwords that were wrong, one after another
  Time retry_at{};               // before, none is looked at; recovery codes are
  bool operator==(const SecondFactorRecord&) const = default;
};
std::string encode(const SecondFactorRecord& record);
Result<SecondFactorRecord> decode_SecondFactorRecord(std::string_view bytes);

enum class TokenKind : std::uint8_t {
  session = 1,  // a sign-in at the portal
  access,       // of an OAuth client (RFC 6749 section 1.4)
  refresh,      // section 1.5
  code,         // section 1.3.1: an authorization code
};
std::string_view name_of(TokenKind kind);

struct TokenRecord {
  TokenKind kind = TokenKind::session;
  std::uint64_t number = 0;
  std::uint64_t family = 0;  // the number of the token that began it: all of one sign-in or grant
  Scopes scopes;
  std::string client;  // OAuth client id; "" : the portal
  std::string label;   // device or user agent
  Time created{};
  Time expires{};      // whatever it is used for
  Time used{};         // last; up to five minutes old
  std::string peer;    // the address that used it last
  std::string redirect, challenge;  // of a code
  Digest secret{};     // SHA-256 of a refresh token as it is now; of the others zeros
  bool is_spent = false;  // a code or refresh token that stands only to find out who uses it again
  Time due{};          // when the account's due list looks whether it is over
  bool operator==(const TokenRecord&) const = default;
};
std::string encode(const TokenRecord& record);
Result<TokenRecord> decode_TokenRecord(std::string_view bytes);

namespace keys {
inline constexpr std::string_view kSecondFactor = "a";
std::string token(std::string_view place);  // 16 bytes of the SHA-256 of what names it
inline constexpr std::string_view kTokens = "t";
}  // namespace keys

}  // namespace telepost::schema
