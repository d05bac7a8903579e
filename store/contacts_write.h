// Changes of an account's contacts, one after the other, as few batches as hold them: each with its entries in the account's change log.
// Nobody else changes the account between two of one batch. What was not finished leaves nothing of its last batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "schema/contact_records.h"
#include "store/account_write.h"
#include "store/contacts.h"
#include "store/mailboxes.h"

namespace telepost::store {

inline constexpr std::size_t kMostBookNameBytes = 255;  // RFC 9610 section 2
inline constexpr std::size_t kMostBookDescriptionBytes = 4'096;

// One thread; blocks on the disk, and keeps the account's lock.
class ContactsWrite {
 public:
  static Result<ContactsWrite> begin(Store& store, schema::AccountId account);  // not_found

  schema::Modseq before() const { return step_.before; }  // the state that it begins with
  bool has_committed() const { return step_.before != step_.after; }  // part of it is durable
  // Before each change: ends the batch where it is near its bound. Others may change the account there, so that what was read is old.
  Result<void> make_room();

  // As they are with what was changed here so far.
  const schema::ContactsRecord& books() const { return record_; }
  const schema::AddressBookRecord* book(std::uint32_t number) const;
  Result<std::optional<schema::CardRecord>> card(std::uint64_t number) const;
  Result<std::optional<std::uint64_t>> card_by_uid(std::string_view uid) const;

  // Makes one (number 0), or changes name, description, order and subscription of one. not_found, invalid (name or description of another
  // size), too_many.
  Result<schema::AddressBookRecord> put_book(schema::AddressBookRecord book);
  Result<void> set_default(std::uint32_t book);  // not_found
  // Cards that are in no other one go with it. Errors: not_found, refused (the default one, or it has cards that were to stay).
  enum class Cards : unsigned char { go, stay };
  Result<void> remove_book(std::uint32_t book, Cards cards);

  // Makes one (number 0) or changes one. Errors: not_found, invalid (no books, or none of these), exists (another card has its uid), too_large,
  // too_many (kMostCards), over_quota (kMostContactBytes).
  Result<schema::CardRecord> put_card(schema::CardRecord card);
  Result<void> remove_card(std::uint64_t number);  // not_found

  // Durable at return. From which state to which; where nothing changed they are the same. Nothing may be called behind it.
  Result<Step> finish();

 private:
  ContactsWrite(Rooms& rooms, schema::AccountId account) : rooms_(&rooms), account_(account) {}
  Result<void> open();
  Result<void> commit();
  schema::AddressBookRecord* find(std::uint32_t number);
  void count(const schema::CardRecord& card, std::size_t bytes, int sign);
  void bury(schema::ChangeRecord::What what, std::uint64_t number, schema::Modseq created);
  Result<void> store(schema::CardRecord& card, const std::optional<schema::CardRecord>& before);
  Result<void> drop(const schema::CardRecord& card);

  Rooms* rooms_;
  schema::AccountId account_;
  std::optional<AccountWrite> write_;
  schema::ContactsRecord record_;
  Step step_;
  bool is_first_ = true;  // of the batches
};

}  // namespace telepost::store
