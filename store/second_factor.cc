#include "store/second_factor.h"

#include <algorithm>

#include "base/hmac.h"
#include "base/one_time_password.h"
#include "base/radix32.h"
#include "base/sealed_box.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/accounts.h"
#include "store/letter_code.h"
#include "store/rooms.h"
#include "store/stored_record.h"
#include "store/tokens.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kSecretBytes = 20;     // RFC 4226 section 4: 160 bits are recommended
constexpr std::size_t kRecoveryGroups = 2;   // 50 bits, guessed online alone
constexpr std::size_t kRecoveryLetters = kRecoveryGroups * kGroupLetters;
constexpr std::string_view kIssuer = "Telepost";

// A box opens in its own account alone.
std::string factor_context(schema::AccountId account) { return "second factor " + to_string(account); }

Result<Digest> key_for_factors(SecretKey& secret) { return secret.key("second factors: boxes"); }

Digest recovery_digest(const Digest& key, schema::AccountId account, std::string_view letters) {
  return hmac_sha256(key.view(), to_string(account) + "/" + std::string(letters));
}

// RFC 3986 section 2.1: what a path may hold as it stands is kept.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) encoded.push_back(c);
    else (encoded += '%') += {kHex[octet >> 4], kHex[octet & 15]};
  }
  return encoded;
}

// As authenticators read it; that they take SHA-1, 6 digits and 30 s where nothing is said does not hold for all of them.
std::string uri_of(std::string_view address, std::string_view secret) {
  const std::string_view name = address.substr(address.find(':') + 1);
  const std::string issuer(kIssuer);
  return "otpauth://totp/" + issuer + ":" + percent_encoded(name) + "?secret=" + std::string(secret) + "&issuer=" + issuer +
         "&algorithm=SHA1&digits=6&period=30";
}

using StoredFactor = std::optional<schema::SecondFactorRecord>;

template <class Reader>
Result<StoredFactor> read_factor(const Reader& reader) {
  return stored<schema::decode_SecondFactorRecord>(reader, Space::point, std::string(keys::kSecondFactor));
}

void put_factor(AccountWrite& write, const schema::SecondFactorRecord& record) {
  write.put(Space::point, keys::kSecondFactor, schema::encode(record));
}

// A clock that leapt back keeps nobody out for longer than it would have.
bool must_wait(const schema::SecondFactorRecord& record, Time now) { return now < record.retry_at && record.retry_at - now <= kLastCodeWait; }

void count_failure(schema::SecondFactorRecord& record, Time now) {
  record.failures = static_cast<std::uint8_t>(std::min(record.failures + 1, 255));
  if (record.failures < kFreeCodeFailures) return;
  Duration wait = kFirstCodeWait;
  for (int more = record.failures - kFreeCodeFailures; more > 0 && wait < kLastCodeWait; --more) wait *= 2;
  record.retry_at = now + std::min(wait, kLastCodeWait);
}

Error none_is_on() { return {Errc::not_found, "the account has no second factor"}; }

}  // namespace

SecondFactor::SecondFactor(Rooms& rooms) : rooms_(rooms), secret_(rooms.configuration, rooms.random) {}

Result<Enrolment> SecondFactor::enrol(schema::AccountId account) {
  TELEPOST_ASSIGN(const Digest boxes, key_for_factors(secret_));
  const std::string secret = rooms_.random.bytes(kSecretBytes);
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  if (write.profile().state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  TELEPOST_ASSIGN(const StoredFactor there, read_factor(write));
  if (there && there->is_on) return {Errc::exists, "the account has a second factor already; remove it first"};
  schema::SecondFactorRecord record;
  record.box = seal(boxes, factor_context(account), secret, rooms_.random);
  record.created = write.now();
  put_factor(write, record);
  const std::string text = base32_of_bytes(secret);
  const std::string uri = uri_of(write.profile().addresses.front(), text);
  TELEPOST_TRY(write.commit());
  return Enrolment{text, uri};
}

Result<std::vector<std::string>> SecondFactor::confirm(schema::AccountId account, std::string_view code, std::optional<std::uint64_t> but) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(StoredFactor record, read_factor(write));
  if (!record || record->is_on) return {Errc::not_found, "no second factor waits to be confirmed"};
  TELEPOST_ASSIGN(const bool is_right, use(write, *record, code));
  if (!is_right) return {Errc::denied, "the code is not that of the authenticator now; is its clock right?"};
  record->is_on = true;
  TELEPOST_ASSIGN(auto codes, new_recovery(account, *record));
  TELEPOST_TRY(Tokens::revoke_all(write, but));
  put_factor(write, *record);
  TELEPOST_TRY(write.commit());
  return codes;
}

Result<std::vector<std::string>> SecondFactor::renew_recovery(schema::AccountId account) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(StoredFactor record, read_factor(write));
  if (!record || !record->is_on) return none_is_on();
  TELEPOST_ASSIGN(auto codes, new_recovery(account, *record));
  put_factor(write, *record);
  TELEPOST_TRY(write.commit());
  return codes;
}

Result<void> SecondFactor::remove(schema::AccountId account) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const StoredFactor record, read_factor(write));
  if (!record) return none_is_on();
  write.erase(Space::point, keys::kSecondFactor);
  return write.commit();
}

Result<SecondFactor::State> SecondFactor::state(schema::AccountId account) {
  TELEPOST_TRY(Accounts(rooms_).show(account));
  const auto reader = rooms_.engine->reader(schema::Partition::account(account));
  TELEPOST_ASSIGN(const StoredFactor record, read_factor(*reader));
  if (!record) return State{};
  return State{record->is_on, !record->is_on, record->recovery.size()};
}

// The account's lock is held from reading to handing over the batch, and who comes next waits until it is durable. Another process may
// take one at the same time: the batch of one of them is refused, and it looks again.
Result<bool> SecondFactor::take(schema::AccountId account, std::string_view code) {
  for (;;) {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
    TELEPOST_ASSIGN(auto bytes, write.get(Space::point, std::string(keys::kSecondFactor)));
    if (!bytes) return false;
    TELEPOST_ASSIGN(schema::SecondFactorRecord record, schema::decode_SecondFactorRecord(*bytes));
    if (!record.is_on) return false;
    const schema::SecondFactorRecord before = record;
    TELEPOST_ASSIGN(const bool is_right, use(write, record, code));
    if (record == before) return is_right;
    write.expect(Space::point, std::string(keys::kSecondFactor), std::move(bytes));
    put_factor(write, record);
    const Result<void> committed = write.commit();
    if (!committed.ok() && committed.error().kind == Errc::conflict) continue;
    TELEPOST_TRY(committed);
    return is_right;
  }
}

Result<bool> SecondFactor::use(AccountWrite& write, schema::SecondFactorRecord& record, std::string_view code) {
  const std::string letters = meant_letters(code);
  if (letters.size() == kRecoveryLetters) {
    TELEPOST_ASSIGN(const Digest key, secret_.key("second factors: recovery"));
    return std::erase(record.recovery, recovery_digest(key, write.account(), letters)) > 0;
  }
  if (letters.size() != kOneTimeDigits || must_wait(record, write.now())) return false;
  TELEPOST_ASSIGN(const Digest boxes, key_for_factors(secret_));
  const Result<std::string> secret = open_sealed(boxes, factor_context(write.account()), record.box);
  if (!secret.ok()) return {Errc::corrupt, "the second factor of " + to_string(write.account()) + " does not open: is the key file another one?"};
  const Time time = write.now();
  const std::uint64_t now = totp_step(time);
  for (std::uint64_t step = std::max(now, std::uint64_t{1}) - 1; step <= now + 1; ++step) {
    if (step <= record.last_step || !equal_in_constant_time(hotp(*secret, step), letters)) continue;
    record.last_step = step;
    record.failures = 0;
    record.retry_at = {};
    return true;
  }
  count_failure(record, time);
  return false;
}

Result<std::vector<std::string>> SecondFactor::new_recovery(schema::AccountId account, schema::SecondFactorRecord& record) {
  TELEPOST_ASSIGN(const Digest key, secret_.key("second factors: recovery"));
  std::vector<std::string> codes;
  record.recovery.clear();
  while (codes.size() < kRecoveryCodes) {
    codes.push_back(letter_code(rooms_.random, kRecoveryGroups));
    record.recovery.push_back(recovery_digest(key, account, meant_letters(codes.back())));
  }
  return codes;
}

}  // namespace telepost::store
