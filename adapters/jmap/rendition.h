// What else bytes can be read as: a text that is made from them, the same that every reader of ours shows (transcoders/mime/rendition.h).
#pragma once

#include <memory>
#include <string_view>

#include "adapters/jmap/blob.h"

namespace telepost::adapters::jmap {

// The media type that a blob of this one can be read as beside its own; "" for none.
std::string_view rendition_of(std::string_view type);

// The blob as that type: of HTML its text, of a message the text of its body, in UTF-8. It needs the blob no more. Precondition:
// rendition_of(blob.type()) is one. Errors: too_large: more than a rendition holds; those of reading the blob.
Result<std::unique_ptr<Blob>> render(Blob& blob);

}  // namespace telepost::adapters::jmap
