#include "store/contacts.h"

#include <algorithm>
#include <deque>
#include <set>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/engine/engine.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

Contacts::Contacts(std::unique_ptr<PartitionReader> snapshot, schema::ContactsRecord record, schema::Modseq modseq, schema::Modseq floor)
    : snapshot_(std::move(snapshot)), record_(std::move(record)), modseq_(modseq), floor_(floor) {}
Contacts::Contacts(Contacts&&) noexcept = default;
Contacts::~Contacts() = default;

Result<Contacts> Contacts::open(Store& store, schema::AccountId account) {
  auto snapshot = rooms_of(store).engine->snapshot(schema::Partition::account(account));
  TELEPOST_ASSIGN(const auto head, stored<schema::decode_HeadRecord>(*snapshot, Space::point, std::string(keys::kHead)));
  if (!head) return {Errc::not_found, "no account " + schema::to_string(account)};
  TELEPOST_ASSIGN(auto record, stored<schema::decode_ContactsRecord>(*snapshot, Space::point, std::string(keys::kContacts)));
  return Contacts(std::move(snapshot), record ? *std::move(record) : schema::first_contacts(), head->modseq, head->floor);
}

const schema::AddressBookRecord* Contacts::book(std::uint32_t number) const {
  const auto found = std::find_if(record_.books.begin(), record_.books.end(), [&](const auto& book) { return book.number == number; });
  return found == record_.books.end() ? nullptr : &*found;
}

Result<std::optional<schema::CardRecord>> Contacts::card(std::uint64_t number) const {
  return stored<schema::decode_CardRecord>(*snapshot_, Space::scan, keys::card(number));
}

Result<std::optional<std::uint64_t>> Contacts::card_by_uid(std::string_view uid) const {
  return card_by_uid_in(*snapshot_, uid);
}

Result<void> Contacts::for_each_card(const std::function<bool(const schema::CardRecord&)>& visit) const {
  Result<void> decoded;
  TELEPOST_TRY(snapshot_->scan(Space::scan, keys::kCards, keys::after(keys::kCards), [&](std::string_view, std::string_view value) {
    const auto card = schema::decode_CardRecord(value);
    if (!card.ok()) decoded = card.error();
    return card.ok() && visit(*card);
  }));
  return decoded;
}

// Tombstones of mail stand between: it costs what was removed since.
Result<void> Contacts::gone_behind(schema::Modseq since, schema::ChangeRecord::What what, std::size_t most,
                                   std::vector<ContactChange>& into) const {
  Result<void> decoded;
  std::size_t found = 0;
  const auto visit = [&](std::string_view key, std::string_view value) {
    const auto record = schema::decode_ChangeRecord(value);
    if (!record.ok()) decoded = record.error();
    else if (record->what == what && record->created <= since) {
      into.push_back({record->id, {ByteReader(key.substr(1)).u64()}, record->created, true});
      ++found;
    }
    return decoded.ok() && found < most;
  };
  TELEPOST_TRY(snapshot_->scan(Space::scan, keys::gone({since.value + 1}), keys::after("G"), visit));
  return decoded;
}

Result<ContactChanges> Contacts::book_changes(schema::Modseq since) const {
  ContactChanges told{modseq_, {}};
  for (const schema::AddressBookRecord& book : record_.books) {
    if (book.modseq > since) told.changes.push_back({book.number, book.modseq, book.created});
  }
  TELEPOST_TRY(gone_behind(since, schema::ChangeRecord::What::address_book_gone, ~std::size_t{0}, told.changes));
  return told;
}

Result<ContactChanges> Contacts::card_changes(schema::Modseq since, std::size_t most) const {
  std::vector<ContactChange> live, gone;
  Result<void> decoded;
  TELEPOST_TRY(snapshot_->scan(Space::scan, keys::card_change({since.value + 1}), keys::after(keys::kCardChanges),
                               [&](std::string_view key, std::string_view value) {
    const auto change = schema::decode_CardChangeRecord(value);
    if (!change.ok()) decoded = change.error();
    else live.push_back({change->number, {ByteReader(key.substr(1)).u64()}, change->created});
    return decoded.ok() && live.size() < most;
  }));
  TELEPOST_TRY(decoded);
  TELEPOST_TRY(gone_behind(since, schema::ChangeRecord::What::card_gone, most, gone));
  ContactChanges told{modseq_, {}};
  for (const auto* const list : {&live, &gone}) {
    if (list->size() == most) told.until = std::min(told.until, list->back().at);  // there may be more behind it
  }
  for (const auto* const list : {&live, &gone}) {
    for (const ContactChange& change : *list) {
      if (change.at <= told.until) told.changes.push_back(change);
    }
  }
  return told;
}

Result<GroupMembers> Contacts::members_of(std::string_view uid) const {
  GroupMembers found;
  std::set<std::string, std::less<>> seen = {std::string(uid)};
  std::deque<std::string> open = {std::string(uid)};
  for (; !open.empty(); open.pop_front()) {
    const std::string& one = open.front();
    const bool is_first = seen.size() == 1;
    TELEPOST_ASSIGN(const auto number, card_by_uid(one));
    TELEPOST_ASSIGN(const auto card, number ? this->card(*number) : Result<std::optional<schema::CardRecord>>(std::nullopt));
    const bool is_group = card && card->kind == "group";
    if (is_first && !card) return {Errc::not_found, "no card has that uid"};
    if (is_first && !is_group) return {Errc::invalid, "the card is no group"};
    if (!card && (one.starts_with("mailto:") || one.starts_with("tel:"))) found.members.push_back({0, one, {one}});
    else if (!card) found.unknown.push_back(one);
    else if (!is_group) found.members.push_back({card->number, one, card->addresses});
    else {
      for (const std::string& member : card->members) {
        if (!seen.insert(member).second) continue;
        if (seen.size() > kMostGroupMembers) return {Errc::too_many, "a group leads to at most 5,000 cards"};
        open.push_back(member);
      }
    }
  }
  return found;
}

}  // namespace telepost::store
