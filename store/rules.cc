#include "store/rules.h"

#include <set>
#include <string>

#include "base/bytes.h"
#include "store/account_write.h"
#include "store/automatic.h"
#include "store/rooms.h"

namespace telepost::store {

Result<schema::RulesRecord> rules_of(Store& store, schema::AccountId account) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, std::string(schema::keys::kRules)));
  return bytes ? schema::decode_RulesRecord(*bytes) : Result<schema::RulesRecord>(schema::RulesRecord());
}

Result<schema::RulesRecord> set_rules(Store& store, schema::AccountId account, std::vector<schema::DeliveryRule> rules) {
  if (rules.size() > kMostRules) return {Errc::too_many, "an account has at most 100 rules"};
  std::set<std::string> forwards;
  for (const schema::DeliveryRule& rule : rules) {
    if (!rule.forward) continue;
    for (const std::string& to : rule.forward->to) forwards.insert(to_lower(to));
  }
  if (forwards.size() > kMostForwards) return {Errc::too_many, "rules forward to at most 10 addresses together"};
  schema::RulesRecord record{{}, std::move(rules)};
  if (schema::encode(record).size() > kMostRulesBytes) return {Errc::too_large, "all rules together have at most 64 KiB"};
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::with_reads));
  if (write.profile().state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  record.modseq = write.advance();
  put_rules(write, record);
  TELEPOST_TRY(write.commit());
  return record;
}

}  // namespace telepost::store
