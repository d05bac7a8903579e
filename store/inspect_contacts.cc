// What inspect tells of address books and cards.
#include "base/bytes.h"
#include "schema/contact_records.h"
#include "store/describer.h"

namespace telepost::store {

bool describe_contacts(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_ContactsRecord(bytes);
  if (!r.ok()) return false;
  std::string books;
  for (const schema::AddressBookRecord& book : r->books) {
    books += (books.empty() ? "" : " ") + std::to_string(book.number) + ":'" + book.name + "'" + (book.number == r->default_book ? "*" : "");
  }
  Describer(fields).text("books", books).number("cards", r->cards).number("bytes", r->bytes);
  return true;
}

bool describe_card(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_CardRecord(bytes);
  if (!r.ok()) return false;
  std::string books;
  for (const std::uint32_t book : r->books) books += (books.empty() ? "" : " ") + std::to_string(book);
  Describer(fields).text("uid", r->uid).text("kind", r->kind).text("books", books).number("members", r->members.size())
      .number("addresses", r->addresses.size()).size("text", r->text).number("created", r->created).number("modseq", r->modseq);
  return true;
}

bool describe_card_number(std::string_view bytes, Fields& fields) {
  ByteReader reader(bytes);
  const std::uint64_t number = reader.u64();
  if (!reader.done()) return false;
  Describer(fields).number("card", number);
  return true;
}

bool describe_card_change(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_CardChangeRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("card", r->number).number("created", r->created);
  return true;
}

}  // namespace telepost::store
