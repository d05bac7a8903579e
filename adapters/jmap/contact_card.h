// ContactCard (RFC 9610 section 3): a Card of JSContact with an id and address books.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/jmap/address_book.h"
#include "adapters/jmap/json_codec.h"
#include "schema/contact_records.h"

namespace telepost::adapters::jmap {

std::string card_id(std::uint64_t number);
std::optional<std::uint64_t> card_from(std::string_view id);

// The Card of a record, as it is stored. corrupt.
Result<Json> card_of(const schema::CardRecord& record);
// With id and addressBookIds.
Result<Json> contact_card_of(const schema::CardRecord& record);

Method get_cards, card_changes, set_cards, query_cards, card_query_changes;

}  // namespace telepost::adapters::jmap
