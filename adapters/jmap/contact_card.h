// ContactCard (RFC 9610 section 3): a Card of JSContact with an id and address books.
#pragma once

#include <string>
#include <string_view>

#include "adapters/jmap/address_book.h"
#include "adapters/jmap/blob_codec.h"
#include "adapters/jmap/json_codec.h"
#include "schema/contact_records.h"

namespace telepost::adapters::jmap {

// The Card of a record, as it is stored. corrupt.
Result<Json> card_of(const schema::CardRecord& record);
// With id and addressBookIds.
Result<Json> contact_card_of(const schema::CardRecord& record);

// Section 3: media that the card itself holds ("data:") are blobs to clients.
void show_media_as_blobs(Json& card, std::uint64_t number);
struct CardMedia {
  std::string type, bytes;
};
std::optional<CardMedia> media_in(std::string_view uri);  // nothing: no "data:" URI (RFC 2397) with bytes
std::string media_digest(std::string_view uri);           // what its blob id has of it
std::string media_uri(std::string_view type, std::string_view bytes);

Method get_cards, card_changes, set_cards, query_cards, card_query_changes, copy_cards;

}  // namespace telepost::adapters::jmap
