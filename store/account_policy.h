// What holds for an account and its messages, and why; and what its subscriber sets about it. Any thread; blocking.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/effective_class.h"
#include "schema/ids.h"

namespace telepost::store {

class Store;

struct AccountPolicy {
  std::shared_ptr<const schema::EffectiveClass> service;
  std::string range_class;  // "": the primary address lies in no range
  bool up_to_date = true;   // the due list agrees with the policy; else it is being gone through
};
Result<AccountPolicy> explain(Store& store, schema::AccountId account);  // not_found

// When a message goes, by which rule (policies::policy_of()), and why.
struct MessagePolicy {
  struct Date {
    Time time{};
    std::string policy;
    std::string reason;
  };
  std::optional<Date> expires, retain_until, archive_after, compress_after;
};
Result<MessagePolicy> explain(Store& store, schema::MessageId message);  // not_found

// The subscriber's own settings (schema/policy.xsd, <settings>); "" for none. Errors: not_found, invalid with line and column, too_large.
Result<void> set_own_settings(Store& store, schema::AccountId account, std::string_view settings);

}  // namespace telepost::store
