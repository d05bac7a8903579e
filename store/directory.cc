#include "store/directory.h"

#include "schema/keys.h"
#include "store/account_write.h"
#include "store/due_list.h"
#include "store/mailboxes.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<std::optional<schema::AccountId>> Directory::find(std::string_view address) const {
  TELEPOST_ASSIGN(const auto bytes, rooms_.engine->reader(keys::directory_slice(address))->get(Space::point, keys::address(address)));
  if (!bytes) return std::optional<schema::AccountId>();
  TELEPOST_ASSIGN(const schema::AddressRecord record, schema::decode_AddressRecord(*bytes));
  return std::optional<schema::AccountId>(record.account);
}

std::optional<Range> Directory::range_of(std::string_view address) const {
  const std::size_t colon = address.find(':');
  const std::string_view scheme = address.substr(0, colon);
  const std::string_view rest = address.substr(colon + 1);
  if (scheme == "tel") {
    const schema::NumberRange* longest = nullptr;
    for (const schema::NumberRange& range : rooms_.configuration.numbers) {
      if (rest.starts_with(range.prefix) && (longest == nullptr || range.prefix.size() > longest->prefix.size())) longest = &range;
    }
    if (longest == nullptr) return std::nullopt;
    return Range{longest->class_of_service, longest->create};
  }
  const std::size_t at = rest.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  for (const schema::Domain& domain : rooms_.configuration.domains) {
    if (rest.substr(at + 1) == domain.name) return Range{domain.class_of_service, domain.create};
  }
  return std::nullopt;
}

CommitEntry Directory::claim(std::string_view address, schema::AccountId account) {
  CommitEntry entry{Batch(keys::directory_slice(address)), {{Space::point, keys::address(address), std::nullopt}}};
  entry.batch.put(Space::point, keys::address(address), schema::encode(schema::AddressRecord{account}));
  return entry;
}

CommitEntry Directory::release(std::string_view address, schema::AccountId account) {
  CommitEntry entry{Batch(keys::directory_slice(address)),
                    {{Space::point, keys::address(address), schema::encode(schema::AddressRecord{account})}}};
  entry.batch.erase(Space::point, keys::address(address));
  return entry;
}

Result<schema::AccountId> Directory::create(schema::AccountRecord profile) {
  const schema::AccountId account{rooms_.random.u64()};
  const Time now = rooms_.clock.now();
  profile.created = now;
  AccountWrite write = AccountWrite::create(rooms_, account);
  write.head().next_uidvalidity = static_cast<std::uint32_t>(to_millis(now) / 1000);
  const schema::Modseq modseq = write.advance();
  schema::MailboxRecord inbox;
  inbox.id = kInbox;
  inbox.name = "INBOX";
  inbox.role = schema::Role::inbox;
  inbox.uidvalidity = write.head().next_uidvalidity++;
  inbox.created_modseq = inbox.modseq = inbox.properties_modseq = modseq;
  write.head().next_mailbox = schema::MailboxId{kInbox.value + 1};
  write.add_mailbox(inbox);
  std::string id;
  ByteWriter(id).u32(inbox.id.value);
  write.put(Space::point, keys::mailbox_name(schema::MailboxId{0}, inbox.name), id);
  // If the addresses never come, this finds an account that nobody can reach.
  write.add_due(now + due::kAddressCheck, due::kCheckAddresses, due::no_id());

  CommitEntry listed{Batch(keys::account_list_slice(account))};
  listed.batch.put(Space::scan, keys::listed_account(account),
                   schema::encode(schema::AccountListRecord{now, profile.addresses.front()}));
  write.before(std::move(listed));
  for (const std::string& address : profile.addresses) write.after(claim(address, account));
  write.set_profile(std::move(profile));
  write.head().policy_revision = write.service().revision;  // nothing is there to be dated
  const Result<void> committed = write.commit();
  if (!committed.ok() && committed.error().kind == Errc::conflict) return {Errc::exists, "the address was taken meanwhile"};
  TELEPOST_TRY(committed);
  return account;
}

}  // namespace telepost::store
