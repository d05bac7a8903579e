// A subscriber's address books and contact cards (RFC 9610), by the rules of schema/records.h. They lie in the account's partition, and
// their changes count in its modseq. Those that went have their tombstones among the account's (ChangeRecord): readers of mail pass over
// them, and all end together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

// RFC 9610 section 2.
struct AddressBookRecord {
  std::uint32_t number = 0;      // never 0, never given twice
  std::string name;
  std::string description;       // "" for none
  std::uint32_t sort_order = 0;
  bool subscribed = true;
  std::uint32_t cards = 0;       // that are in it
  Modseq created{}, modseq{};    // modseq: of its last change, cards apart; 0: it is there from the account's beginning
  bool operator==(const AddressBookRecord&) const = default;
};

// All of them, and what the account's cards come to. Without the record nobody changed anything yet: first_contacts().
struct ContactsRecord {
  std::vector<AddressBookRecord> books;  // by number
  std::uint32_t default_book = 0;        // always one of them
  std::uint32_t next_book = 1;
  std::uint32_t cards = 0;
  std::uint64_t bytes = 0;               // of all cards' records
  bool operator==(const ContactsRecord&) const = default;
};
ContactsRecord first_contacts();  // one book, the default one

// A card as its JSContact text (RFC 9553), and what is looked for without reading it.
struct CardRecord {
  std::uint64_t number = 0;
  Modseq created{}, modseq{};
  std::vector<std::uint32_t> books;    // at least one, ascending
  std::string uid;                     // one card of an account has it
  std::string kind;                    // "individual" where the card says nothing
  std::vector<std::string> members;    // of a group: the uids
  std::vector<std::string> addresses;  // "mailto:ann@example.test", "tel:+15550100", what the card prefers first
  std::string text;                    // a JSON object: the Card
  bool operator==(const CardRecord&) const = default;
};

// The live entry of a card, at its last change.
struct CardChangeRecord {
  std::uint64_t number = 0;
  Modseq created{};
  bool operator==(const CardChangeRecord&) const = default;
};

std::string encode(const ContactsRecord& record);
std::string encode(const CardRecord& record);
std::string encode(const CardChangeRecord& record);
Result<ContactsRecord> decode_ContactsRecord(std::string_view bytes);
Result<CardRecord> decode_CardRecord(std::string_view bytes);
Result<CardChangeRecord> decode_CardChangeRecord(std::string_view bytes);

namespace keys {  // schema/keys.cc
inline constexpr std::string_view kContacts = "Z";
inline constexpr std::string_view kCards = "K";        // prefixes, in the scan space
inline constexpr std::string_view kCardsByUid = "J";
inline constexpr std::string_view kCardChanges = "M";
std::string card(std::uint64_t number);
std::string card_by_uid(std::string_view uid);         // of any length
std::string card_change(Modseq modseq);
}  // namespace keys

}  // namespace telepost::schema
