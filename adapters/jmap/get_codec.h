// /get (RFC 8620 section 5.1): what every type's has in common.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/jmap/arguments_codec.h"

namespace telepost::adapters::jmap {

using Names = std::set<std::string, std::less<>>;

struct GetArguments {
  std::optional<std::vector<std::string>> ids;  // each once; none: all there are
  std::optional<Names> properties;              // none: all, or what the type gives by itself
  // Whether an object is to have the property; id always.
  bool wants(std::string_view property) const { return property == "id" || !properties || properties->contains(property); }
  // Takes from a whole object what it is not to have.
  void keep_wanted(Json& object) const;
};
// Reads ids and properties; accountId was read. `known` tells whether a type has such a property. Errors: invalid; too_many (more ids
// than max_objects).
Result<GetArguments> read_get(Arguments& arguments, const std::function<bool(std::string_view property)>& known, std::size_t max_objects);
// The same where the properties are all of `known`.
Result<GetArguments> read_get(Arguments& arguments, const Names& known, std::size_t max_objects);

struct GetResponse {
  std::string state;
  Json list = Json::array();
  std::vector<std::string> not_found = {};
};
Json to_json(GetResponse response, std::string_view account_id);

// For types whose objects are all at hand: what was asked for of them. `find` gives a pointer to the one of an id, null: there is none;
// `json_of` the whole of one.
template <class Objects, class Find, class JsonOf>
GetResponse answer_get(const GetArguments& get, std::string state, const Objects& all, const Find& find, const JsonOf& json_of) {
  GetResponse response{std::move(state)};
  const auto tell = [&](const auto& object) {
    Json json = json_of(object);
    get.keep_wanted(json);
    response.list.push_back(std::move(json));
  };
  if (!get.ids) std::for_each(all.begin(), all.end(), tell);
  for (const std::string& id : get.ids.value_or(std::vector<std::string>())) {
    const auto* const found = find(id);
    if (found == nullptr) response.not_found.push_back(id);
    else tell(*found);
  }
  return response;
}

}  // namespace telepost::adapters::jmap
