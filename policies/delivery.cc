#include "policies/delivery.h"

#include <string>

#include "base/assert.h"

namespace telepost::policies {
namespace {

std::optional<Error> refusal_by_state(schema::AccountState state) {
  switch (state) {
    case schema::AccountState::active:
    case schema::AccountState::disabled:
      return std::nullopt;  // disabled: no log-in, still receives
    case schema::AccountState::closed:
      return Error{Errc::refused, "the account is closed"};
    case schema::AccountState::deleting:
      return Error{Errc::not_found, "the account is being removed"};
  }
  return std::nullopt;
}

std::optional<Error> refusal_by_class(const DeliveryFacts& facts) {
  const schema::KindSettings& rule = facts.service->settings.of(facts.kind);
  const std::string kind(schema::name_of(facts.kind));
  if (!rule.allow) return Error{Errc::refused, "the account takes no " + kind + " messages"};
  if (rule.max_size_bytes && facts.size_bytes > *rule.max_size_bytes) {
    return Error{Errc::too_large, "the account takes " + kind + " messages up to " +
                                      std::to_string(*rule.max_size_bytes) + " bytes"};
  }
  return facts.quota ? refusal_by_quota(*facts.quota, facts.kind, facts.size_bytes) : std::nullopt;
}

}  // namespace

DeliveryVerdict decide_delivery(const DeliveryFacts& facts) {
  TELEPOST_ASSERT(facts.service != nullptr);
  DeliveryVerdict verdict;
  verdict.refusal = refusal_by_state(facts.state);
  if (!verdict.refusal) verdict.refusal = refusal_by_class(facts);
  if (verdict.refusal) return verdict;
  if (facts.junk) {
    verdict.mailbox = "Junk";
  } else if (facts.rules != nullptr) {
    TELEPOST_ASSERT(facts.arrival != nullptr);
    verdict.by_rules = apply_rules(*facts.rules, *facts.arrival);
    if (verdict.by_rules.blocked) verdict.mailbox = "Junk";
  }
  return verdict;
}

}  // namespace telepost::policies
