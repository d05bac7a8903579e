// An account's address books and cards against each other: each card is found by its uid and told of once, and the books count what is
// in them.
#include <map>
#include <set>

#include "base/bytes.h"
#include "schema/contact_records.h"
#include "schema/keys.h"
#include "store/contacts.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;

bool is_of_contacts(std::string_view key) {
  return key.starts_with(keys::kCards) || key.starts_with(keys::kCardsByUid) || key.starts_with(keys::kCardChanges);
}

Result<void> AccountVerification::verify_contacts() {
  TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::point, keys::kContacts));
  auto read = bytes ? schema::decode_ContactsRecord(*bytes) : Result<schema::ContactsRecord>(schema::first_contacts());
  if (!read.ok()) return damage("record", keys::kContacts, read.error().detail), Result<void>();
  schema::ContactsRecord counted = *read;
  counted.cards = 0;
  counted.bytes = 0;
  std::map<std::uint32_t, schema::AddressBookRecord*> books;
  for (schema::AddressBookRecord& book : counted.books) {
    book.cards = 0;
    books.emplace(book.number, &book);
    if (book.number >= counted.next_book) damage("contacts", keys::kContacts, "an address book numbered above the next one");
    if (book.modseq > head_.modseq) damage("change", keys::kContacts, "an address book changed after the head's modseq");
  }
  if (!books.contains(counted.default_book)) damage("contacts", keys::kContacts, "the default address book is not there");
  std::map<std::uint64_t, schema::Modseq> cards;  // and what is to be told of each
  TELEPOST_TRY(scan(Space::scan, keys::kCards, keys::after(keys::kCards), [&](std::string_view key, std::string_view value) -> Result<void> {
    const auto card = schema::decode_CardRecord(value);
    if (!card.ok() || keys::card(card->number) != key) return damage("record", key, card.ok() ? "a card under another's key" : card.error().detail), Result<void>();
    cards.emplace(card->number, card->modseq);
    ++counted.cards;
    counted.bytes += value.size();
    if (card->modseq > head_.modseq) damage("change", key, "a card changed after the head's modseq");
    if (card->books.empty()) damage("contacts", key, "a card in no address book");
    for (const std::uint32_t number : card->books) {
      if (const auto book = books.find(number); book != books.end()) ++book->second->cards;
      else damage("contacts", key, "a card in an address book that is not there");
    }
    TELEPOST_ASSIGN(const auto named, snapshot_->get(Space::scan, keys::card_by_uid(card->uid)));
    if (!named || ByteReader(*named).u64() != card->number) damage("contacts", key, "a card that is not found by its uid");
    return {};
  }));
  if (counted != *read) damage("counter", keys::kContacts, "the address books count other cards than they have");
  return verify_told_cards(cards);
}

// Each once by its uid, and once in the change log.
Result<void> AccountVerification::verify_told_cards(const std::map<std::uint64_t, schema::Modseq>& cards) {
  std::uint64_t uids = 0, told = 0;
  TELEPOST_TRY(scan(Space::scan, keys::kCardsByUid, keys::after(keys::kCardsByUid), [&](std::string_view, std::string_view) -> Result<void> {
    ++uids;
    return {};
  }));
  if (uids != cards.size()) damage("contacts", keys::kContacts, "there are " + std::to_string(uids) + " uids for " + std::to_string(cards.size()) + " cards");
  TELEPOST_TRY(scan(Space::scan, keys::kCardChanges, keys::after(keys::kCardChanges), [&](std::string_view key, std::string_view value) -> Result<void> {
    const auto change = schema::decode_CardChangeRecord(value);
    if (!change.ok()) return damage("record", key, change.error().detail), Result<void>();
    const auto card = cards.find(change->number);
    if (card == cards.end() || keys::card_change(card->second) != key) damage("change", key, "an entry that is not at its card's last change");
    else ++told;
    return {};
  }));
  if (told != cards.size()) damage("change", keys::kContacts, "a card without its entry in the change log");
  return {};
}

}  // namespace telepost::store
