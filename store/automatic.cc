#include "store/automatic.h"

#include "store/account_write.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

Automatic automatic_of(const AccountWrite& write) { return write.automatic() != nullptr ? *write.automatic() : Automatic(); }

}  // namespace

Result<std::shared_ptr<const Automatic>> automatic_from(const std::optional<std::string>& vacation, const std::optional<std::string>& rules) {
  if (!vacation && !rules) return std::shared_ptr<const Automatic>();
  Automatic automatic;
  if (vacation) {
    TELEPOST_ASSIGN(const auto record, schema::decode_VacationRecord(*vacation));
    automatic.vacation = {record.enabled, record.from, record.to};
  }
  if (rules) {
    TELEPOST_ASSIGN(auto record, schema::decode_RulesRecord(*rules));
    automatic.rules = std::move(record.rules);
  }
  return std::make_shared<const Automatic>(std::move(automatic));
}

void put_vacation(AccountWrite& write, const schema::VacationRecord& vacation) {
  Automatic automatic = automatic_of(write);
  automatic.vacation = {vacation.enabled, vacation.from, vacation.to};
  write.set_automatic(std::move(automatic));
  write.put(Space::point, keys::kVacation, schema::encode(vacation));
}

void put_rules(AccountWrite& write, const schema::RulesRecord& rules) {
  Automatic automatic = automatic_of(write);
  automatic.rules = rules.rules;
  write.set_automatic(std::move(automatic));
  write.put(Space::point, keys::kRules, schema::encode(rules));
}

}  // namespace telepost::store
