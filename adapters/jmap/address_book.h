// AddressBook (RFC 9610 section 2) over store/contacts.h, and what it shares with the cards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "adapters/jmap/call.h"
#include "adapters/jmap/methods.h"
#include "adapters/jmap/set_codec.h"
#include "store/contacts_write.h"

namespace telepost::adapters::jmap {

inline constexpr std::string_view kContacts = "urn:ietf:params:jmap:contacts";

std::string address_book_id(std::uint32_t number);
std::optional<std::uint32_t> address_book_from(std::string_view id);

// Commits, and fills in the states. An error: what the call ends with.
std::optional<MethodError> finish(store::ContactsWrite& write, SetResponse& response);

// /changes of books or of cards. told: what the log has of them behind a state, of cards the earliest, one more than `most` at most.
struct ContactLog {
  Result<store::ContactChanges> (*told)(const store::Contacts& contacts, schema::Modseq since, std::uint64_t most);
  std::string (*id_of)(std::uint64_t number);
};
MethodResult contact_changes(Call& call, const ContactLog& log);

Method get_address_books, address_book_changes, set_address_books;

void add_contacts(Methods& methods);  // and offers it

}  // namespace telepost::adapters::jmap
