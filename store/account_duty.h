// What an account does when a hint says that something is due: its own due list decides, in bounded batches.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "store/account_write.h"
#include "store/sweep.h"

namespace telepost::store {

struct Rooms;

class AccountDuty {
 public:
  // early: what a crash may have left is repaired before its time. Only where nothing is being delivered.
  enum class Repairs { when_due, early };
  AccountDuty(Rooms& rooms, schema::AccountId account, Time until, Repairs repairs)
      : rooms_(rooms), account_(account), until_(until), repairs_(repairs) {}

  // Does what is due at `until` or before, and has a hint written for what comes next. Safe to repeat.
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
  // Each does one item inside the write; the item goes with it.
  Result<void> act(AccountWrite& write, const Item& item, SweepReport& report);
  Result<void> expire(AccountWrite& write, schema::LocalId local, SweepReport& report);
  Result<void> trim_changes(AccountWrite& write);
  Result<void> check_address(AccountWrite& write, const Item& item);
  Result<void> act_outside(const Item& item);  // unlink, intents: other partitions come first

  Rooms& rooms_;
  const schema::AccountId account_;
  const Time until_;
  const Repairs repairs_;
};

}  // namespace telepost::store
