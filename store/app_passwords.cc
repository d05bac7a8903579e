#include "store/app_passwords.h"

#include <algorithm>
#include <tuple>

#include "base/bytes.h"
#include "base/hmac.h"
#include "base/sealed_box.h"
#include "base/unicode.h"
#include "schema/app_password.h"
#include "store/account_write.h"
#include "store/accounts.h"
#include "store/directory.h"
#include "store/letter_code.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kGroups = 4;

// A box opens in its own account and under its own name alone.
std::string context_of(schema::AccountId account, std::string_view name) { return to_string(account) + "/" + std::string(name); }

std::string bytes_of(const ScramKeys& made) { return std::string(made.stored_key.view()).append(made.server_key.view()); }

// One for all: SCRAM tells the salt before it is known who asks, and one of its own would show which names are of one account. What it
// is to prevent, a list of passwords hashed in advance, cannot be made for 100 random bits.
std::string salt_of(const Digest& secret) {
  return std::string(hmac_sha256(secret.view(), "everybody").view().substr(0, kSaltBytes));
}

Result<Digest> key_for_boxes(SecretKey& secret) { return secret.key("app passwords: boxes"); }
Result<Digest> key_for_salts(SecretKey& secret) { return secret.key("app passwords: salts"); }

}  // namespace

AppPasswords::AppPasswords(Rooms& rooms)
    : rooms_(rooms), secret_(rooms.configuration, rooms.random) {}

Result<std::string> AppPasswords::add(schema::AccountId account, std::string_view name, schema::Scopes scopes) {
  if (name.empty() || name.size() > 64 || !is_harmless_text(name)) return {Errc::invalid, "the name of an app password has 1 to 64 visible characters"};
  const bool may_open = schema::Scopes::of_app_password().contains(scopes);
  if (scopes.empty() || !may_open) return {Errc::invalid, "an app password opens mail, send or contacts"};
  TELEPOST_ASSIGN(const Digest boxes, key_for_boxes(secret_));
  TELEPOST_ASSIGN(const Digest salts, key_for_salts(secret_));
  const std::string password = letter_code(rooms_.random, kGroups);
  const ScramKeys made = scram_keys(password, salt_of(salts), kScramIterations);
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  if (write.profile().state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  TELEPOST_ASSIGN(const auto taken, write.get(Space::point, keys::app_password(name)));
  if (taken) return {Errc::exists, "the account has an app password '" + std::string(name) + "' already"};
  TELEPOST_ASSIGN(const auto all, write.scan(Space::point, std::string(keys::kAppPasswords), keys::after(keys::kAppPasswords), kMaxAppPasswords));
  if (all.size() >= kMaxAppPasswords) return {Errc::too_many, "an account has at most 32 app passwords; revoke one"};
  const schema::AppPasswordRecord record{std::string(name), write.now(),
                                         seal(boxes, context_of(account, name), bytes_of(made), rooms_.random), scopes};
  write.put(Space::point, keys::app_password(name), encode(record));
  TELEPOST_TRY(write.commit());
  return password;
}

Result<std::vector<AppPassword>> AppPasswords::list(schema::AccountId account) {
  TELEPOST_TRY(Accounts(rooms_).show(account));
  std::vector<AppPassword> all;
  Result<void> decoded;
  const auto reader = rooms_.engine->reader(schema::Partition::account(account));
  TELEPOST_TRY(reader->scan(Space::point, keys::kAppPasswords, keys::after(keys::kAppPasswords), [&](std::string_view, std::string_view value) {
    const auto record = schema::decode_AppPasswordRecord(value);
    if (!record.ok()) decoded = record.error();
    else all.push_back({record->name, record->created, record->scopes});
    return record.ok();
  }));
  TELEPOST_TRY(decoded);
  std::sort(all.begin(), all.end(), [](const AppPassword& a, const AppPassword& b) { return std::tie(a.created, a.name) < std::tie(b.created, b.name); });
  return all;
}

Result<void> AppPasswords::revoke(schema::AccountId account, std::string_view name) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto there, write.get(Space::point, keys::app_password(name)));
  if (!there) return {Errc::not_found, "the account has no app password '" + std::string(name) + "'"};
  write.erase(Space::point, keys::app_password(name));
  return write.commit();
}

Result<std::vector<AppPasswords::Opened>> AppPasswords::read(schema::AccountId account) {
  TELEPOST_ASSIGN(const Digest boxes, key_for_boxes(secret_));
  std::vector<Opened> all;
  Result<void> opened;
  const auto reader = rooms_.engine->reader(schema::Partition::account(account));
  TELEPOST_TRY(reader->scan(Space::point, keys::kAppPasswords, keys::after(keys::kAppPasswords), [&](std::string_view, std::string_view value) {
    const auto record = schema::decode_AppPasswordRecord(value);
    const auto bytes = record.ok() ? open_sealed(boxes, context_of(account, record->name), record->box) : Result<std::string>(record.error());
    const std::size_t size = Digest{}.bytes.size();
    if (!bytes.ok() || bytes->size() != 2 * size) {
      opened = {Errc::corrupt, "an app password of account " + to_string(account) + " does not open: is the key file another one?"};
      return false;
    }
    const std::string_view both = *bytes;
    const ScramKeys made{digest_from_bytes(both.substr(0, size)), digest_from_bytes(both.substr(size))};
    all.push_back({{record->name, record->created, record->scopes}, made});
    return true;
  }));
  TELEPOST_TRY(opened);
  return all;
}

Result<LoginKeys> AppPasswords::keys_of(std::string_view name) {
  TELEPOST_ASSIGN(const Digest salts, key_for_salts(secret_));
  const Result<std::string> canonical = canonical_address(name);
  const std::string address = canonical.ok() ? *canonical : std::string(name);
  const std::string fake = "nobody " + address;
  std::optional<schema::AccountId> found;
  if (canonical.ok()) {
    TELEPOST_ASSIGN(found, Directory(rooms_).find(address));
  }
  // Who is not there is looked for to the end, as who is.
  const schema::AccountId account = found.value_or(schema::AccountId{ByteReader(hmac_sha256(salts.view(), fake).view()).u64()});
  const Result<Account> profile = Accounts(rooms_).show(account);
  if (!profile.ok() && profile.error().kind != Errc::not_found) return profile.error();
  TELEPOST_ASSIGN(const auto passwords, read(account));
  LoginKeys login;
  login.salt = salt_of(salts);
  if (found && profile.ok() && profile->profile.state == schema::AccountState::active && !passwords.empty()) {
    login.account = account;
    for (const Opened& each : passwords) {
      login.names.push_back(each.password.name);
      login.keys.push_back(each.keys);
      login.scopes.push_back(each.password.scopes);
    }
    return login;
  }
  login.names.emplace_back();
  login.scopes.emplace_back();
  login.keys.push_back({hmac_sha256(salts.view(), fake + " stored"), hmac_sha256(salts.view(), fake + " server")});
  return login;
}

}  // namespace telepost::store
