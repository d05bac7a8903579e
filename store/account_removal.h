// Removes what an account held, in bounded batches, resumable: first that its addresses are free, then links and bytes, then
// every record, then its place in the list. After it no key of the account is left but its CDRs.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "store/sweep.h"

namespace telepost::store {

struct Rooms;
class Head;

class AccountRemoval {
 public:
  // The hint that led here stays: it finds what a crash leaves.
  AccountRemoval(Rooms& rooms, schema::AccountId account, Time hint) : rooms_(rooms), account_(account), hint_(hint) {}
  Result<void> run(SweepCount& count);
  // For a partition that has no head: what a crash left of making or removing the account.
  Result<void> forget_leftovers();

 private:
  Result<void> free_addresses();
  void close_head();
  Result<void> settle_due_list();
  struct Held;
  Result<void> remove_content(SweepCount& count);
  Result<void> remove_records();
  Rooms& rooms_;
  const schema::AccountId account_;
  const Time hint_;
  std::shared_ptr<Head> head_;  // held, so that no other one is loaded meanwhile
};

}  // namespace telepost::store
