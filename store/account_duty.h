// What an account does when a hint says that something is due: its own due list decides, in bounded batches. What each letter of
// the list means stands in store/duty.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "store/account_write.h"
#include "store/calendar.h"
#include "store/duty.h"
#include "store/sweep_run.h"

namespace telepost::store {

class AccountDuty {
 public:
  AccountDuty(SweepRun& run, const Hint& hint);

  // Does what of the run's kind is due, and gives the kinds of which something due is left. Once nothing is, a hint is written for
  // what comes next, and the one that led here goes unless the next stands under the same time. Safe to repeat.
  Result<SweepKinds> run();

 private:
  Result<std::vector<DueItem>> page(const AccountWrite& write) const;
  bool is_time(const DueItem& item, const Duty* duty) const;
  bool is_mine(const DueItem& item) const;
  Result<AccountWrite> begin();
  Result<bool> step();  // true: more may be due
  Result<std::vector<DueItem>> act_outside(std::vector<DueItem> items);
  Result<void> read_ahead(AccountWrite& write, const std::vector<DueItem>& items) const;
  Result<bool> act_inside(AccountWrite write, const std::vector<DueItem>& items, const std::vector<DueItem>& done_outside);
  void leave(const DueItem& item);
  Result<bool> judge_again();
  Result<void> commit(AccountWrite& write) const;
  Result<bool> hint_next(AccountWrite& write);
  Result<void> postpone(const DueItem& item, const Error& error);
  Result<SweepKinds> remove_account();
  Result<void> hand_over();

  DutyWork work_;
  Rooms& rooms_;
  const Hint hint_;
  struct Place {
    std::string from = "D";          // what lies before it was looked at
    std::optional<Time> first_left;  // of what lies there and was not for this sweep
    SweepKinds left;                 // what of it is due
  } place_;
  bool gone_ = false;               // the account is, or is being deleted
  std::optional<DueItem> damaged_;  // what stored damage keeps from being done
  bool is_being_deleted_ = false;
  int refused_ = 0;                 // batches
};

}  // namespace telepost::store
