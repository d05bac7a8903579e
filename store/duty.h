// What the letters of an account's due list stand for. One file for each group of them; store/duties.cc names them all.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

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
  std::map<schema::LocalId, Error> damaged = {};  // messages that stored damage kept from being prepared
  std::map<char, std::string> rests = {};  // of the step under way, by letter: the first key that its duties put for this same sweep
  void note_rest(char what, std::string key) {
    const auto [rest, is_first] = rests.try_emplace(what, key);
    if (!is_first && key < rest->second) rest->second = std::move(key);
  }
  schema::MessageId message(const DueItem& item) const { return {account, item.local()}; }
};

struct Duty {
  char what;
  SweepKind kind;
  bool is_repair;  // a crash may have left it: a sweep of everything takes it before its time
  bool delivers;   // neither removes nor moves: goes on while the clock is not believed
  // The first of these or the second, or the first behind the second; the third goes before the first. All are safe to repeat; stored damage is an error of its own, corrupt, and keeps nothing else from being done.
  // In the batch that takes the item away:
  Result<void> (*act)(DutyWork& work, AccountWrite& write, const DueItem& item);
  // Before that batch and without the account's lock, where other partitions come first or much is read:
  Result<void> (*act_outside)(DutyWork& work, const DueItem& item);
  // Before that batch and without the lock too, what takes long for several items together: gives how many it took, from the first on.
  Result<std::size_t> (*prepare)(DutyWork& work, const std::vector<DueItem>& items) = nullptr;
  // Ahead of act(), for all items of the batch: reads by few questions what act() would ask for one by one.
  Result<void> (*read_ahead)(AccountWrite& write, const std::vector<const DueItem*>& items) = nullptr;
  bool goes_before() const { return act_outside != nullptr || prepare != nullptr; }
};

// nullptr: nobody knows the letter.
const Duty* duty_of(char what);

// For a duty that is more than a batch should hold: in the batch that takes the item away, what is left of it, for the next step of the
// same sweep. It is as due as the item was; its `id` sorts behind the item's.
void put_rest(DutyWork& work, AccountWrite& write, const DueItem& item, const std::string& id, std::string_view value = {});

// store/duty_expiry.cc
Result<void> expire(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> read_expiring(AccountWrite& write, const std::vector<const DueItem*>& items);
Result<void> redate(DutyWork& work, AccountWrite& write, const DueItem& item);
// store/duty_purge.cc
Result<void> purge(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> unpark(DutyWork& work, AccountWrite& write, const DueItem& item);
// store/duty_packing.cc
Result<std::size_t> pack(DutyWork& work, const std::vector<DueItem>& items);
Result<void> finish_packing(DutyWork& work, AccountWrite& write, const DueItem& item);
// store/duty_archive.cc
Result<void> consider_archive(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> relieve(DutyWork& work, const DueItem& item);
Result<void> check_archived(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<std::size_t> remove_archived(DutyWork& work, const std::vector<DueItem>& items);
// store/duty_records.cc
Result<void> forget_key(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> trim_changes(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> read_on_in_indexes(DutyWork& work, const DueItem& item);
Result<void> go_on_reading(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> check_addresses(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> unlink(DutyWork& work, const DueItem& item);
// store/uploads.cc
Result<void> forget_upload(DutyWork& work, AccountWrite& write, const DueItem& item);
// store/push_subscriptions.cc
Result<void> end_push_subscription(DutyWork& work, AccountWrite& write, const DueItem& item);
// store/token_book.cc
Result<void> forget_token(DutyWork& work, AccountWrite& write, const DueItem& item);
// store/duty_sending.cc
Result<void> serve_intents(DutyWork& work, const DueItem& item);
Result<void> serve_submission(DutyWork& work, const DueItem& item);
Result<void> forget_submission(DutyWork& work, AccountWrite& write, const DueItem& item);
Result<void> send_report(DutyWork& work, const DueItem& item);
// store/duty_answer.cc
Result<void> answer_message(DutyWork& work, const DueItem& item);
Result<void> forget_answer(DutyWork& work, AccountWrite& write, const DueItem& item);
// store/duty_quota.cc
Result<void> warn_quota(DutyWork& work, const DueItem& item);
Result<void> note_quota_warning(DutyWork& work, AccountWrite& write, const DueItem& item);

}  // namespace telepost::store
