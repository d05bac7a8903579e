// What urn:telepost:params:jmap:message adds to Email (schema/jmap.md): what a message of any kind is, for which RFC 8621 has no words.
#pragma once

#include <string_view>

#include "adapters/jmap/email_content.h"
#include "adapters/jmap/methods.h"
#include "store/message_reader.h"

namespace telepost::adapters::jmap {

inline constexpr std::string_view kMessage = "urn:telepost:params:jmap:message";

// Known where a request uses the capability, and given where they are asked for by name.
const Names& message_properties();

// Puts those that are wanted into json. Errors: not_found (it went meanwhile), too_large (the call has had too much text), and those of
// reading the store.
Result<void> add_message_properties(Json& json, store::Store& store, StoredEmail& content, const store::MessageReader::Selected& message,
                                    const EmailWanted& wanted, ValueBudget& budget);

void offer_message(Methods& methods);

}  // namespace telepost::adapters::jmap
