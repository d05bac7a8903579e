// What the letters of an account's due list stand for. One file for each group of them; store/duties.cc names them all.
#pragma once

#include <string>

#include "base/result.h"
#include "store/account_write.h"
#include "store/audit.h"
#include "store/due_list.h"
#include "store/sweep_run.h"

namespace telepost::store {

struct DueItem {
  std::string key;
  Time time;
  char what;
  std::string id;  // 16 bytes
  std::string value;
  schema::LocalId local() const { return due::local_of(id); }
};

// An account's due work under way.
struct DutyWork {
  SweepRun& run;
  Rooms& rooms;
  const schema::AccountId account;
  AuditTrail audit;  // of the batch that is being built
  schema::MessageId message(const DueItem& item) const { return {account, item.local()}; }
};

struct Duty {
  char what;
  SweepKind kind;
  bool is_repair;  // a crash may have left it: a sweep of everything takes it before its time
  bool delivers;   // neither removes nor moves: goes on while the clock is not believed
  // One of the two. Both are safe to repeat; stored damage is an error of its own, corrupt, and keeps nothing else from being done.
  // In the batch that takes the item away:
  Result<void> (*act)(DutyWork& work, AccountWrite& write, const DueItem& item);
  // Before that batch and without the account's lock, where other partitions come first:
  Result<void> (*act_outside)(DutyWork& work, const DueItem& item);
};

// nullptr: nobody knows the letter.
const Duty* duty_of(char what);

// store/duty_expiry.cc
Result<void> expire(DutyWork& work, AccountWrite& write, const DueItem& item);
// store/duty_records.cc
Result<void> forget_key(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> trim_changes(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> check_addresses(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> unlink(DutyWork& work, const DueItem& item);
// store/duty_sending.cc
Result<void> serve_intents(DutyWork& work, const DueItem& item);
Result<void> serve_submission(DutyWork& work, const DueItem& item);
Result<void> forget_submission(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> send_report(DutyWork& work, const DueItem& item);

}  // namespace telepost::store
