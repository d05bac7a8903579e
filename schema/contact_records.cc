#include "schema/contact_records.h"

#include "schema/record_codec.h"

namespace telepost::schema {

ContactsRecord first_contacts() {
  ContactsRecord record;
  AddressBookRecord& book = record.books.emplace_back();
  book.number = record.default_book = record.next_book++;
  book.name = "Contacts";
  return record;
}

std::string encode(const ContactsRecord& r) {
  return Encoder().list(r.books, [](Encoder& each, const AddressBookRecord& book) {
    each.number(book.number).text(book.name).text(book.description).number(book.sort_order).number(book.subscribed).number(book.cards)
        .number(book.created).number(book.modseq);
  }).number(r.default_book).number(r.next_book).number(r.cards).number(r.bytes).take();
}
Result<ContactsRecord> decode_ContactsRecord(std::string_view bytes) {
  ContactsRecord r;
  Decoder in(bytes, "contacts record");
  in.list(r.books, [](Decoder& each, AddressBookRecord& book) {
    each.number(book.number).text(book.name).text(book.description).number(book.sort_order).number(book.subscribed).number(book.cards)
        .number(book.created).number(book.modseq);
  }).number(r.default_book).number(r.next_book).number(r.cards).number(r.bytes);
  return in.finish(std::move(r));
}

std::string encode(const CardRecord& r) {
  return Encoder().number(r.number).number(r.created).number(r.modseq)
      .list(r.books, [](Encoder& each, std::uint32_t book) { each.number(book); }).text(r.uid).text(r.kind).texts(r.members)
      .texts(r.addresses).text(r.text).take();
}
Result<CardRecord> decode_CardRecord(std::string_view bytes) {
  CardRecord r;
  Decoder in(bytes, "card record");
  in.number(r.number).number(r.created).number(r.modseq).list(r.books, [](Decoder& each, std::uint32_t& book) { each.number(book); })
      .text(r.uid).text(r.kind).texts(r.members).texts(r.addresses).text(r.text);
  return in.finish(std::move(r));
}

std::string encode(const CardChangeRecord& r) { return Encoder().number(r.number).number(r.created).take(); }
Result<CardChangeRecord> decode_CardChangeRecord(std::string_view bytes) {
  CardChangeRecord r;
  Decoder in(bytes, "card change record");
  in.number(r.number).number(r.created);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
