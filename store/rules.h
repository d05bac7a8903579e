// A subscriber's own rules for what arrives: settings of his, kept with the account's head so that deliveries know of them
// (policies/rules.h decides by them, store/rule_actions.h does it). Any thread; blocking.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/rules_record.h"

namespace telepost::store {

class Store;

inline constexpr std::size_t kMostRules = 100;
inline constexpr std::size_t kMostRulesBytes = std::size_t{64} << 10;  // of all, as they are kept
inline constexpr std::size_t kMostForwards = 10;                       // addresses, of all rules together: what one message becomes

// As they are durable; waits for nobody who writes. Errors: not_found, io, corrupt.
Result<schema::RulesRecord> rules_of(Store& store, schema::AccountId account);
// All of them anew, in the place of those with that modseq. Durable at return; gives them with their new modseq. Errors: too_many,
// too_large, conflict (they were changed meanwhile; what cannot be read is replaced).
Result<schema::RulesRecord> set_rules(Store& store, schema::AccountId account, schema::RulesRecord record);

}  // namespace telepost::store
