// An account's quota at every door and after every change. What it says is decided by policies/quota.h on the head that the next batch
// continues from, so that many doors at once cannot pass more than fits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "policies/quota.h"
#include "schema/effective_class.h"
#include "schema/ids.h"
#include "store/account_write.h"

namespace telepost::store {

struct Rooms;

// What policies/quota.h wants to know, of the account as this write makes it.
policies::QuotaFacts quota_facts(AccountWrite& write, schema::Kind kind);
// Whether one more message of the kind fits into the account. Errors: over_quota, too_large.
Result<void> ask_quota(AccountWrite& write, schema::Kind kind, std::uint64_t size_bytes);

// With every batch of the account: when it comes over its soft quota the grace begins and a warning is due; well below it both end. Of each
// sort there is one a day at most: who comes over it once more is warned when the day is over, if it is over it still.
void watch_quota(AccountWrite& write);
// What due work for a warning is told by: since when the account is over, and which warning it is.
enum class QuotaWarning : std::uint8_t { over_soft, soon_full };
std::string id_of_warning(Time over_quota_since, QuotaWarning which);

// A message that leaves the subscriber's view by itself.
struct Leaving {
  schema::LocalId local{};
  Time when{};
  std::string reason;  // "P30D after its arrival"
  schema::Summary summary;
};

struct QuotaState {
  schema::AccountRecord profile;
  schema::HeadRecord head;
  std::shared_ptr<const schema::EffectiveClass> service;
  std::optional<Time> full_at;   // by the grace, while it is over the soft quota
  bool full = false;             // a message of a byte would be refused, by the hard quota or by the grace
  std::vector<Leaving> leaving;  // the next ones by the policies of this moment, by time
  bool more_leave = false;       // than stand there
};

class Quota {
 public:
  explicit Quota(Rooms& rooms) : rooms_(rooms) {}
  static constexpr std::size_t kLeavingShown = 20;

  // May block. Errors: not_found, io, corrupt.
  Result<QuotaState> show(schema::AccountId account);

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
