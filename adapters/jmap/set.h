// /set as a whole (RFC 8620 section 5.3) over what a type does for one object. For types whose objects are changed one by one; a type
// that changes many in one batch uses set_codec.h alone.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "adapters/jmap/call.h"
#include "adapters/jmap/set_codec.h"

namespace telepost::adapters::jmap {

// Something was changed, and how it is now cannot be told.
struct FailedAfterChange {
  explicit FailedAfterChange(Error why) : error(std::move(why)) {}
  Error error;
};

// What became of one object. Error, FailedAfterChange: it is nobody's fault but ours, and ends the call.
using SetOutcome = std::variant<Json, SetError, Error, FailedAfterChange>;

class SetVerbs {
 public:
  virtual ~SetVerbs() = default;
  // Gives what the client did not say, id included.
  virtual SetOutcome create(const Json& object) = 0;
  // Gives what changed besides, or null.
  virtual SetOutcome update(const std::string& id, const Json& patch) = 0;
  virtual SetOutcome destroy(const std::string& id) = 0;
  // Those that failed one by one, which may be right together: two objects that exchange their names. True: all of them are done.
  using Update = std::pair<std::string, const Json*>;
  virtual bool update_together(const std::vector<Update>&) { return false; }
};

// Creates, updates, destroys; then again what failed, as long as something succeeds: it may have waited for another of them (a parent
// that was to be made, a name or a child that was to go). Fills in all of the response but the states, and the request's created
// ids. An error: what it says, or serverPartialFail where something was changed by then.
std::optional<MethodError> apply_set(const SetArguments& set, SetVerbs& verbs, CreatedIds& created_ids, SetResponse& response);

// /copy (section 5.4) of any type. Nobody reads another's account yet, so that there is nothing to copy from.
MethodResult refuse_copy(Call& call);

}  // namespace telepost::adapters::jmap
