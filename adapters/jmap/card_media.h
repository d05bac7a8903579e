// What a contact card holds of media as a blob (RFC 9610 section 3).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/json_codec.h"

namespace telepost::adapters::jmap {

struct CardMedia {
  std::string type, bytes;
};
std::optional<CardMedia> media_in(std::string_view uri);  // nothing: no "data:" URI (RFC 2397) with bytes
std::string media_digest(std::string_view uri);           // what its blob id has of it
std::string media_uri(std::string_view type, std::string_view bytes);

// Media that the card itself holds ("data:") are blobs to clients. `number`: the card's.
void show_media_as_blobs(Json& card, std::uint64_t number);

// not_found: the card does not have it (any more).
Result<std::unique_ptr<Blob>> open_card_media(store::Store& store, schema::AccountId account, const BlobId& id);

}  // namespace telepost::adapters::jmap
