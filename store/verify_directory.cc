// What lies outside the accounts and speaks of them: the directory, the list of accounts, the calendar, the hints of CDRs.
#include <algorithm>

#include "base/bytes.h"
#include "schema/audit_record.h"
#include "schema/keys.h"
#include "schema/hold_record.h"
#include "schema/lease_record.h"
#include "schema/push_subscription_record.h"
#include "schema/records.h"
#include "schema/visit_record.h"
#include "store/due_list.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;
using schema::PartitionKind;

namespace {

Result<std::optional<schema::AccountRecord>> profile_of(VerifyScope& scope, schema::AccountId account) {
  TELEPOST_ASSIGN(const auto bytes, scope.engine().reader(Partition::account(account))->get(Space::point, keys::kAccount));
  if (!bytes) return std::optional<schema::AccountRecord>();
  auto profile = schema::decode_AccountRecord(*bytes);
  if (!profile.ok()) return std::optional(schema::AccountRecord{});  // told where the account is verified
  return std::optional(std::move(*profile));
}

bool names(const schema::AccountRecord& profile, std::string_view address) {
  return std::find(profile.addresses.begin(), profile.addresses.end(), address) != profile.addresses.end();
}

// Calls visit for every record of a space in every slice of a kind.
Result<void> for_each_record(VerifyScope& scope, PartitionKind kind, std::uint16_t slices, Space space,
                             const std::function<Result<void>(const Partition&, std::string_view, std::string_view)>& visit) {
  for (std::uint16_t slice = 0; slice < slices; ++slice) {
    const Partition partition = Partition::slice(kind, slice);
    Result<void> visited;
    TELEPOST_TRY(scope.engine().reader(partition)->scan(space, {}, {}, [&](std::string_view key, std::string_view value) {
      visited = visit(partition, key, value);
      return visited.ok();
    }));
    TELEPOST_TRY(std::move(visited));
  }
  return {};
}

Result<void> verify_address(VerifyScope& scope, const Partition& partition, std::string_view key, std::string_view value) {
  const auto record = schema::decode_AddressRecord(value);
  const std::string_view address = key.substr(1);
  if (!record.ok() || key[0] != 'A') {
    scope.damage("record", partition, key, record.ok() ? "no key of the directory looks so" : record.error().detail);
    return {};
  }
  if (keys::directory_slice(address) != partition) {
    scope.damage("directory", partition, key, std::string(address) + " lies in a slice where nobody looks for it");
    return {};
  }
  TELEPOST_ASSIGN(const auto profile, profile_of(scope, record->account));
  if (profile && names(*profile, address) && profile->state != schema::AccountState::deleting) return {};
  const std::string who = "account " + to_string(record->account);
  if (!profile) {
    scope.damage("directory", partition, key, std::string(address) + " leads to " + who + ", which is not there");
    return {};
  }
  TELEPOST_ASSIGN(const auto still, scope.engine().reader(partition)->get(Space::point, key));
  if (!still || *still != value) return {};  // released meanwhile
  TELEPOST_ASSIGN(bool found_later, address_is_checked_later(scope, record->account, address));
  found_later = found_later || profile->state == schema::AccountState::deleting;
  scope.debris_if(found_later, "directory", partition, key, std::string(address) + " leads to " + who + ", which does not have it");
  return {};
}

// It is written before the account's first subscription, and goes behind the last one.
Result<void> verify_pushed_account(VerifyScope& scope, const Partition& partition, std::string_view key) {
  const schema::AccountId account{ByteReader(key.substr(1)).u64()};
  if (key != keys::pushed_account(account) || keys::account_list_slice(account) != partition) {
    scope.damage("record", partition, key, "no key of the list of accounts looks so");
    return {};
  }
  bool has_any = false;
  TELEPOST_TRY(scope.engine().reader(Partition::account(account))->scan(
      Space::point, keys::kPushSubscriptions, keys::after(keys::kPushSubscriptions), [&](std::string_view, std::string_view) {
        has_any = true;
        return false;
      }));
  if (!has_any) scope.debris("push", partition, key, "account " + to_string(account) + " has no push subscription");
  return {};
}

}  // namespace

Result<bool> address_is_checked_later(VerifyScope& scope, schema::AccountId account, std::string_view address) {
  bool checked = false;
  TELEPOST_TRY(scope.engine().reader(Partition::account(account))->scan(Space::queue, "D", keys::after("D"), [&](std::string_view key, std::string_view value) {
    checked = key.size() == 26 && key[9] == due::kCheckAddresses && (value.empty() || value == address);
    return !checked;
  }));
  return checked;
}

Result<void> AccountVerification::verify_addresses() {
  if (profile_.addresses.empty()) damage("directory", keys::kAccount, "an account without address");
  for (const std::string& address : profile_.addresses) {
    TELEPOST_ASSIGN(const auto bytes, scope_.engine().reader(keys::directory_slice(address))->get(Space::point, keys::address(address)));
    const auto holder = bytes ? schema::decode_AddressRecord(*bytes) : Result<schema::AddressRecord>(Errc::not_found, "");
    if (bytes && !holder.ok()) continue;  // told where the directory is verified
    if (holder.ok() && holder->account == account_) continue;
    TELEPOST_ASSIGN(const auto profile, profile_of(scope_, account_));
    if (!profile || !names(*profile, address)) continue;  // given up meanwhile
    TELEPOST_ASSIGN(const bool checked, address_is_checked_later(scope_, account_, address));
    scope_.debris_if(checked, "directory", partition_, keys::kAccount,
                     address + (holder.ok() ? " leads to account " + to_string(holder->account) : std::string(" leads nowhere")));
  }
  return {};
}

Result<void> AccountVerification::verify_listed() {
  TELEPOST_ASSIGN(const auto listed, scope_.engine().reader(keys::account_list_slice(account_))->get(Space::scan, keys::listed_account(account_)));
  if (!listed) damage("account-list", keys::kAccount, "the account is not in the list of accounts");
  return {};
}

Result<void> verify_account_list(VerifyScope& scope) {
  TELEPOST_TRY(for_each_record(scope, PartitionKind::account_list, keys::kAccountListSlices, Space::point,
                               [&](const Partition& partition, std::string_view key, std::string_view) { return verify_pushed_account(scope, partition, key); }));
  return for_each_record(scope, PartitionKind::account_list, keys::kAccountListSlices, Space::scan,
                         [&](const Partition& partition, std::string_view key, std::string_view value) -> Result<void> {
    const schema::AccountId account{ByteReader(key.substr(1)).u64()};
    const auto record = schema::decode_AccountListRecord(value);
    if (!record.ok() || key != keys::listed_account(account)) {
      scope.damage("record", partition, key, record.ok() ? "no key of the list of accounts looks so" : record.error().detail);
      return {};
    }
    if (keys::account_list_slice(account) != partition) {
      scope.damage("account-list", partition, key, "the account lies in another's slice of the list");
      return {};
    }
    TELEPOST_ASSIGN(const auto profile, profile_of(scope, account));
    if (profile) return {};
    TELEPOST_ASSIGN(const bool hinted, scope.has_hint(Partition::account(account)));
    scope.debris_if(hinted, "account-list", partition, key, "account " + to_string(account) + " is listed and is not there");
    return {};
  });
}

Result<void> verify_directory(VerifyScope& scope) {
  return for_each_record(scope, PartitionKind::directory, keys::kDirectorySlices, Space::point,
                         [&](const Partition& partition, std::string_view key, std::string_view value) {
    return verify_address(scope, partition, key, value);
  });
}

namespace {
Result<void> verify_visit(VerifyScope& scope, const Partition& partition, std::string_view key, std::string_view value) {
  const auto record = schema::decode_VisitRecord(value);
  if (key.size() != 9 || !record.ok()) {
    scope.damage("record", partition, key, record.ok() ? "no key of the log of visits looks so" : record.error().detail);
    return {};
  }
  if (keys::visit_slice(ByteReader(key.substr(1)).u64()) != partition) scope.damage("visit", partition, key, "a record in another hour's slice");
  TELEPOST_ASSIGN(const bool hinted, scope.has_hint(partition));
  if (!hinted) scope.damage("visit", partition, key, "a record that no hint will ever trim");
  return {};
}

Result<void> verify_audit(VerifyScope& scope) {
  return for_each_record(scope, PartitionKind::audit, keys::kAuditSlices, Space::queue,
                         [&](const Partition& partition, std::string_view key, std::string_view value) -> Result<void> {
    if (key.starts_with(keys::kVisits)) return verify_visit(scope, partition, key, value);
    const auto record = schema::decode_AuditRecord(value);
    if (key.size() != 9 || key[0] != 'A' || !record.ok()) {
      scope.damage("record", partition, key, record.ok() ? "no key of the audit log looks so" : record.error().detail);
      return {};
    }
    if (keys::audit_slice(record->account) != partition) scope.damage("audit", partition, key, "a record in another account's slice");
    TELEPOST_ASSIGN(const bool hinted, scope.has_hint(partition));
    if (!hinted) scope.damage("audit", partition, key, "a record that no hint will ever trim");
    return {};
  });
}
}  // namespace

Result<void> verify_calendar_and_cdrs(VerifyScope& scope) {
  TELEPOST_TRY(for_each_record(scope, PartitionKind::calendar, keys::kCalendarSlices, Space::queue,
                               [&](const Partition& partition, std::string_view key, std::string_view value) -> Result<void> {
    std::string_view rest = key.substr(std::min<std::size_t>(9, key.size()));
    const auto target = Partition::take_from(rest);
    const bool sized = rest.size() == (value.empty() ? 0u : 16u) && value.size() % 16 == 0;
    const bool known = key[0] == 'T' && target.ok() && sized && keys::calendar_slice(*target) == partition;
    if (!known) scope.damage("record", partition, key, "no hint of this slice looks so");
    return {};
  }));
  TELEPOST_TRY(for_each_record(scope, PartitionKind::calendar, keys::kCalendarSlices, Space::point,
                               [&](const Partition& partition, std::string_view key, std::string_view value) -> Result<void> {
    const bool known = key == keys::kCalendarCursor || (key == keys::kCalendarLease && schema::decode_LeaseRecord(value).ok()) ||
                       (key == keys::kHoldsFence && value.size() == 8);
    if (!known) scope.damage("record", partition, key, "neither a slice's cursor nor its lease, nor the revision of the holds");
    return {};
  }));
  TELEPOST_TRY(verify_audit(scope));
  return for_each_record(scope, PartitionKind::cdr, keys::kCdrSlices, Space::queue,
                         [&](const Partition& partition, std::string_view key, std::string_view value) -> Result<void> {
    if (key.size() != 9 || key[0] != 'C' || value.size() != 8) scope.damage("record", partition, key, "no hint of a CDR looks so");
    return {};
  });
}

}  // namespace telepost::store
