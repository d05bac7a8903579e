// Types with one object that is always there, "singleton" (RFC 8620 section 5.3), as the settings of an account are. Their state is the
// modseq of the object's last change.
#pragma once

#include <utility>

#include "adapters/jmap/call.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/set.h"

namespace telepost::adapters::jmap {

struct SingletonType {
  const Names& (*properties)();  // with "id"
  const Json& (*defaults)();     // without
  // The object as it is, id included, and its last change.
  Result<std::pair<Json, schema::Modseq>> (*read)(store::Store& store, schema::AccountId account);
  // Keeps it as it is to be, every property being there, in the place of what was `known`; null, or why not. Errc::conflict: it was
  // changed meanwhile.
  SetOutcome (*keep)(store::Store& store, schema::AccountId account, const Json& object, schema::Modseq known);
};

MethodResult get_singleton(Call& call, const SingletonType& type);
MethodResult set_singleton(Call& call, const SingletonType& type);

}  // namespace telepost::adapters::jmap
