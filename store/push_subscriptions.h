// Where an account's changes are pushed to: what clients ask for, and how far the push service was told. Whoever pushes is an adapter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "schema/push_subscription_record.h"
#include "store/secret_key.h"

namespace telepost::store {

class Store;
struct Rooms;

inline constexpr std::size_t kMostPushSubscriptions = 20;              // of an account
inline constexpr Duration kPushKept = std::chrono::days(30);           // no expiry is later; RFC 8620 section 7.2: at least 48 h
inline constexpr Duration kPushVerifiedWithin = std::chrono::hours(1);  // or the subscription ends

struct PushSubscription {
  std::uint64_t number = 0;
  schema::PushSubscriptionRecord record;
  schema::PushSecrets secrets;
};

// Any thread; every verb blocks on the disk, and what it changes is durable at return. Errors beside those told: io, corrupt, and
// those of SecretKey.
class PushSubscriptions {
 public:
  explicit PushSubscriptions(Store& store);

  // Of the key file, for one purpose of push.
  Result<Digest> key(std::string_view purpose) { return secret_.key(purpose); }

  // With the record's device, types and expires (Time(): as late as may be). Errors: not_found (the account), too_many.
  Result<PushSubscription> add(schema::AccountId account, schema::PushSubscriptionRecord record, const schema::PushSecrets& secrets);
  // In the order in which they were made; without those whose time is over. Errors: not_found (the account).
  Result<std::vector<PushSubscription>> list(schema::AccountId account);
  // Gives it as it is then: an expiry that is too late is set to the latest. What the change refuses is not made. Errors: not_found.
  using Change = std::function<Result<void>(schema::PushSubscriptionRecord& record)>;
  Result<schema::PushSubscriptionRecord> change(schema::AccountId account, std::uint64_t number, const Change& change);
  Result<void> remove(schema::AccountId account, std::uint64_t number);  // not_found

  // Up to `most` accounts that have some, behind `after` in the order of their ids; where a crash came in between, also one without.
  Result<std::vector<schema::AccountId>> accounts(std::optional<schema::AccountId> after, std::size_t most);
  // So that accounts() does not tell of it any more, unless it has some.
  Result<void> forget_if_none(schema::AccountId account);

 private:
  Rooms& rooms_;
  SecretKey secret_;
};

}  // namespace telepost::store
