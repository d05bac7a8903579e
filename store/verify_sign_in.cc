// The second factor, and tokens against the due work that forgets them and the state of their account.
#include "schema/keys.h"
#include "schema/sign_in_records.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;

void AccountVerification::read_second_factor(std::string_view value) {
  const auto record = schema::decode_SecondFactorRecord(value);
  if (!record.ok()) damage("record", keys::kSecondFactor, record.error().detail);
  else if (!record->is_on && !record->recovery.empty()) damage("sign-in", keys::kSecondFactor, "recovery codes of a second factor that is not on");
}

void AccountVerification::read_token(std::string_view key, std::string_view value) {
  const auto record = schema::decode_TokenRecord(value);
  const bool is_placed = key.size() == keys::token(std::string(16, ' ')).size();
  if (!record.ok() || !is_placed) return damage("record", key, record.ok() ? "a token under a broken key" : record.error().detail);
  const std::string place(key.substr(keys::kTokens.size()));
  if (!token_dues_.contains({place, record->due})) damage("sign-in", key, "nothing is due that forgets the token");
  if (profile_.state != schema::AccountState::active) damage("sign-in", key, "a token of an account that is not active");
  const bool can_be_spent = record->kind == schema::TokenKind::code || record->kind == schema::TokenKind::refresh;
  if (record->is_spent && !can_be_spent) damage("sign-in", key, "a token that was spent, and is of no kind that is");
}

}  // namespace telepost::store
