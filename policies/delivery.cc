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

// Written so that no sum can overflow.
bool exceeds(std::uint64_t used, std::uint64_t more, const std::optional<std::uint64_t>& limit) {
  return limit && (used > *limit || more > *limit - used);
}

std::optional<Error> refusal_by_class(const DeliveryFacts& facts) {
  const schema::ClassSettings& settings = facts.service->settings;
  const schema::KindSettings& rule = settings.of(facts.kind);
  const std::string kind(schema::name_of(facts.kind));
  if (!rule.allow) return Error{Errc::refused, "the account takes no " + kind + " messages"};
  if (exceeds(0, facts.size_bytes, rule.max_size_bytes)) {
    return Error{Errc::too_large, "the account takes " + kind + " messages up to " +
                                      std::to_string(*rule.max_size_bytes) + " bytes"};
  }
  if (exceeds(facts.account.bytes, facts.size_bytes, settings.quota.bytes) ||
      exceeds(facts.account.messages, 1, settings.quota.messages)) {
    return Error{Errc::over_quota, "the account is full"};
  }
  return std::nullopt;
}

}  // namespace

DeliveryVerdict decide_delivery(const DeliveryFacts& facts) {
  TELEPOST_ASSERT(facts.service != nullptr);
  DeliveryVerdict verdict;
  verdict.refusal = refusal_by_state(facts.state);
  if (!verdict.refusal) verdict.refusal = refusal_by_class(facts);
  if (verdict.refusal) return verdict;
  if (facts.junk) verdict.mailbox = "Junk";
  return verdict;
}

}  // namespace telepost::policies
