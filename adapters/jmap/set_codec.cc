#include "adapters/jmap/set_codec.h"

#include <algorithm>

#include "adapters/jmap/id_codec.h"
#include "adapters/jmap/reference_codec.h"

namespace telepost::adapters::jmap {
namespace {

Result<std::map<std::string, const Json*>> read_objects(Arguments& arguments, const char* name, bool references) {
  TELEPOST_ASSIGN(const Json* const objects, arguments.object_or_null(name));
  std::map<std::string, const Json*> by_id;
  if (objects == nullptr) return by_id;
  for (const auto& [id, object] : objects->items()) {
    if (references ? !is_id_or_reference(id) : !is_id(id)) return {Errc::invalid, std::string(name) + " wants objects by their ids"};
    if (!object.is_object()) return {Errc::invalid, std::string(name) + "/" + id + " wants an object"};
    by_id.emplace(id, &object);
  }
  return by_id;
}

template <typename Value>
Json object_or_null(const std::map<std::string, Value>& values) {
  if (values.empty()) return nullptr;
  Json object = Json::object();
  for (const auto& [name, value] : values) {
    if constexpr (std::is_same_v<Value, SetError>) object[name] = to_json(value);
    else object[name] = value;
  }
  return object;
}

using Tokens = std::vector<std::string>;

// RFC 8620 section 5.3: everything before the last part exists, and none of it lies inside an array.
Result<Json*> parent_of(Json& object, const Tokens& tokens) {
  Json* at = &object;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const auto member = at->is_object() ? at->find(tokens[i]) : at->end();
    if (!at->is_object() || member == at->end()) return {Errc::invalid, "'" + tokens[i] + "' is not there"};
    at = &*member;
  }
  if (!at->is_object()) return {Errc::invalid, "'" + tokens.back() + "' would lie in what is no object"};
  return at;
}

Result<std::map<Tokens, const Json*>> patches_of(const Json& patch) {
  std::map<Tokens, const Json*> patches;
  for (const auto& [path, value] : patch.items()) {
    TELEPOST_ASSIGN(Tokens tokens, pointer_tokens(path));
    patches.emplace(std::move(tokens), &value);
  }
  // In order, a path stands right before the first one that it is a prefix of.
  const Tokens* last = nullptr;
  for (const auto& [tokens, value] : patches) {
    const bool is_inside = last != nullptr && tokens.size() > last->size() && std::equal(last->begin(), last->end(), tokens.begin());
    if (is_inside) return {Errc::invalid, "one path lies inside another"};
    last = &tokens;
  }
  return patches;
}

}  // namespace

Result<SetArguments> read_set(Arguments& arguments, std::size_t max_objects) {
  SetArguments set;
  TELEPOST_ASSIGN(set.if_in_state, arguments.text_or_null("ifInState"));
  TELEPOST_ASSIGN(set.create, read_objects(arguments, "create", false));
  TELEPOST_ASSIGN(set.update, read_objects(arguments, "update", true));
  TELEPOST_ASSIGN(auto destroy, arguments.ids_or_null("destroy", Arguments::References::taken));
  if (destroy) set.destroy = *std::move(destroy);
  if (set.create.size() + set.update.size() + set.destroy.size() > max_objects) {
    return {Errc::too_many, "at most " + std::to_string(max_objects) + " objects (maxObjectsInSet)"};
  }
  return set;
}

Result<SetArguments> read_creations(Arguments& arguments, std::size_t max_objects) {
  SetArguments set;
  TELEPOST_ASSIGN(set.create, read_objects(arguments, "create", false));
  if (set.create.size() > max_objects) return {Errc::too_many, "at most " + std::to_string(max_objects) + " objects (maxObjectsInSet)"};
  return set;
}

std::set<std::string> SetResponse::touched() const {
  std::set<std::string> ids(destroyed.begin(), destroyed.end());
  for (const auto& [name, object] : created) ids.insert(object.at("id").get<std::string>());
  for (const auto& [id, object] : updated) ids.insert(id);
  return ids;
}

Json to_json(const SetResponse& response, std::string_view account_id) {
  return {{"accountId", account_id},
          {"oldState", response.old_state ? Json(*response.old_state) : Json(nullptr)},
          {"newState", response.new_state},
          {"created", object_or_null(response.created)},
          {"updated", object_or_null(response.updated)},
          {"destroyed", response.destroyed.empty() ? Json(nullptr) : Json(response.destroyed)},
          {"notCreated", object_or_null(response.not_created)},
          {"notUpdated", object_or_null(response.not_updated)},
          {"notDestroyed", object_or_null(response.not_destroyed)}};
}

void Steps::add(schema::Modseq before, schema::Modseq after, bool is_whole) {
  if (before == after) return;
  is_whole_ = is_whole_ && is_whole && before == last_;
  last_ = after;
}

void Steps::put_into(SetResponse& response) const {
  response.new_state = to_state(last_);
  if (is_whole_) response.old_state = to_state(first_);
}

Result<void> apply_patch(Json& object, const Json& patch, const Json& defaults) {
  TELEPOST_ASSIGN(const auto patches, patches_of(patch));
  std::vector<Json*> parents;
  for (const auto& [tokens, value] : patches) {
    TELEPOST_ASSIGN(Json* const parent, parent_of(object, tokens));
    parents.push_back(parent);
  }
  // No path lies inside another, so that no patch moves the parent of a later one.
  auto parent = parents.begin();
  for (const auto& [tokens, value] : patches) {
    Json& target = **parent++;
    const auto by_default = tokens.size() == 1 ? defaults.find(tokens[0]) : defaults.end();
    if (!value->is_null()) target[tokens.back()] = *value;
    else if (by_default != defaults.end()) target[tokens[0]] = *by_default;
    else target.erase(tokens.back());
  }
  return {};
}

}  // namespace telepost::adapters::jmap
