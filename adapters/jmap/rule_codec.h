// Rules as JSON (schema/jmap.md, urn:telepost:params:jmap:rules).
#pragma once

#include <string>
#include <vector>

#include "adapters/jmap/json_codec.h"
#include "schema/rules_record.h"

namespace telepost::adapters::jmap {

inline constexpr std::size_t kMostConditions = 16;     // of a rule
inline constexpr std::size_t kMostRuleKeywords = 16;
inline constexpr std::size_t kMostRuleTextBytes = 255;  // a name, a path, a text to look for
inline constexpr std::size_t kMostAnswerBytes = 8u << 10;

// With every member, those that say nothing too.
Json to_json(const std::vector<schema::DeliveryRule>& rules);

// Gives where it is wrong, as pointers into the object that has `rules`: "rules/2/conditions/0/from"; then `into` is of no use.
std::vector<std::string> read_rules(const Json& rules, std::vector<schema::DeliveryRule>& into);

}  // namespace telepost::adapters::jmap
