// Deleted messages: what expunges and expiries of an account left for a while, and the way back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/kept_record.h"

namespace telepost::store {

struct Rooms;

class Undelete {
 public:
  explicit Undelete(Rooms& rooms) : rooms_(rooms) {}

  struct Deleted {
    schema::MessageId id;
    schema::KeptRecord kept;
    std::optional<Time> purge;  // none: a hold keeps it
  };
  // Those that left at `since` or later, in the order in which they left, and after them what holds keep; false ends it. One
  // committed state. Errors: not_found (the account).
  Result<void> list(schema::AccountId account, Time since, const std::function<bool(const Deleted&)>& visit);

  struct Restored {
    schema::MessageId id;
    std::vector<std::string> paths;  // where it lies again
  };
  // Under its id, with a new uid and modseq, in the mailboxes in which it lay; one that is missing is made. Durable at return.
  // From now on its retention leaves it at least the class's undelete.keep. Errors: not_found (it was purged, or never was), exists
  // (it was not deleted), too_many (mailboxes), over_quota, too_large (as a delivery).
  Result<Restored> restore(schema::MessageId id);
  // All that left at `since` or later and before this call, in batches; each is told once it is durable. An error, such as over_quota, is
  // told after those that were brought back before it.
  Result<void> restore_since(schema::AccountId account, Time since, const std::function<bool(const Restored&)>& visit);

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
