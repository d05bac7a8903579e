// An account that is being deleted while a hold or a minimum retention may be about its messages: they are judged one by one. What
// nothing keeps goes; what is held stays, and the account with it, out of reach and without due work, until the hold is released or the
// retention has passed: retentions that end one after the other are looked at once a day.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "schema/ids.h"
#include "store/account_write.h"
#include "store/removals.h"
#include "store/sweep.h"

namespace telepost::store {

struct Rooms;

class HeldAccount {
 public:
  HeldAccount(Rooms& rooms, schema::AccountId account) : rooms_(rooms), account_(account) {}

  // Reads until something is found that stays; nothing is written. Errors: cancelled, io, corrupt.
  Result<void> look();
  bool is_held() const { return !held_.empty() || retained_until_.has_value(); }
  // Where nothing is held: the revision of the holds that says so, which every batch of the removal must expect.
  std::uint64_t revision() const { return revision_; }
  // Where something is: removes what nothing keeps, in bounded batches; its send jobs and its due work are gone. Safe to repeat. Errors: conflict (the holds changed meanwhile),
  // cancelled, io, corrupt.
  Result<void> remove_the_rest(SweepCount& count);
  // Then: the release of each hold, and the end of the first retention (or the day after this one), find the account again. Errors: as above.
  Result<void> park();

 private:
  using Page = Result<bool> (HeldAccount::*)(AccountWrite& write, SweepCount* count);  // true: there may be more
  Result<void> walk_pages(Page page, std::string_view begin, SweepCount* count);
  // Without a count they only look.
  Result<bool> judge_messages(AccountWrite& write, SweepCount* count);
  Result<bool> judge_kept(AccountWrite& write, SweepCount* count);  // those that had left the view before
  Result<bool> drop_names(AccountWrite& write, SweepCount* count);
  Result<bool> drop_uploads(AccountWrite& write, SweepCount* count);  // store/uploads.cc
  Result<bool> drop_push_subscriptions(AccountWrite& write, SweepCount* count);  // store/push_subscriptions.cc
  Result<void> judge_sent(AccountWrite& write, schema::LocalId local, SweepCount* count);
  bool stays(const std::optional<Removals::Held>& held, std::uint64_t size_bytes, SweepCount* count);

  Rooms& rooms_;
  const schema::AccountId account_;
  std::string next_;  // of the records that are walked through
  std::uint64_t revision_ = 0;
  std::map<std::uint64_t, Removals::Held> held_;  // by hold
  std::optional<Time> retained_until_;            // the first of them
};

}  // namespace telepost::store
