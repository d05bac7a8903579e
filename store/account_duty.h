// What an account does when a hint says that something is due: its own due list decides, in bounded batches.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "store/account_write.h"
#include "store/calendar.h"
#include "store/sweep.h"

namespace telepost::store {

struct Rooms;

class AccountDuty {
 public:
  // early: what a crash may have left is repaired before its time. Only where nothing is being delivered.
  enum class Repairs { when_due, early };
  AccountDuty(Rooms& rooms, const Hint& hint, Time until, Repairs repairs)
      : rooms_(rooms), hint_(hint), account_(hint.target.account_id()), until_(until), repairs_(repairs) {}

  // Does what is due at `until` or before, and has a hint written for what comes next; then the hint that led here goes, unless
  // the next stands under the same time. Safe to repeat.
  Result<void> run(SweepReport& report);

 private:
  struct Item {
    std::string key;
    Time time;
    char what;
    std::string id;
    std::string value;
  };
  Result<std::vector<Item>> due(const AccountWrite& write) const;
  bool is_time(const Item& item) const;
  // Gives whether more is due; on an error, `damaged` is the item that stored damage kept from being done.
  Result<bool> act_all(const std::vector<Item>& outside, SweepReport& report, std::optional<Item>& damaged);
  Result<bool> act_inside(const std::vector<Item>& outside, SweepReport& report, std::optional<Item>& damaged);
  Result<void> postpone(const Item& item, const Error& error);
  Result<void> hint_next(AccountWrite& write);
  // Each does one item inside the write; the item goes with it.
  Result<void> act(AccountWrite& write, const Item& item, SweepReport& report);
  Result<void> expire(AccountWrite& write, schema::LocalId local, SweepReport& report);
  Result<void> trim_changes(AccountWrite& write);
  Result<void> check_address(AccountWrite& write, const Item& item);
  Result<void> act_outside(const Item& item);  // unlink, intents, reports: other partitions come first
  Result<void> report(const Item& item);
  Result<void> forget_submission(AccountWrite& write, schema::LocalId local);
  Result<void> unlink(const Item& item);
  Result<void> remove_account(SweepReport& report);

  Rooms& rooms_;
  const Hint hint_;
  const schema::AccountId account_;
  const Time until_;
  const Repairs repairs_;
};

}  // namespace telepost::store
