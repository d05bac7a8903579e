#include "schema/ids.h"

#include "base/bytes.h"

namespace telepost::schema {
namespace {

constexpr std::size_t kAccountLetters = 13;

std::string padded(AccountId id) {
  std::string text = to_base32(id.value);
  return std::string(kAccountLetters - text.size(), '0') + text;
}

Result<AccountId> from_padded(std::string_view text) {
  TELEPOST_ASSIGN(const std::uint64_t value, from_base32(text));
  return AccountId{value};
}

}  // namespace

std::string to_string(AccountId id) { return "a" + padded(id); }

Result<AccountId> account_id_from(std::string_view text) {
  if (text.size() != kAccountLetters + 1 || text[0] != 'a') {
    return {Errc::invalid, "an account id is 'a' and 13 letters"};
  }
  return from_padded(text.substr(1));
}

std::string to_string(MessageId id) { return "m" + padded(id.account) + "-" + to_base32(id.local.value); }

Result<MessageId> message_id_from(std::string_view text) {
  if (text.size() < kAccountLetters + 3 || text[0] != 'm' || text[kAccountLetters + 1] != '-') {
    return {Errc::invalid, "a message id is 'm', 13 letters, '-' and a number"};
  }
  TELEPOST_ASSIGN(const AccountId account, from_padded(text.substr(1, kAccountLetters)));
  TELEPOST_ASSIGN(const std::uint64_t local, from_base32(text.substr(kAccountLetters + 2)));
  if (local == 0) return {Errc::invalid, "a message's number is never 0"};
  return MessageId{account, LocalId{local}};
}

}  // namespace telepost::schema
