// /query and /queryChanges (RFC 8620 sections 5.5 and 5.6): what every type's has in common.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/arguments_codec.h"
#include "adapters/jmap/error_codec.h"

namespace telepost::adapters::jmap {

// A FilterOperator, or a FilterCondition of the type.
struct Filter {
  enum class Kind : unsigned char { condition, all, any, none };  // AND, OR, NOT
  Kind kind = Kind::all;
  const Json* condition = nullptr;  // lives as long as the arguments
  std::vector<Filter> parts = {};

  // `matches` answers for a condition.
  template <typename Matches>
  bool holds(const Matches& matches) const {
    if (kind == Kind::condition) return matches(*condition);
    for (const Filter& part : parts) {
      if (part.holds(matches) == (kind == Kind::all)) continue;
      return kind == Kind::any;
    }
    return kind != Kind::any;
  }
  // Calls `visit` with each condition until one fails.
  template <typename Visit>
  Result<void> for_each_condition(const Visit& visit) const {
    if (kind == Kind::condition) return visit(*condition);
    for (const Filter& part : parts) TELEPOST_TRY(part.for_each_condition(visit));
    return {};
  }
};

struct Comparator {
  std::string property;
  bool is_ascending = true;
  std::optional<std::string> collation;
  const Json* object = nullptr;  // for what a type says besides; lives as long as the arguments
};

struct QueryArguments {
  Filter filter;  // without one: all of nothing, which holds
  std::vector<Comparator> sort;
  std::int64_t position = 0;
  std::optional<std::string> anchor;
  std::int64_t anchor_offset = 0;
  std::optional<std::uint64_t> limit;
  bool calculate_total = false;
};
Result<QueryArguments> read_query(Arguments& arguments);

struct QueryChangesArguments {
  Filter filter;
  std::vector<Comparator> sort;
  std::string since_query_state;
  std::optional<std::uint64_t> max_changes;  // above 0
  bool calculate_total = false;
};
Result<QueryChangesArguments> read_query_changes(Arguments& arguments);

// What a type does not know of a query, its conditions first: of_condition(object) and of_comparator(comparator) say so. None: it knows all.
template <typename OfCondition, typename OfComparator>
std::optional<MethodError> fault_of_query(const Filter& filter, const std::vector<Comparator>& sort, const OfCondition& of_condition,
                                          const OfComparator& of_comparator) {
  std::optional<MethodError> fault;
  (void)filter.for_each_condition([&](const Json& condition) -> Result<void> {
    if (!fault) fault = of_condition(condition);
    return {};
  });
  for (const Comparator& comparator : sort) {
    if (!fault) fault = of_comparator(comparator);
  }
  return fault;
}

// Which part of a result is asked for. `anchor`: where that id stands, of an argument with one.
struct Window {
  std::uint64_t position = 0;
  std::uint64_t size = 0;
  bool is_cut = false;  // to `most`, which the response tells
};
Window window_of(const QueryArguments& query, std::uint64_t total, std::optional<std::uint64_t> anchor, std::uint64_t most);

struct QueryResponse {
  std::string query_state;
  bool can_calculate_changes = false;
  std::uint64_t position = 0;
  std::vector<std::string> ids = {};
  std::optional<std::uint64_t> total = {};  // where it was asked for
  std::optional<std::uint64_t> limit = {};  // where the server set another than the client
};
Json to_json(const QueryResponse& response, std::string_view account_id);

struct QueryChangesResponse {
  std::string old_query_state, new_query_state;
  std::optional<std::uint64_t> total = {};
  std::vector<std::string> removed = {};
  struct Added {
    std::string id;
    std::uint64_t index;
  };
  std::vector<Added> added = {};  // by index
};
Json to_json(const QueryChangesResponse& response, std::string_view account_id);

// For types whose whole result is at hand. The part of it that is asked for; anchorNotFound.
MethodResult answer_query(const QueryArguments& query, const std::vector<std::string>& result, std::string state, std::uint64_t most,
                          std::string_view account_id);
// Its changes, where nobody knows the old result: what may have moved is named as gone (`removed`) and, where it is among `moved`, with
// the place where it is now. tooManyChanges.
MethodResult answer_query_changes(const QueryChangesArguments& query, const std::vector<std::string>& result, std::string state,
                                  std::vector<std::string> removed, const std::set<std::string>& moved, std::string_view account_id);

}  // namespace telepost::adapters::jmap
