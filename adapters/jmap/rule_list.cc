// RuleList: the subscriber's own rules for what arrives (schema/jmap.md, urn:telepost:params:jmap:rules).
#include <algorithm>

#include "adapters/jmap/rule_codec.h"
#include "adapters/jmap/singleton.h"
#include "adapters/jmap/types.h"
#include "store/identities.h"
#include "store/rules.h"
#include "store/submission.h"

namespace telepost::adapters::jmap {
namespace {

const Names& rule_list_properties() {
  static const Names names = {"id", "rules"};
  return names;
}

const Json& rule_list_defaults() {
  static const Json defaults = {{"rules", Json::array()}};
  return defaults;
}

Result<std::pair<Json, schema::Modseq>> known_rules(store::Store& store, schema::AccountId account) {
  TELEPOST_ASSIGN(const schema::RulesRecord known, store::rules_of(store, account));
  return std::pair(Json{{"id", "singleton"}, {"rules", jmap::to_json(known.rules)}}, known.modseq);
}

// Where rules forward to whom nobody reaches: to the account itself, or to an address of ours that is nobody's.
Result<std::vector<std::string>> wrong_forwards(store::Store& store, schema::AccountId account, const std::vector<schema::DeliveryRule>& rules) {
  std::vector<std::string> wrong;
  TELEPOST_ASSIGN(const auto own, store::identities_of(store, account));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].forward) continue;
    for (const std::string& to : rules[i].forward->to) {
      auto local = store::is_one_of(own.addresses, to) ? Result<std::optional<store::Recipient>>(Errc::not_found, "it is the account's own")
                                                       : store.submission().recipient("mailto:" + to, "jmap " + to_id(account));
      if (local.ok()) continue;
      if (!set_error_of(local.error())) return local.error();
      wrong.push_back("rules/" + std::to_string(i) + "/forward/to");
      break;
    }
  }
  return wrong;
}

SetOutcome keep_rules(store::Store& store, schema::AccountId account, const Json& object, schema::Modseq known) {
  std::vector<schema::DeliveryRule> rules;
  if (object.at("rules").size() > store::kMostRules) return SetError{"invalidProperties", "an account has at most 100 rules", {"rules"}};
  std::vector<std::string> wrong = read_rules(object.at("rules"), rules);
  if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
  auto unreachable = wrong_forwards(store, account, rules);
  if (!unreachable.ok()) return unreachable.error();
  if (!unreachable->empty()) return SetError{"invalidProperties", "nobody is reached there", *std::move(unreachable)};
  const auto kept = store::set_rules(store, account, {known, std::move(rules)});
  if (kept.ok()) return Json(nullptr);
  if (kept.error().kind == Errc::too_many) return SetError{"invalidProperties", kept.error().detail, {"rules"}};
  if (auto why = set_error_of(kept.error())) return *std::move(why);
  return kept.error();
}

constexpr SingletonType kRuleList = {rule_list_properties, rule_list_defaults, known_rules, keep_rules};

Json rule_limits(const Context&) {
  return {{"maxRules", store::kMostRules},
          {"maxSizeRules", store::kMostRulesBytes},
          {"maxConditionsPerRule", kMostConditions},
          {"maxForwardAddresses", store::kMostForwards}};
}

}  // namespace

void add_rules(Methods& methods) {
  methods.offer({kRules, no_members, rule_limits});
  methods.add(kRules, {{"RuleList/get", [](Call& call) { return get_singleton(call, kRuleList); }},
                       {"RuleList/set", [](Call& call) { return set_singleton(call, kRuleList); }}});
}

}  // namespace telepost::adapters::jmap
