// What a changed policy means for messages that are stored already. A date that became later, or never, needs nothing: the old one
// comes, and the policy of that moment decides. One that became earlier needs due work: account by account, off the delivery path, and
// going on after a crash where it was.
//
// HeadRecord.policy_revision says by which policy an account's due list was made:
//   odd, or 0   it agrees with the policy of that revision (0: one that dates nothing)
//   else        it may hold dates of several policies, the last of them the one whose upper 62 bits stand here, or one that dates
//               nothing. Bit 1: it is being gone through, and one item kRedate stands in it.
#pragma once

#include <cstddef>
#include <optional>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/redating_record.h"
#include "store/account_write.h"

namespace telepost::store {

struct Rooms;

class Redating {
 public:
  explicit Redating(Rooms& rooms) : rooms_(rooms) {}

  // At open and when the classes were replaced: where they may date accounts otherwise than those that the store has gone through,
  // every sweep from now on takes accounts of a pass over all of them.
  Result<void> begin();
  // Some pages of that pass: accounts whose policy is another than their due list's are dated, large ones by due work of their own.
  struct Followed {
    std::size_t dated = 0;  // accounts
    bool more = false;      // of the pass is left
  };
  Result<Followed> follow();

  // Due work of one account (mode with_reads): dates what is the account's own, and as many of the messages behind `after` as a step
  // should. Gives the one behind which the next step goes on; none: all is dated. Errors: io, corrupt.
  static Result<std::optional<schema::LocalId>> step(AccountWrite& write, schema::LocalId after);

  // In each write that asks for dates by the policy in force; lifecycle_of() does it.
  static void note(AccountWrite& write);
  // In each write after which another policy may hold.
  static void check(AccountWrite& write);
  // In each write after which the same policy may say something else of many messages: a mailbox has another name.
  static void restart(AccountWrite& write);

 private:
  Result<std::size_t> take_page(schema::RedatingRecord& record);
  Result<void> keep(const schema::RedatingRecord& record, const std::optional<std::string>& before);

  Rooms& rooms_;
};

}  // namespace telepost::store
