// /set (RFC 8620 section 5.3): what every type's has in common.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "adapters/jmap/arguments_codec.h"
#include "adapters/jmap/error_codec.h"
#include "schema/ids.h"

namespace telepost::adapters::jmap {

struct SetArguments {
  std::optional<std::string> if_in_state;
  std::map<std::string, const Json*> create;  // by creation id; each an object
  std::map<std::string, const Json*> update;  // by id or "#creation id"; each a PatchObject
  std::vector<std::string> destroy;           // the same
};
// The views live as long as the arguments. Errors: invalid; too_many (more objects than max_objects).
Result<SetArguments> read_set(Arguments& arguments, std::size_t max_objects);
// Of methods that make objects and do nothing else: create alone.
Result<SetArguments> read_creations(Arguments& arguments, std::size_t max_objects);

struct SetResponse {
  std::optional<std::string> old_state;  // none: nobody knows
  std::string new_state;
  std::map<std::string, Json> created;   // what the client did not say
  std::map<std::string, Json> updated;   // what changed besides, or null
  std::vector<std::string> destroyed;
  std::map<std::string, SetError> not_created, not_updated, not_destroyed;
  bool has_changed() const { return !created.empty() || !updated.empty() || !destroyed.empty(); }
  std::set<std::string> touched() const;  // ids of all that were created, updated or destroyed
};
Json to_json(const SetResponse& response, std::string_view account_id);

// From which state of the account to which a call led. What changed nothing is no step.
class Steps {
 public:
  explicit Steps(schema::Modseq now) : first_(now), last_(now) {}
  // is_whole: nobody else changed anything between the two.
  void add(schema::Modseq before, schema::Modseq after, bool is_whole);
  // A client may go from the one to the other only where nobody else changed anything in between.
  void put_into(SetResponse& response) const;

 private:
  const schema::Modseq first_;
  schema::Modseq last_;
  bool is_whole_ = true;
};

// Applies a PatchObject. A patch of null gives the property its value in `defaults`, or takes it away. invalid: no patch
// (invalidPatch); the object is as it was.
Result<void> apply_patch(Json& object, const Json& patch, const Json& defaults);

}  // namespace telepost::adapters::jmap
