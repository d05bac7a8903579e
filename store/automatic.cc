#include "store/automatic.h"

#include "policies/rules.h"
#include "store/account_write.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

Automatic automatic_of(const AccountWrite& write) { return write.automatic() != nullptr ? *write.automatic() : Automatic(); }

}  // namespace

std::shared_ptr<const Automatic> automatic_from(const std::optional<std::string>& vacation, const std::optional<std::string>& rules) {
  if (!vacation && !rules) return nullptr;
  Automatic automatic;
  if (vacation) {
    const auto record = schema::decode_VacationRecord(*vacation);
    if (record.ok()) automatic.vacation = {record->enabled, record->from, record->to};
    else automatic.vacation_damage = record.error();
  }
  if (rules) {
    auto record = schema::decode_RulesRecord(*rules);
    if (record.ok()) automatic.rules = policies::in_lower_case(std::move(record->rules));
    else automatic.rules_damage = record.error();
  }
  return std::make_shared<const Automatic>(std::move(automatic));
}

void put_vacation(AccountWrite& write, const schema::VacationRecord& vacation) {
  Automatic automatic = automatic_of(write);
  automatic.vacation = {vacation.enabled, vacation.from, vacation.to};
  automatic.vacation_damage.reset();
  write.set_automatic(std::move(automatic));
  write.put(Space::point, keys::kVacation, schema::encode(vacation));
}

void put_rules(AccountWrite& write, const schema::RulesRecord& rules) {
  Automatic automatic = automatic_of(write);
  automatic.rules = policies::in_lower_case(rules.rules);
  automatic.rules_damage.reset();
  write.set_automatic(std::move(automatic));
  write.put(Space::point, keys::kRules, schema::encode(rules));
}

}  // namespace telepost::store
