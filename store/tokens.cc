#include "store/tokens.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/hmac.h"
#include "base/radix64url.h"
#include "base/sha256.h"
#include "base/unicode.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/accounts.h"
#include "store/rooms.h"
#include "store/stored_record.h"
#include "store/token_book.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::TokenRecord;

namespace {

constexpr std::size_t kRandomBytes = 16, kRandomLetters = 22, kAccountLetters = 16, kPlaceBytes = 16;
constexpr std::size_t kPrefixLetters = 4, kFirstLetters = kPrefixLetters + kAccountLetters + 1 + kRandomLetters;
constexpr std::size_t kMostLabelBytes = 200;

struct TokenPrefix {
  TokenKind kind;
  std::string_view letters;
};
constexpr TokenPrefix kTokenPrefixes[] = {
    {TokenKind::session, "tps_"}, {TokenKind::access, "tpa_"}, {TokenKind::refresh, "tpr_"}, {TokenKind::code, "tpc_"}};

// What a token's text tells before anything is read.
struct NamedToken {
  TokenKind kind = TokenKind::session;
  schema::AccountId account;
  std::string first;  // the part that names the record: all but what a refresh token changes with each use
  std::string place;
  Digest secret{};    // of a refresh token
};

std::string random_letters(Random& random) { return to_base64url(random.bytes(kRandomBytes)); }

std::string token_place(std::string_view first) { return std::string(sha256(first).view().substr(0, kPlaceBytes)); }

std::string first_part(schema::AccountId account, TokenKind kind, Random& random) {
  std::string number;
  ByteWriter(number).u64(account.value);
  const auto prefix = std::find_if(std::begin(kTokenPrefixes), std::end(kTokenPrefixes), [&](const TokenPrefix& each) { return each.kind == kind; });
  TELEPOST_ASSERT(prefix != std::end(kTokenPrefixes));
  return std::string(prefix->letters) + to_hex(number) + "_" + random_letters(random);
}

// What is not written exactly as it was given out has another hash, or none.
std::optional<NamedToken> named_by(std::string_view text) {
  const auto begins = [&](const TokenPrefix& each) { return text.starts_with(each.letters); };
  const auto prefix = std::find_if(std::begin(kTokenPrefixes), std::end(kTokenPrefixes), begins);
  if (prefix == std::end(kTokenPrefixes)) return {};
  const bool is_refresh = prefix->kind == TokenKind::refresh;
  if (text.size() != kFirstLetters + (is_refresh ? kRandomLetters : 0)) return {};
  const Result<std::string> number = from_hex(text.substr(kPrefixLetters, kAccountLetters));
  if (!number.ok()) return {};
  const std::string_view first = text.substr(0, kFirstLetters);
  return NamedToken{prefix->kind, {ByteReader(*number).u64()}, std::string(first), token_place(first), is_refresh ? sha256(text) : Digest{}};
}

Token token_of(schema::AccountId account, std::string_view place, const TokenRecord& record) {
  return {account, record.kind, record.number, record.family, record.client, record.label, record.scopes, record.created, end_of(record), record.used,
          record.peer, record.redirect, record.challenge, std::string(place)};
}

// It comes from whoever signs in: nothing of it may act on a terminal or a page.
std::string shown_label(std::string_view given) {
  if (given.size() <= kMostLabelBytes && is_harmless_text(given)) return std::string(given);
  std::string label(given.substr(0, kMostLabelBytes));
  std::replace_if(label.begin(), label.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return label;
}

TokenRecord record_of(const NewToken& token, std::uint64_t number, Time now) {
  TokenRecord record;
  record.kind = token.kind;
  record.number = number;
  record.family = token.family == 0 ? number : token.family;
  record.scopes = token.scopes;
  record.client = token.client;
  record.label = shown_label(token.label);
  record.created = record.used = now;
  record.expires = now + token.lifetime;
  record.peer = token.peer;
  record.redirect = token.redirect;
  record.challenge = token.challenge;
  return record;
}

Result<void> expect_active_account(const AccountWrite& write) {
  switch (write.profile().state) {
    case schema::AccountState::active: return {};
    case schema::AccountState::disabled:
    case schema::AccountState::closed: return {Errc::denied, "the account is not active"};
    case schema::AccountState::deleting: return {Errc::not_found, "the account is being deleted"};
  }
  return {Errc::corrupt, "an account in no state"};
}

Tokens::Issued add_new(AccountWrite& write, TokenBook& book, const NewToken& token) {
  Random& random = write.rooms().random;
  std::string text = first_part(write.account(), token.kind, random);
  const std::string place = token_place(text);
  TokenRecord record = record_of(token, write.rooms().numbers.next(), book.now());
  if (token.kind == TokenKind::refresh) {
    text += random_letters(random);
    record.secret = sha256(text);
  }
  book.add(place, record);
  return {std::move(text), token_of(write.account(), place, record)};
}

// Without a lock, as it is on disk. None where it is over, too; its secret is not looked at.
Result<std::optional<TokenRecord>> read_token(Rooms& rooms, const NamedToken& named) {
  const auto reader = rooms.engine->reader(schema::Partition::account(named.account));
  TELEPOST_ASSIGN(auto record, stored<schema::decode_TokenRecord>(*reader, Space::point, keys::token(named.place)));
  if (record && (record->kind != named.kind || end_of(*record) <= rooms.clock.now())) record.reset();
  return record;
}

bool is_usable(const TokenRecord& record, const NamedToken& named, Time now) {
  return record.kind == named.kind && !record.is_spent && end_of(record) > now && equal_in_constant_time(record.secret.view(), named.secret.view());
}

}  // namespace

Result<Tokens::Issued> Tokens::issue(schema::AccountId account, NewToken token) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_TRY(expect_active_account(write));
  TELEPOST_ASSIGN(TokenBook book, TokenBook::open(write));
  if (token.family != 0 && !book.has_family(token.family)) return {Errc::not_found, "the grant was revoked"};
  if (token.while_password && write.profile().password != *token.while_password) return {Errc::denied, "the password was changed"};
  if (token.while_family && !book.has_family(*token.while_family)) return {Errc::denied, "the session is over"};
  Issued issued = add_new(write, book, token);
  TELEPOST_TRY(write.commit());
  return issued;
}

Result<std::optional<Token>> Tokens::find(std::string_view text) {
  const std::optional<NamedToken> named = named_by(text);
  if (!named) return std::optional<Token>();
  TELEPOST_ASSIGN(const std::optional<TokenRecord> record, read_token(rooms_, *named));
  if (!record || !is_usable(*record, *named, rooms_.clock.now())) return std::optional<Token>();
  return std::optional(token_of(named->account, named->place, *record));
}

Result<void> Tokens::note_use(const Token& token, std::string_view peer) {
  if (rooms_.clock.now() < token.used + kTokenUseNoted) return {};
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, token.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(auto record, stored<schema::decode_TokenRecord>(write, Space::point, keys::token(token.place)));
  const Time now = write.now();
  if (!record || record->is_spent || end_of(*record) <= now || now < record->used + kTokenUseNoted) return {};
  record->used = now;
  record->peer = peer;
  write.put(Space::point, keys::token(token.place), schema::encode(*record));
  return write.commit();
}

namespace {

// One try to spend, as far as the batch.
class Spending {
 public:
  Spending(AccountWrite& write, TokenBook& book, const NamedToken& named, const Tokens::Make& make)
      : write_(write), book_(book), named_(named), make_(make) {}

  Result<std::vector<Tokens::Issued>> run() {
    const TokenBook::Entry* const entry = book_.find(named_.place);
    if (entry == nullptr || entry->record.kind != named_.kind || end_of(entry->record) <= book_.now()) return {Errc::not_found, "no such token"};
    record_ = entry->record;
    write_.expect(Space::point, keys::token(named_.place), schema::encode(record_));
    if (!is_usable(record_, named_, book_.now())) {
      was_spent_ = true;
      book_.drop_family(record_.family);
      return std::vector<Tokens::Issued>();
    }
    TELEPOST_ASSIGN(std::vector<NewToken> wanted, make_(token_of(write_.account(), named_.place, record_)));
    record_.is_spent = true;
    record_.used = book_.now();
    if (record_.kind == TokenKind::code) record_.expires = record_.created + kSpentCodeKept;
    book_.change(named_.place, record_);
    return issue(wanted);
  }
  bool was_spent() const { return was_spent_; }

 private:
  Result<std::vector<Tokens::Issued>> issue(std::vector<NewToken>& wanted) {
    std::vector<Tokens::Issued> issued;
    for (NewToken& token : wanted) {
      token.family = record_.family;
      if (!record_.scopes.contains(token.scopes)) return {Errc::denied, "more than was granted"};
      const bool goes_on = token.kind == TokenKind::refresh && record_.kind == TokenKind::refresh;
      issued.push_back(goes_on ? renew(token) : add_new(write_, book_, token));
    }
    return issued;
  }

  // In the place of the one that is spent, which is known by it.
  Tokens::Issued renew(const NewToken& token) {
    std::string text = named_.first + random_letters(write_.rooms().random);
    record_.secret = sha256(text);
    record_.is_spent = false;
    record_.scopes = token.scopes;
    record_.expires = book_.now() + token.lifetime;
    record_.peer = token.peer;
    book_.change(named_.place, record_);
    return {std::move(text), token_of(write_.account(), named_.place, record_)};
  }

  AccountWrite& write_;
  TokenBook& book_;
  const NamedToken& named_;
  const Tokens::Make& make_;
  TokenRecord record_;
  bool was_spent_ = false;
};

}  // namespace

// What is none waits for no lock: anybody may send any text. Another process may spend it at the same time: the batch of one of them is
// refused, and it looks again.
Result<std::vector<Tokens::Issued>> Tokens::spend(std::string_view text, const Make& make) {
  const std::optional<NamedToken> named = named_by(text);
  if (!named || (named->kind != TokenKind::code && named->kind != TokenKind::refresh)) return {Errc::not_found, "no such token"};
  TELEPOST_ASSIGN(const std::optional<TokenRecord> there, read_token(rooms_, *named));
  if (!there) return {Errc::not_found, "no such token"};
  for (;;) {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, named->account, AccountWrite::Mode::with_reads));
    TELEPOST_ASSIGN(TokenBook book, TokenBook::open(write));
    Spending spending(write, book, *named, make);
    auto issued = spending.run();
    if (!issued.ok()) return issued;
    const Result<void> committed = write.commit();
    if (!committed.ok() && committed.error().kind == Errc::conflict) continue;
    TELEPOST_TRY(committed);
    if (spending.was_spent()) return {Errc::conflict, "the token was spent before: all that came of its grant is revoked"};
    return issued;
  }
}

Result<std::vector<Token>> Tokens::list(schema::AccountId account) {
  TELEPOST_TRY(Accounts(rooms_).show(account));
  const Time now = rooms_.clock.now();
  std::map<std::uint64_t, Token> families;
  Result<void> decoded;
  TELEPOST_TRY(rooms_.engine->reader(schema::Partition::account(account))->scan(
      Space::point, keys::kTokens, keys::after(keys::kTokens), [&](std::string_view key, std::string_view value) {
        const auto record = schema::decode_TokenRecord(value);
        if (!record.ok()) return decoded = record.error(), false;
        if (record->kind == TokenKind::code || record->is_spent || end_of(*record) <= now) return true;
        Token token = token_of(account, key.substr(keys::kTokens.size()), *record);
        const auto [place, is_first] = families.try_emplace(record->family, token);
        if (is_first) return true;
        Token& listed = place->second;
        const bool was_used_later = token.used > listed.used;
        const Time used = std::max(token.used, listed.used);
        const std::string peer = was_used_later ? token.peer : listed.peer;
        if (token.expires > listed.expires) listed = std::move(token);
        listed.used = used;
        listed.peer = peer;
        return true;
      }));
  TELEPOST_TRY(decoded);
  std::vector<Token> all;
  for (auto& [family, token] : families) all.push_back(std::move(token));
  std::sort(all.begin(), all.end(), [](const Token& a, const Token& b) { return std::tie(a.created, a.number) > std::tie(b.created, b.number); });
  return all;
}

Result<void> Tokens::revoke(schema::AccountId account, std::uint64_t family) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(TokenBook book, TokenBook::open(write));
  if (!book.drop_family(family)) return {Errc::not_found, "no session or grant has this number"};
  return write.commit();
}

Result<Tokens::Revoked> Tokens::revoke_by(std::string_view text, std::string_view client) {
  const std::optional<NamedToken> named = named_by(text);
  if (!named) return Revoked::nothing;
  TELEPOST_ASSIGN(const std::optional<TokenRecord> record, read_token(rooms_, *named));
  if (!record) return Revoked::nothing;
  if (record->client != client || record->kind == TokenKind::code) return {Errc::denied, "the token is another client's, or a code"};
  const Result<void> ended = revoke(named->account, record->family);
  if (!ended.ok() && ended.error().kind == Errc::not_found) return Revoked::nothing;  // somebody else was first
  TELEPOST_TRY(ended);
  return is_usable(*record, *named, record->created) ? Revoked::by_valid : Revoked::by_spent;
}

Result<void> Tokens::revoke_all(schema::AccountId account, std::optional<std::uint64_t> but) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_TRY(revoke_all(write, but));
  return write.commit();
}

Result<void> Tokens::revoke_all(AccountWrite& write, std::optional<std::uint64_t> but) {
  TELEPOST_ASSIGN(TokenBook book, TokenBook::open(write));
  book.drop_all_but(but);
  return {};
}

}  // namespace telepost::store
