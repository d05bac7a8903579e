// What becomes of a message that arrives for an account. Pure: facts in, verdict with its reason out. Any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "policies/quota.h"
#include "policies/rules.h"
#include "schema/effective_class.h"
#include "schema/message.h"
#include "schema/records.h"

namespace telepost::policies {

struct DeliveryFacts {
  schema::AccountState state = schema::AccountState::active;
  const schema::EffectiveClass* service = nullptr;  // never null
  schema::Kind kind = schema::Kind::email;
  std::uint64_t size_bytes = 0;  // of the whole source
  bool junk = false;              // its sender's authentication says so (policies/authentication.h)
  const std::vector<schema::DeliveryRule>* rules = nullptr;  // the subscriber's own; null: none are asked
  const RuleFacts* arrival = nullptr;                // where there are rules, never null
  std::optional<QuotaFacts> quota;  // before this message; none: it is not asked, for what the account must be told
};

struct DeliveryVerdict {
  // Empty: store it. Else refused (the account is closed, the class has no such kind), not_found (the account
  // is being removed), too_large (for the class or the whole quota), over_quota; the detail tells a sender why without telling
  // the account's numbers.
  std::optional<Error> refusal;
  std::string_view mailbox = "INBOX";  // or "Junk": the mailbox of that role
  RuleVerdict by_rules;                // of a message that goes to the inbox without them; where they block it, it goes to Junk
};

DeliveryVerdict decide_delivery(const DeliveryFacts& facts);

}  // namespace telepost::policies
