// What an account does by itself with what arrives, as its head keeps it in memory: deliveries read nothing for it. Inside the store only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/rules_record.h"
#include "schema/vacation_record.h"

namespace telepost::store {

class AccountWrite;

struct Automatic {
  // Of schema::VacationRecord; its texts are read when somebody is answered.
  struct Vacation {
    bool enabled = false;
    std::optional<Time> from, to;
  };
  Vacation vacation;
  std::vector<schema::DeliveryRule> rules;  // as policies::apply_rules() wants them
  // Of a record that cannot be read: what it would have done is not left out silently, and the rest of the account works.
  std::optional<Error> vacation_damage, rules_damage;
};

// From the records of the account; null: it does nothing.
std::shared_ptr<const Automatic> automatic_from(const std::optional<std::string>& vacation, const std::optional<std::string>& rules);

// Put the record into the batch, and what it says into the head with it; damage of the one before is mended by that.
void put_vacation(AccountWrite& write, const schema::VacationRecord& vacation);
void put_rules(AccountWrite& write, const schema::RulesRecord& rules);

}  // namespace telepost::store
