#include "store/contacts_write.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kCardsAtOnce = 16;  // that go with their book: in memory, up to 256 KiB each, while the account's lock is held
// What a card adds to a batch at most: its text, and members and addresses beside it, which are in the text too; and what the batch's end
// adds: all address books.
constexpr std::size_t kRoomForCard = 2 * kMostCardBytes + (std::size_t{512} << 10);
static_assert(kMostAddressBooks * (kMostBookNameBytes + kMostBookDescriptionBytes + 64) < (std::size_t{512} << 10));
constexpr std::string_view kAboutCards = "at least one address book, and only those that are there";

}  // namespace

Result<ContactsWrite> ContactsWrite::begin(Store& store, schema::AccountId account) {
  ContactsWrite write(rooms_of(store), account);
  TELEPOST_TRY(write.open());
  return Result<ContactsWrite>(std::move(write));
}

Result<void> ContactsWrite::open() {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(*rooms_, account_, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(auto record, stored<schema::decode_ContactsRecord>(write, Space::point, std::string(keys::kContacts)));
  record_ = record ? *std::move(record) : schema::first_contacts();
  const schema::Modseq now = write.head().modseq;
  if (is_first_) step_ = {now, now, true};
  else step_.is_whole = step_.is_whole && step_.after == now;
  is_first_ = false;
  write_.emplace(std::move(write));
  return {};
}

Result<void> ContactsWrite::commit() {
  const schema::Modseq now = write_->head().modseq;
  if (now == step_.after) return write_.reset(), Result<void>();  // nothing changed
  write_->put(Space::point, keys::kContacts, schema::encode(record_));
  const Result<void> committed = write_->commit();
  write_.reset();
  if (committed.ok()) step_.after = now;
  return committed;
}

Result<void> ContactsWrite::make_room() {
  if (write_->has_room(kRoomForCard) && !write_->full()) return {};
  TELEPOST_TRY(commit());
  return open();
}

Result<Step> ContactsWrite::finish() {
  TELEPOST_TRY(commit());
  return step_;
}

const schema::AddressBookRecord* ContactsWrite::book(std::uint32_t number) const { return const_cast<ContactsWrite*>(this)->find(number); }

schema::AddressBookRecord* ContactsWrite::find(std::uint32_t number) {
  const auto found = std::find_if(record_.books.begin(), record_.books.end(), [&](const auto& each) { return each.number == number; });
  return found == record_.books.end() ? nullptr : &*found;
}

Result<std::optional<schema::CardRecord>> ContactsWrite::card(std::uint64_t number) const {
  return stored<schema::decode_CardRecord>(*write_, Space::scan, keys::card(number));
}

Result<std::optional<std::uint64_t>> ContactsWrite::card_by_uid(std::string_view uid) const {
  return card_by_uid_in(*write_, uid);
}

void ContactsWrite::bury(schema::ChangeRecord::What what, std::uint64_t number, schema::Modseq created) {
  schema::ChangeRecord tombstone;
  tombstone.what = what;
  tombstone.id = number;
  tombstone.created = created;
  tombstone.time = write_->now();
  write_->log(write_->advance(), tombstone, schema::Modseq{0});
}

Result<schema::AddressBookRecord> ContactsWrite::put_book(schema::AddressBookRecord book) {
  if (book.name.empty() || book.name.size() > kMostBookNameBytes) return {Errc::invalid, "a name has 1 to 255 bytes"};
  if (book.description.size() > kMostBookDescriptionBytes) return {Errc::invalid, "a description has at most 4,096 bytes"};
  schema::AddressBookRecord* const before = find(book.number);
  if (book.number != 0 && before == nullptr) return {Errc::not_found, "no such address book"};
  if (before == nullptr && record_.books.size() >= kMostAddressBooks) return {Errc::too_many, "an account has at most 100 address books"};
  book.modseq = write_->advance();
  book.number = before != nullptr ? before->number : record_.next_book++;
  book.cards = before != nullptr ? before->cards : 0;
  book.created = before != nullptr ? before->created : book.modseq;
  if (before != nullptr) *before = book;
  else record_.books.push_back(book);
  return book;
}

Result<void> ContactsWrite::set_default(std::uint32_t book) {
  schema::AddressBookRecord* const next = find(book);
  if (next == nullptr) return {Errc::not_found, "no such address book"};
  if (record_.default_book == book) return {};
  schema::AddressBookRecord* const last = find(record_.default_book);
  if (last != nullptr) last->modseq = write_->advance();
  next->modseq = write_->advance();
  record_.default_book = book;
  return {};
}

Result<void> ContactsWrite::remove_book(std::uint32_t book, Cards cards) {
  if (find(book) == nullptr) return {Errc::not_found, "no such address book"};
  if (book == record_.default_book) return {Errc::refused, "the default address book stays; make another one the default first"};
  if (cards == Cards::stay && find(book)->cards != 0) return {Errc::refused, "the address book has cards"};
  for (std::string from(keys::kCards); find(book) != nullptr && find(book)->cards != 0;) {
    TELEPOST_ASSIGN(const auto page, write_->scan(Space::scan, from, keys::after(keys::kCards), kCardsAtOnce));
    if (page.empty()) return {Errc::corrupt, "an address book counts cards that are not there; run telepost verify"};
    for (const auto& [key, value] : page) {
      from = key + '\0';
      TELEPOST_TRY(make_room());  // others may change the card there
      TELEPOST_ASSIGN(const auto before, card(ByteReader(std::string_view(key).substr(1)).u64()));
      if (!before || std::find(before->books.begin(), before->books.end(), book) == before->books.end()) continue;
      schema::CardRecord after = *before;
      std::erase(after.books, book);
      TELEPOST_TRY(after.books.empty() ? drop(*before) : store(after, before));
    }
  }
  const schema::AddressBookRecord* const emptied = find(book);
  if (emptied == nullptr) return {Errc::not_found, "no such address book"};  // somebody else removed it meanwhile
  bury(schema::ChangeRecord::What::address_book_gone, book, emptied->created);
  std::erase_if(record_.books, [&](const auto& each) { return each.number == book; });
  return {};
}

void ContactsWrite::count(const schema::CardRecord& card, std::size_t bytes, int sign) {
  const bool comes = sign > 0;
  record_.cards += comes ? 1u : ~0u;
  record_.bytes += comes ? bytes : std::uint64_t{0} - bytes;
  for (const std::uint32_t number : card.books) {
    if (schema::AddressBookRecord* const in = find(number)) in->cards += comes ? 1u : ~0u;
  }
}

// `card` gets its modseq. Everything was looked at.
Result<void> ContactsWrite::store(schema::CardRecord& card, const std::optional<schema::CardRecord>& before) {
  if (before) {
    count(*before, schema::encode(*before).size(), -1);
    write_->erase(Space::scan, keys::card_change(before->modseq));
    if (before->uid != card.uid) write_->erase(Space::scan, keys::card_by_uid(before->uid));
  }
  card.modseq = write_->advance();
  if (!before) card.created = card.modseq;
  const std::string bytes = schema::encode(card);
  std::string number;
  ByteWriter(number).u64(card.number);
  write_->put(Space::scan, keys::card(card.number), bytes);
  write_->put(Space::scan, keys::card_by_uid(card.uid), number);
  write_->put(Space::scan, keys::card_change(card.modseq), schema::encode(schema::CardChangeRecord{card.number, card.created}));
  count(card, bytes.size(), +1);
  return {};
}

Result<schema::CardRecord> ContactsWrite::put_card(schema::CardRecord card) {
  if (card.text.size() > kMostCardBytes) return {Errc::too_large, "a card has at most 256 KiB"};
  std::sort(card.books.begin(), card.books.end());
  card.books.erase(std::unique(card.books.begin(), card.books.end()), card.books.end());
  const bool has_books = !card.books.empty() && std::all_of(card.books.begin(), card.books.end(), [&](std::uint32_t number) { return find(number) != nullptr; });
  if (!has_books) return {Errc::invalid, std::string(kAboutCards)};
  std::optional<schema::CardRecord> before;
  if (card.number != 0) {
    TELEPOST_ASSIGN(before, this->card(card.number));
    if (!before) return {Errc::not_found, "no such card"};
    card.created = before->created;
  }
  TELEPOST_ASSIGN(const auto named, card_by_uid(card.uid));
  if (named && *named != card.number) return {Errc::exists, "another card has that uid"};
  if (!before && record_.cards >= kMostCards) return {Errc::too_many, "an account has at most 20,000 cards"};
  const std::uint64_t was = before ? before->text.size() : 0;
  if (card.text.size() > was && record_.bytes - was + card.text.size() > kMostContactBytes) return {Errc::over_quota, "all cards of an account have at most 64 MiB"};
  if (!before) card.number = rooms_->numbers.next();
  TELEPOST_TRY(store(card, before));
  return card;
}

Result<void> ContactsWrite::drop(const schema::CardRecord& card) {
  count(card, schema::encode(card).size(), -1);
  write_->erase(Space::scan, keys::card(card.number));
  write_->erase(Space::scan, keys::card_by_uid(card.uid));
  write_->erase(Space::scan, keys::card_change(card.modseq));
  bury(schema::ChangeRecord::What::card_gone, card.number, card.created);
  return {};
}

Result<void> ContactsWrite::remove_card(std::uint64_t number) {
  TELEPOST_ASSIGN(const auto card, this->card(number));
  if (!card) return {Errc::not_found, "no such card"};
  return drop(*card);
}

}  // namespace telepost::store
