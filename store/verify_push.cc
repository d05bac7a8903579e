// Push subscriptions against the due work that ends them, and the list by which a restart finds them.
#include "base/bytes.h"
#include "schema/keys.h"
#include "schema/push_subscription_record.h"
#include "store/verify_account.h"

namespace telepost::store {
namespace keys = schema::keys;

void AccountVerification::read_push_subscription(std::string_view key, std::string_view value) {
  const auto record = schema::decode_PushSubscriptionRecord(value);
  if (!record.ok() || key.size() != 9) return damage("record", key, record.ok() ? "a push subscription under a broken key" : record.error().detail);
  if (!push_dues_.contains({ByteReader(key.substr(1)).u64(), record->due})) damage("push", key, "nothing is due that ends it");
  push_subscriptions_.emplace_back(key);
}

Result<void> AccountVerification::verify_push() {
  if (push_subscriptions_.empty()) return {};
  const auto listed = [&] { return scope_.engine().reader(keys::account_list_slice(account_))->get(Space::point, keys::pushed_account(account_)); };
  TELEPOST_ASSIGN(const auto there, listed());
  if (there) return {};
  // A live store may have removed them since.
  const auto reader = scope_.engine().reader(partition_);
  for (const std::string& key : push_subscriptions_) {
    TELEPOST_ASSIGN(const auto still, reader->get(Space::point, key));
    if (!still) continue;
    damage("push", key, "no restart would find the account's push subscriptions");
    return {};
  }
  return {};
}

}  // namespace telepost::store
