#include "adapters/jmap/get_codec.h"

#include <iterator>

namespace telepost::adapters::jmap {

void GetArguments::keep_wanted(Json& object) const {
  for (auto member = object.begin(); member != object.end();) member = wants(member.key()) ? std::next(member) : object.erase(member);
}

Result<GetArguments> read_get(Arguments& arguments, const std::function<bool(std::string_view property)>& known, std::size_t max_objects) {
  GetArguments get;
  TELEPOST_ASSIGN(get.ids, arguments.ids_or_null("ids"));
  if (get.ids && get.ids->size() > max_objects) return {Errc::too_many, "at most " + std::to_string(max_objects) + " ids (maxObjectsInGet)"};
  TELEPOST_ASSIGN(const auto properties, arguments.texts_or_null("properties"));
  if (!properties) return get;
  get.properties.emplace();
  for (const std::string& property : *properties) {
    if (!known(property)) return {Errc::invalid, "properties: there is no '" + property.substr(0, 80) + "'"};
    get.properties->insert(property);
  }
  return get;
}

Result<GetArguments> read_get(Arguments& arguments, const Names& known, std::size_t max_objects) {
  return read_get(arguments, [&](std::string_view property) { return known.contains(property); }, max_objects);
}

Json to_json(GetResponse response, std::string_view account_id) {
  return {{"accountId", account_id},
          {"state", std::move(response.state)},
          {"list", std::move(response.list)},
          {"notFound", std::move(response.not_found)}};
}

}  // namespace telepost::adapters::jmap
