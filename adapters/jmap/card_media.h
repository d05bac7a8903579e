// What a contact card holds of media as a blob (RFC 9610 section 3).
#pragma once

#include <memory>

#include "adapters/jmap/blob.h"

namespace telepost::adapters::jmap {

// not_found: the card does not have it (any more).
Result<std::unique_ptr<Blob>> open_card_media(store::Store& store, schema::AccountId account, const BlobId& id);

}  // namespace telepost::adapters::jmap
