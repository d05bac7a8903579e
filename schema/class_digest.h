// Numbers by which the store knows whether other classes of service mean other dates for what it keeps.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "schema/class_of_service.h"
#include "schema/class_rules.h"

namespace telepost::schema {

bool dates_messages(const ClassRules& rules);

// Equal for what gives every message, and every account (its purge, its relief, its soft quota), the same dates; 0: there are none. Else
// its lowest bits are 01: the other values of HeadRecord.policy_revision have a meaning of their own (store/redating.h).
std::uint64_t revision_of(const ClassRules& rules, const ClassSettings& settings);

// Equal where every account would have the same dates by its classes; 0: none has any. Ranges: each with its class, in any order.
std::uint64_t dates_digest(const ClassSet& classes, std::vector<std::pair<std::string, std::string>> ranges);

}  // namespace telepost::schema
