// Removes what an account held, in bounded batches, resumable: first that its addresses are free, then links, then every
// record, then its place in the list. After it no key of the account is left but its CDRs.
#pragma once

#include "base/result.h"
#include "schema/ids.h"
#include "store/sweep.h"

namespace telepost::store {

struct Rooms;

class AccountRemoval {
 public:
  AccountRemoval(Rooms& rooms, schema::AccountId account) : rooms_(rooms), account_(account) {}
  Result<void> run(SweepReport& report);
  // For a partition that has no head: what a crash left of making or removing the account.
  Result<void> forget_leftovers();

 private:
  Result<void> free_addresses();
  Result<void> remove_links(SweepReport& report);
  Result<void> remove_records();
  Rooms& rooms_;
  const schema::AccountId account_;
};

}  // namespace telepost::store
