// Identity (RFC 8621 section 6) over store/identities.h.
#pragma once

#include <optional>
#include <string>

#include "adapters/jmap/call.h"
#include "store/identities.h"

namespace telepost::adapters::jmap {

Json to_json(const schema::IdentityRecord& identity);
std::optional<std::uint64_t> identity_from(std::string_view id);

// A change of the account's addresses or of its name is no change of an identity, and another world: "42-0a1b2c3d".
std::string identity_state(const store::IdentityList& list);

Method get_identities, identity_changes, set_identities;

}  // namespace telepost::adapters::jmap
