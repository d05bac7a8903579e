// An email that a client makes (Email/set create, RFC 8621 section 4.6), and one that it has as bytes (Email/import, section 4.8).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "adapters/jmap/call.h"
#include "adapters/jmap/new_part.h"
#include "adapters/jmap/set_codec.h"
#include "store/append.h"

namespace telepost::adapters::jmap {

// Where it goes: mailboxIds, keywords and receivedAt, which both have.
struct EmailPlace {
  store::Append::Where where;
  std::vector<std::string> faults;  // properties
};
EmailPlace read_place(const Json& object, const CreatedIds& created_ids);

// What became of one. Error: it is nobody's fault but ours, and ends the call.
using Created = std::variant<store::Append::Kept, SetError, Error>;
Created create_email(Call& call, schema::AccountId account, const Json& object);
Created import_email(Call& call, schema::AccountId account, const Json& object);

// id, blobId, threadId and size of those that were made, by creation id.
Result<std::map<std::string, Json>> to_json(store::Store& store, schema::AccountId account, const std::map<std::string, store::Append::Kept>& made);

}  // namespace telepost::adapters::jmap
