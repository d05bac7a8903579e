#include "policies/rules.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"

namespace telepost::policies {
namespace {

template <typename Strings>
bool contains(const Strings& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

void add_once(std::vector<std::string>& all, const std::string& one) {
  if (!contains(all, one)) all.push_back(one);
}

using LowerFields = std::vector<std::pair<std::string, std::string>>;

// Once for all conditions; empty where none asks for a field.
LowerFields lower_fields(const std::vector<schema::DeliveryRule>& rules, const std::vector<schema::HeaderField>& fields) {
  const auto asks = [](const schema::DeliveryRule& rule) {
    return rule.enabled && std::any_of(rule.conditions.begin(), rule.conditions.end(), [](const auto& condition) { return !condition.header.empty(); });
  };
  LowerFields lower;
  if (std::none_of(rules.begin(), rules.end(), asks)) return lower;
  lower.reserve(fields.size());
  for (const schema::HeaderField& field : fields) lower.emplace_back(to_lower(field.name), to_lower(field.value));
  return lower;
}

bool has_text(const LowerFields& fields, const schema::RuleCondition& condition) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
    return field.first == condition.header && field.second.find(condition.text) != std::string::npos;
  });
}

bool holds(const schema::RuleCondition& condition, const RuleFacts& facts, const LowerFields& fields) {
  if (!condition.kinds.empty() && std::find(condition.kinds.begin(), condition.kinds.end(), facts.kind) == condition.kinds.end()) return false;
  if (condition.withheld && *condition.withheld != facts.withheld) return false;
  if (condition.min_size && facts.size_bytes < *condition.min_size) return false;
  if (condition.max_size && facts.size_bytes >= *condition.max_size) return false;
  const auto is_wanted = [&](const std::string& pattern) {
    return std::any_of(facts.senders.begin(), facts.senders.end(), [&](const std::string& sender) { return is_meant(pattern, sender); });
  };
  if (!condition.senders.empty() && std::none_of(condition.senders.begin(), condition.senders.end(), is_wanted)) return false;
  const auto is_there = [&](const std::string& recipient) { return contains(facts.recipients, recipient); };
  if (!condition.recipients.empty() && std::none_of(condition.recipients.begin(), condition.recipients.end(), is_there)) return false;
  return condition.header.empty() || has_text(fields, condition);
}

bool is_about(const schema::DeliveryRule& rule, const RuleFacts& facts, const LowerFields& fields) {
  if (!rule.enabled) return false;
  const auto test = [&](const schema::RuleCondition& condition) { return holds(condition, facts, fields); };
  if (rule.conditions.empty()) return true;
  return rule.any ? std::any_of(rule.conditions.begin(), rule.conditions.end(), test) : std::all_of(rule.conditions.begin(), rule.conditions.end(), test);
}

// It was forwarded from here before (RFC 9228, and X-Loop of older programs), or by very many.
bool goes_in_circles(const RuleFacts& facts) {
  std::size_t hops = 0;
  for (const schema::HeaderField& field : *facts.fields) {
    if (equals_ignoring_case(field.name, "Received") && ++hops > kMostHops) return true;
    if (!equals_ignoring_case(field.name, "Delivered-To") && !equals_ignoring_case(field.name, "X-Loop")) continue;
    const std::string address = to_lower(trim(field.value));
    if (contains(*facts.own, address) || contains(*facts.own, "mailto:" + address)) return true;
  }
  return false;
}

void forward_by(const schema::RuleForward& action, const RuleFacts& facts, RuleVerdict& verdict, bool& keeps) {
  for (const std::string& to : action.to) {
    if (!contains(*facts.own, "mailto:" + to_lower(to))) add_once(verdict.forward_to, to);
  }
  keeps = keeps && action.keeps;
}

}  // namespace

bool is_meant(std::string_view pattern, std::string_view address) {
  if (pattern.ends_with('*')) return address.starts_with(pattern.substr(0, pattern.size() - 1));
  if (!pattern.starts_with('@')) return address == pattern;
  const std::size_t at = address.rfind('@');
  return at != std::string_view::npos && address.substr(at) == pattern;
}

std::vector<schema::DeliveryRule> in_lower_case(std::vector<schema::DeliveryRule> rules) {
  for (schema::DeliveryRule& rule : rules) {
    for (schema::RuleCondition& condition : rule.conditions) {
      condition.header = to_lower(condition.header);
      condition.text = to_lower(condition.text);
    }
  }
  return rules;
}

RuleVerdict apply_rules(const std::vector<schema::DeliveryRule>& rules, const RuleFacts& facts) {
  TELEPOST_ASSERT(facts.own != nullptr && facts.fields != nullptr);
  const LowerFields fields = lower_fields(rules, *facts.fields);
  RuleVerdict verdict;
  bool keeps = true;
  for (const schema::DeliveryRule& rule : rules) {
    if (!is_about(rule, facts, fields)) continue;
    verdict.rules.append(verdict.rules.empty() ? "" : ", ").append(rule.name);
    if (rule.block) {
      // What others said before it stays said of the message, but nobody hears of it.
      verdict.blocked = true;
      verdict.mailboxes.clear();
      verdict.forward_to.clear();
      verdict.answer = nullptr;
      keeps = true;
      break;
    }
    if (rule.mailbox && verdict.mailboxes.size() < kMostRuleMailboxes) add_once(verdict.mailboxes, *rule.mailbox);
    for (const std::string& keyword : rule.keywords) add_once(verdict.keywords, keyword);
    if (rule.forward) forward_by(*rule.forward, facts, verdict, keeps);
    if (rule.answer && verdict.answer == nullptr) verdict.answer = &*rule.answer;
    if (rule.stop) break;
  }
  std::sort(verdict.keywords.begin(), verdict.keywords.end());
  if (!verdict.forward_to.empty() && goes_in_circles(facts)) {
    verdict.forward_to.clear();
    verdict.looped = true;
  }
  verdict.keeps = keeps || verdict.forward_to.empty() || !verdict.mailboxes.empty();
  return verdict;
}

}  // namespace telepost::policies
