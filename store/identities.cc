#include "store/identities.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/sha256.h"
#include "store/account_write.h"
#include "store/accounts.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::uint64_t kOfAddress = std::uint64_t{1} << 63;  // a bit that no number of the store's sequence has before its 2^23rd opening
constexpr std::size_t kMostGone = 200;
constexpr std::string_view kMail = "mailto:";

// The same for ever, whatever becomes of the account's other addresses.
std::uint64_t number_of_address(std::string_view address) {
  return kOfAddress | ByteReader(sha256(address).view()).u64();
}

std::vector<std::string> mail_addresses(const schema::AccountRecord& profile) {
  std::vector<std::string> addresses;
  for (const std::string& address : profile.addresses) {
    if (address.starts_with(kMail)) addresses.push_back(address);
  }
  return addresses;
}

IdentityList list_of(const schema::AccountRecord& profile, const schema::HeadRecord& head, schema::SenderRecord record) {
  IdentityList list{head.modseq, record.identities_floor, profile.name, mail_addresses(profile), {}, std::move(record.gone)};
  for (const std::string& address : list.addresses) {
    schema::IdentityRecord identity;
    identity.number = number_of_address(address);
    identity.email = address.substr(kMail.size());
    identity.name = profile.name;
    const auto changed = std::find_if(record.identities.begin(), record.identities.end(), [&](const auto& each) { return each.number == identity.number; });
    list.identities.push_back(changed != record.identities.end() ? *changed : std::move(identity));
  }
  for (schema::IdentityRecord& identity : record.identities) {
    if (!is_of_address(identity.number) && is_one_of(list.addresses, identity.email)) list.identities.push_back(std::move(identity));
  }
  return list;
}

// One more than are told: those who knew it are told nothing at all.
void note_gone(schema::SenderRecord& record, schema::GoneIdentity gone) {
  record.gone.push_back(gone);
  if (record.gone.size() <= kMostGone) return;
  record.identities_floor = record.gone.front().modseq;
  record.gone.erase(record.gone.begin());
}

Result<void> keep(AccountWrite& write, const schema::SenderRecord& record) {
  const std::string bytes = schema::encode(record);
  if (bytes.size() > kMostSenderBytes) return {Errc::too_large, "all identities together have at most 1 MiB"};
  write.put(Space::point, keys::kSender, bytes);
  return write.commit();
}

template <class Reader>
Result<schema::SenderRecord> sender_in(const Reader& reader) {
  TELEPOST_ASSIGN(auto record, stored<schema::decode_SenderRecord>(reader, Space::point, std::string(keys::kSender)));
  return record ? *std::move(record) : schema::SenderRecord();
}

}  // namespace

bool is_of_address(std::uint64_t number) { return (number & kOfAddress) != 0; }

bool is_one_of(const std::vector<std::string>& addresses, std::string_view address) {
  const auto is_there = [&](const std::string& one) {
    const Result<std::string> canonical = canonical_address(std::string(kMail) + one);
    return canonical.ok() && std::find(addresses.begin(), addresses.end(), *canonical) != addresses.end();
  };
  const std::size_t at = address.rfind('@'), plus = address.find('+', 1);
  if (at == std::string_view::npos) return false;
  if (is_there(std::string(address))) return true;
  return plus < at && is_there(std::string(address.substr(0, plus)).append(address.substr(at)));
}

const schema::IdentityRecord* IdentityList::find(std::uint64_t number) const {
  const auto found = std::find_if(identities.begin(), identities.end(), [&](const auto& identity) { return identity.number == number; });
  return found == identities.end() ? nullptr : &*found;
}

Result<schema::SenderRecord> read_sender(const AccountWrite& write) { return sender_in(write); }
Result<schema::SenderRecord> read_sender(const PartitionReader& reader) { return sender_in(reader); }

Result<IdentityList> identities_of(Store& store, schema::AccountId account) {
  const auto snapshot = rooms_of(store).engine->snapshot(schema::Partition::account(account));
  TELEPOST_ASSIGN(const auto head, stored<schema::decode_HeadRecord>(*snapshot, Space::point, std::string(keys::kHead)));
  TELEPOST_ASSIGN(const auto profile, stored<schema::decode_AccountRecord>(*snapshot, Space::point, std::string(keys::kAccount)));
  if (!head || !profile) return {Errc::not_found, "no account " + schema::to_string(account)};
  TELEPOST_ASSIGN(schema::SenderRecord record, read_sender(*snapshot));
  return list_of(*profile, *head, std::move(record));
}

Result<schema::IdentityRecord> put_identity(Store& store, schema::AccountId account, schema::IdentityRecord identity) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(schema::SenderRecord record, read_sender(write));
  const IdentityList list = list_of(write.profile(), write.head(), record);
  const schema::IdentityRecord* const before = list.find(identity.number);
  if (identity.number != 0 && before == nullptr) return {Errc::not_found, "no such identity"};
  if (before == nullptr && !is_one_of(list.addresses, identity.email)) return {Errc::denied, "the account does not have the address"};
  identity.modseq = write.advance();
  if (before != nullptr) {
    identity.email = before->email;
    identity.created = before->created;
  } else {
    identity.number = rooms_of(store).numbers.next();
    identity.created = identity.modseq;
  }
  // Those whose address is gone are told to nobody, and take nobody's place.
  std::erase_if(record.identities, [&](const auto& each) { return list.find(each.number) == nullptr; });
  const auto place = std::find_if(record.identities.begin(), record.identities.end(), [&](const auto& each) { return each.number == identity.number; });
  if (place != record.identities.end()) *place = identity;
  else if (record.identities.size() == kMostIdentities) return {Errc::too_many, "an account has at most 100 identities"};
  else record.identities.push_back(identity);
  TELEPOST_TRY(keep(write, record));
  return identity;
}

Result<void> remove_identity(Store& store, schema::AccountId account, std::uint64_t number) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(schema::SenderRecord record, read_sender(write));
  if (list_of(write.profile(), write.head(), record).find(number) == nullptr) return {Errc::not_found, "no such identity"};
  if (is_of_address(number)) return {Errc::refused, "it goes with its address"};
  const auto place = std::find_if(record.identities.begin(), record.identities.end(), [&](const auto& each) { return each.number == number; });
  note_gone(record, {number, place->created, write.advance()});
  record.identities.erase(place);
  return keep(write, record);
}

}  // namespace telepost::store
