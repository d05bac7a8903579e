// The one place that is asked before anything of a message is removed for good: the purge of what undelete kept, an expunge or
// expiry that keeps nothing, the cap of what is kept, the removal of an account.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;
class AccountWrite;

class Removals {
 public:
  explicit Removals(Rooms& rooms) : rooms_(rooms) {}

  struct Held {
    std::string by;             // for audit and people: "hold 7"
    std::optional<Time> until;  // none: until it is released
  };
  // What keeps the message; nothing: it may go.
  Result<std::optional<Held>> what_holds(const AccountWrite& write, const schema::Summary& message, schema::Removal reason) const;

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
