#include "adapters/jmap/query_codec.h"

#include <algorithm>

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMaxConditions = 256;
constexpr std::size_t kMaxComparators = 16;

// As deep as its JSON, which is bounded.
Result<Filter> read_filter(const Json& object, std::size_t& conditions) {
  if (!object.is_object()) return {Errc::invalid, "filter wants objects"};
  if (++conditions > kMaxConditions) return {Errc::invalid, "filter has at most " + std::to_string(kMaxConditions) + " conditions"};
  if (!object.contains("operator")) return Filter{Filter::Kind::condition, &object};
  Arguments arguments(object);
  Filter filter;
  TELEPOST_ASSIGN(const std::string name, arguments.text("operator"));
  if (name != "AND" && name != "OR" && name != "NOT") return {Errc::invalid, "filter: operator wants AND, OR or NOT"};
  filter.kind = name == "AND" ? Filter::Kind::all : name == "OR" ? Filter::Kind::any : Filter::Kind::none;
  TELEPOST_ASSIGN(const Json* const parts, arguments.array_or_null("conditions"));
  TELEPOST_TRY(arguments.done());
  if (parts == nullptr) return {Errc::invalid, "filter: an operator has conditions"};
  for (const Json& part : *parts) {
    TELEPOST_ASSIGN(Filter one, read_filter(part, conditions));
    filter.parts.push_back(std::move(one));
  }
  return filter;
}

Result<Filter> read_filter(Arguments& arguments) {
  TELEPOST_ASSIGN(const Json* const object, arguments.object_or_null("filter"));
  if (object == nullptr) return Filter{};
  std::size_t conditions = 0;
  return read_filter(*object, conditions);
}

Result<std::vector<Comparator>> read_sort(Arguments& arguments) {
  TELEPOST_ASSIGN(const Json* const list, arguments.array_or_null("sort"));
  std::vector<Comparator> sort;
  if (list == nullptr) return sort;
  if (list->size() > kMaxComparators) return {Errc::invalid, "sort has at most " + std::to_string(kMaxComparators) + " comparators"};
  for (const Json& object : *list) {
    if (!object.is_object()) return {Errc::invalid, "sort wants objects"};
    Arguments members(object);
    Comparator& one = sort.emplace_back();
    one.object = &object;
    TELEPOST_ASSIGN(one.property, members.text("property"));
    TELEPOST_ASSIGN(one.is_ascending, members.boolean_or("isAscending", true));
    TELEPOST_ASSIGN(one.collation, members.text_or_null("collation"));
  }
  return sort;
}

}  // namespace

Result<QueryArguments> read_query(Arguments& arguments) {
  QueryArguments query;
  TELEPOST_ASSIGN(query.filter, read_filter(arguments));
  TELEPOST_ASSIGN(query.sort, read_sort(arguments));
  TELEPOST_ASSIGN(query.position, arguments.integer_or("position", 0));
  TELEPOST_ASSIGN(query.anchor, arguments.id_or_null("anchor"));
  TELEPOST_ASSIGN(query.anchor_offset, arguments.integer_or("anchorOffset", 0));
  TELEPOST_ASSIGN(query.limit, arguments.unsigned_or_null("limit"));  // RFC 8620 section 5.5: a negative one is refused
  TELEPOST_ASSIGN(query.calculate_total, arguments.boolean_or("calculateTotal", false));
  return query;
}

Result<QueryChangesArguments> read_query_changes(Arguments& arguments) {
  QueryChangesArguments query;
  TELEPOST_ASSIGN(query.filter, read_filter(arguments));
  TELEPOST_ASSIGN(query.sort, read_sort(arguments));
  TELEPOST_ASSIGN(query.since_query_state, arguments.text("sinceQueryState"));
  TELEPOST_ASSIGN(query.max_changes, arguments.unsigned_or_null("maxChanges"));
  if (query.max_changes == 0u) return {Errc::invalid, "maxChanges wants a number above 0"};
  TELEPOST_TRY(arguments.id_or_null("upToId"));  // it would only shorten the answer: a server may tell all changes (RFC 8620 section 5.6)
  TELEPOST_ASSIGN(query.calculate_total, arguments.boolean_or("calculateTotal", false));
  return query;
}

Window window_of(const QueryArguments& query, std::uint64_t total, std::optional<std::uint64_t> anchor, std::uint64_t most) {
  const auto end = static_cast<std::int64_t>(total);
  std::int64_t position = query.position;
  if (anchor) position = static_cast<std::int64_t>(*anchor) + query.anchor_offset;  // then position is ignored
  else if (position < 0) position += end;
  Window window;
  window.position = static_cast<std::uint64_t>(std::max<std::int64_t>(position, 0));
  window.is_cut = !query.limit || *query.limit > most;
  const std::uint64_t rest = window.position < total ? total - window.position : 0;
  window.size = std::min({rest, most, query.limit.value_or(most)});
  window.is_cut = window.is_cut && rest > most;
  return window;
}

Json to_json(const QueryResponse& response, std::string_view account_id) {
  Json json = {{"accountId", account_id},
               {"queryState", response.query_state},
               {"canCalculateChanges", response.can_calculate_changes},
               {"position", response.position},
               {"ids", response.ids}};
  if (response.total) json["total"] = *response.total;
  if (response.limit) json["limit"] = *response.limit;
  return json;
}

Json to_json(const QueryChangesResponse& response, std::string_view account_id) {
  Json added = Json::array();
  for (const QueryChangesResponse::Added& one : response.added) added.push_back({{"id", one.id}, {"index", one.index}});
  Json json = {{"accountId", account_id},
               {"oldQueryState", response.old_query_state},
               {"newQueryState", response.new_query_state},
               {"removed", response.removed},
               {"added", std::move(added)}};
  if (response.total) json["total"] = *response.total;
  return json;
}

MethodResult answer_query(const QueryArguments& query, const std::vector<std::string>& result, std::string state, std::uint64_t most,
                          std::string_view account_id) {
  std::optional<std::uint64_t> anchor;
  if (query.anchor) {
    const auto at = std::find(result.begin(), result.end(), *query.anchor);
    if (at == result.end()) return MethodError{"anchorNotFound"};
    anchor = static_cast<std::uint64_t>(at - result.begin());
  }
  const Window window = window_of(query, result.size(), anchor, most);
  QueryResponse response{std::move(state), true, window.position};
  for (std::uint64_t i = 0; i < window.size; ++i) response.ids.push_back(result[window.position + i]);
  if (query.calculate_total) response.total = result.size();
  if (window.is_cut) response.limit = most;
  return to_json(response, account_id);
}

MethodResult answer_query_changes(const QueryChangesArguments& query, const std::vector<std::string>& result, std::string state,
                                  std::vector<std::string> removed, const std::set<std::string>& moved, std::string_view account_id) {
  QueryChangesResponse response{query.since_query_state, std::move(state)};
  response.removed = std::move(removed);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (moved.contains(result[i])) response.added.push_back({result[i], i});
  }
  if (query.max_changes && response.removed.size() + response.added.size() > *query.max_changes) return MethodError{"tooManyChanges"};
  if (query.calculate_total) response.total = result.size();
  return to_json(response, account_id);
}

}  // namespace telepost::adapters::jmap
