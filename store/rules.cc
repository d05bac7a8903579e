#include "store/rules.h"

#include <set>
#include <string>

#include "base/bytes.h"
#include "store/account_write.h"
#include "store/automatic.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {

namespace keys = schema::keys;

namespace {

template <class Reader>
Result<schema::RulesRecord> rules_in(const Reader& reader) {
  TELEPOST_ASSIGN(auto record, stored<schema::decode_RulesRecord>(reader, Space::point, std::string(keys::kRules)));
  return record ? *std::move(record) : schema::RulesRecord();
}

}  // namespace

Result<schema::RulesRecord> rules_of(Store& store, schema::AccountId account) {
  const auto snapshot = rooms_of(store).engine->snapshot(schema::Partition::account(account));
  TELEPOST_ASSIGN(const auto head, stored<schema::decode_HeadRecord>(*snapshot, Space::point, std::string(keys::kHead)));
  if (!head) return {Errc::not_found, "no account " + schema::to_string(account)};
  return rules_in(*snapshot);
}

Result<schema::RulesRecord> set_rules(Store& store, schema::AccountId account, schema::RulesRecord record) {
  if (record.rules.size() > kMostRules) return {Errc::too_many, "an account has at most 100 rules"};
  std::set<std::string> forwards;
  for (const schema::DeliveryRule& rule : record.rules) {
    if (!rule.forward) continue;
    for (const std::string& to : rule.forward->to) forwards.insert(to_lower(to));
  }
  if (forwards.size() > kMostForwards) return {Errc::too_many, "rules forward to at most 10 addresses together"};
  if (schema::encode(record).size() > kMostRulesBytes) return {Errc::too_large, "all rules together have at most 64 KiB"};
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::with_reads));
  if (write.profile().state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  if (write.automatic() == nullptr || !write.automatic()->rules_damage) {  // what cannot be read is replaced
    TELEPOST_ASSIGN(const schema::RulesRecord known, rules_in(write));
    if (known.modseq != record.modseq) return {Errc::conflict, "the rules were changed meanwhile"};
  }
  record.modseq = write.advance();
  put_rules(write, record);
  TELEPOST_TRY(write.commit());
  return record;
}

}  // namespace telepost::store
