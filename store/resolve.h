// The account behind an address. Inside the store: adapters ask Deliver::resolve().
#pragma once

#include <string>

#include "store/deliver.h"

namespace telepost::store {

struct Rooms;

// May block. Errors as Deliver::resolve().
Result<Recipient> resolve_now(Rooms& rooms, const std::string& given, const ResolveOptions& options);

// Whether a canonical address lies in a range that is served here, be it an account's or nobody's.
bool serves(Rooms& rooms, const std::string& canonical);

}  // namespace telepost::store
