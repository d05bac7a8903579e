#include "store/accounts.h"

#include <algorithm>

#include "schema/keys.h"
#include "schema/sign_in_records.h"
#include "store/account_write.h"
#include "store/directory.h"
#include "store/due_list.h"
#include "store/password.h"
#include "store/redating.h"
#include "store/removals.h"
#include "store/rooms.h"
#include "store/tokens.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kMaxAddresses = 64;
constexpr std::size_t kMaxNameBytes = 255;

Result<void> check_name(std::string_view name) {
  if (name.size() > kMaxNameBytes || !is_valid_utf8(name)) return {Errc::invalid, "a name has up to 255 bytes of UTF-8"};
  return {};
}

Result<void> check_class(Rooms& rooms, std::string_view name) {
  if (rooms.classes.get()->find(name) == nullptr) {
    return {Errc::invalid, "no class of service is called '" + std::string(name) + "'"};
  }
  return {};
}

CommitEntry list_entry(schema::AccountId id, const schema::AccountRecord& profile) {
  CommitEntry entry{Batch(keys::account_list_slice(id))};
  entry.batch.put(Space::scan, keys::listed_account(id),
                  schema::encode(schema::AccountListRecord{profile.created, profile.addresses.front()}));
  return entry;
}

// A crash may come between the account's batch and the directory's: this finds an address on which they disagree.
void check_later(Rooms& rooms, AccountWrite& write, const std::string& address) {
  write.add_due(rooms.clock.now() + due::kAddressCheck, due::kCheckAddresses, sha256(address).view().substr(0, 16), address);
}

// An address that a crash kept from being claimed is nobody's, or another's by now.
Result<void> release(Rooms& rooms, AccountWrite& write, const std::string& address) {
  TELEPOST_ASSIGN(const auto holder, Directory(rooms).find(address));
  if (holder == write.account()) write.after(Directory::release(address, write.account()));
  return {};
}

// Changes the profile under its lock.
template <typename Change>
Result<void> change_profile(Rooms& rooms, schema::AccountId id, Change change) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, id, AccountWrite::Mode::with_reads));
  schema::AccountRecord profile = write.profile();
  if (profile.state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  TELEPOST_TRY(change(write, profile));
  write.set_profile(std::move(profile));
  Redating::check(write);
  return write.commit();
}

}  // namespace

Result<schema::AccountId> Accounts::create(const NewAccount& account) {
  Directory directory(rooms_);
  schema::AccountRecord profile;
  profile.name = account.name;
  TELEPOST_TRY(check_name(account.name));
  if (account.addresses.empty() || account.addresses.size() > kMaxAddresses) {
    return {Errc::invalid, "an account has 1 to 64 addresses"};
  }
  for (const std::string& given : account.addresses) {
    TELEPOST_ASSIGN(std::string address, canonical_address(given));
    TELEPOST_ASSIGN(const auto taken, directory.find(address));
    if (taken) return {Errc::exists, address + " belongs to account " + schema::to_string(*taken)};
    if (std::find(profile.addresses.begin(), profile.addresses.end(), address) == profile.addresses.end()) {
      profile.addresses.push_back(std::move(address));
    }
  }
  const std::optional<Range> range = directory.range_of(profile.addresses.front());
  profile.class_of_service = !account.class_of_service.empty() ? account.class_of_service
                             : range                           ? range->class_of_service
                                                               : "standard";
  TELEPOST_TRY(check_class(rooms_, profile.class_of_service));
  return directory.create(std::move(profile));
}

Result<schema::AccountId> Accounts::find(std::string_view who) {
  const Result<schema::AccountId> by_id = schema::account_id_from(who);
  if (by_id.ok()) {
    TELEPOST_TRY(show(*by_id));
    return *by_id;
  }
  TELEPOST_ASSIGN(const std::string address, canonical_address(who));
  TELEPOST_ASSIGN(const auto found, Directory(rooms_).find(address));
  if (!found) return {Errc::not_found, "no account has the address " + address};
  return *found;
}

Result<Account> Accounts::show(schema::AccountId id) {
  const auto snapshot = rooms_.engine->snapshot(schema::Partition::account(id));
  TELEPOST_ASSIGN(const auto records, snapshot->get_many(Space::point, {std::string(keys::kAccount), std::string(keys::kHead)}));
  if (!records[0] || !records[1]) return {Errc::not_found, "no account " + schema::to_string(id)};
  Account account{id, {}, {}};
  TELEPOST_ASSIGN(account.profile, schema::decode_AccountRecord(*records[0]));
  TELEPOST_ASSIGN(account.head, schema::decode_HeadRecord(*records[1]));
  return account;
}

Result<std::vector<std::string>> Accounts::kept_by(schema::AccountId id) {
  TELEPOST_ASSIGN(const Account account, show(id));
  return Removals(rooms_).what_may_hold(account.profile, id);
}

Result<void> Accounts::list(std::optional<schema::AccountId> after,
                            const std::function<bool(schema::AccountId, const schema::AccountListRecord&)>& visit) {
  const std::uint16_t first = after ? static_cast<std::uint16_t>(after->value >> 58) : std::uint16_t{0};
  Result<void> decoded;
  bool more = true;
  for (std::uint16_t slice = first; slice < keys::kAccountListSlices && more; ++slice) {
    const auto partition = schema::Partition::slice(schema::PartitionKind::account_list, slice);
    const std::string begin = after && slice == first ? keys::listed_account(*after) + '\0' : std::string("A");
    TELEPOST_TRY(rooms_.engine->reader(partition)->scan(Space::scan, begin, keys::after("A"), [&](std::string_view key, std::string_view value) {
      const auto record = schema::decode_AccountListRecord(value);
      if (!record.ok()) decoded = record.error();
      more = record.ok() && visit(schema::AccountId{ByteReader(key.substr(1)).u64()}, *record);
      return more;
    }));
    TELEPOST_TRY(decoded);
  }
  return {};
}

Result<void> Accounts::add_address(schema::AccountId id, std::string_view given) {
  TELEPOST_ASSIGN(const std::string address, canonical_address(given));
  TELEPOST_ASSIGN(const auto taken, Directory(rooms_).find(address));
  if (taken) return {Errc::exists, address + " belongs to account " + schema::to_string(*taken)};
  const Result<void> added = change_profile(rooms_, id, [&](AccountWrite& write, schema::AccountRecord& profile) -> Result<void> {
    if (profile.addresses.size() >= kMaxAddresses) return {Errc::too_many, "an account has at most 64 addresses"};
    profile.addresses.push_back(address);
    check_later(rooms_, write, address);
    write.after(Directory::claim(address, id));
    return {};
  });
  if (!added.ok() && added.error().kind == Errc::conflict) return {Errc::exists, address + " was taken meanwhile"};
  return added;
}

Result<void> Accounts::remove_address(schema::AccountId id, std::string_view given) {
  TELEPOST_ASSIGN(const std::string address, canonical_address(given));
  return change_profile(rooms_, id, [&](AccountWrite& write, schema::AccountRecord& profile) -> Result<void> {
    const auto place = std::find(profile.addresses.begin(), profile.addresses.end(), address);
    if (place == profile.addresses.end()) return {Errc::not_found, "the account has no address " + address};
    if (profile.addresses.size() == 1) return {Errc::refused, "an account keeps its last address; delete the account instead"};
    profile.addresses.erase(place);
    check_later(rooms_, write, address);
    TELEPOST_TRY(release(rooms_, write, address));
    write.after(list_entry(id, profile));
    return {};
  });
}

Result<std::string> Accounts::set_password(schema::AccountId id, std::string_view password, std::optional<std::string> while_password) {
  std::string hash;
  if (!password.empty()) {
    TELEPOST_ASSIGN(hash, hash_password(password, rooms_.random));
  }
  TELEPOST_TRY(change_profile(rooms_, id, [&](AccountWrite& write, schema::AccountRecord& profile) -> Result<void> {
    if (while_password && profile.password != *while_password) return {Errc::denied, "the password was changed"};
    profile.password = hash;
    return Tokens::revoke_all(write);
  }));
  return hash;
}

Result<bool> Accounts::check_password(schema::AccountId id, std::string_view password) {
  const Result<Account> account = show(id);
  if (!account.ok() && account.error().kind != Errc::not_found) return account.error();
  const bool matches = password_matches(password, account.ok() ? account->profile.password : std::string());
  return matches && account->profile.state == schema::AccountState::active;
}

Result<void> Accounts::set_state(schema::AccountId id, schema::AccountState state) {
  TELEPOST_ASSERT(state != schema::AccountState::deleting);
  return change_profile(rooms_, id, [&](AccountWrite& write, schema::AccountRecord& profile) -> Result<void> {
    profile.state = state;
    return state == schema::AccountState::active ? Result<void>() : Tokens::revoke_all(write);
  });
}

Result<void> Accounts::set_class(schema::AccountId id, std::string_view class_of_service) {
  TELEPOST_TRY(check_class(rooms_, class_of_service));
  return change_profile(rooms_, id, [&](AccountWrite&, schema::AccountRecord& profile) -> Result<void> {
    profile.class_of_service = class_of_service;
    return {};
  });
}

Result<void> Accounts::set_name(schema::AccountId id, std::string_view name) {
  TELEPOST_TRY(check_name(name));
  return change_profile(rooms_, id, [&](AccountWrite&, schema::AccountRecord& profile) -> Result<void> {
    profile.name = name;
    return {};
  });
}

// The first batches free the addresses, so that nothing new arrives; the content follows as due work.
Result<void> Accounts::remove(schema::AccountId id) {
  return change_profile(rooms_, id, [&](AccountWrite& write, schema::AccountRecord& profile) -> Result<void> {
    profile.state = schema::AccountState::deleting;
    profile.password.clear();
    write.erase(Space::point, keys::kSecondFactor);
    TELEPOST_TRY(Tokens::revoke_all(write));
    write.add_due(rooms_.clock.now(), due::kRemoveContent, due::no_id());
    for (const std::string& address : profile.addresses) TELEPOST_TRY(release(rooms_, write, address));
    return {};
  });
}

}  // namespace telepost::store
