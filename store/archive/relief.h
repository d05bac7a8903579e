// The archive rule of an account: over its allocation x factor, the sources that its subscriber has not touched for long go to the
// archive, the longest untouched first, down to the low water. Costs O(what goes): what may go waits in the account's queue, by the
// time of its last touch (schema/keys.h, Y).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "schema/keys.h"
#include "schema/message_records.h"
#include "store/account_write.h"
#include "store/duty.h"

namespace telepost::store {

class Relief {
 public:
  // The item of the due list that stands for it remembers whether it has begun.
  Relief(DutyWork& work, const DueItem& item) : work_(work), rooms_(work.rooms), item_(item), begun_(!item.value.empty()) {}

  // In bounded groups, until the low water is reached or nothing more may go. A group is copied, read back and checked by digest; then
  // the account's batch says where the sources are, and only then their bytes here go. What a crash leaves in the archive is found by due
  // work that was written before. True: it stopped early, as where the sweep is out of time; an item with a value goes on from here.
  // Errors: unavailable, timeout (the archive), io, corrupt.
  Result<bool> run();

 private:
  struct Candidate {
    schema::LocalId local;
    std::uint64_t number = 0;   // of the archiving
    Time check{};               // of the due work that finds what is left of it
    schema::MessageRecord record;
    std::string policy, reason;
    std::string document;
    schema::ArchivedSource where;
    bool begun = false;
    Result<void> copied = {Errc::cancelled, "not begun"};
    // The archive did its part: it is copied, or damage here or its removal kept it from being.
    bool is_settled() const { return copied.ok() || copied.error().kind == Errc::corrupt || copied.error().kind == Errc::not_found; }
  };
  Result<bool> choose(std::vector<Candidate>& chosen);  // false: nothing more is to go
  Result<void> judge(AccountWrite& write, const std::string& parked, std::vector<Candidate>& chosen);
  Result<void> commit(AccountWrite& write);
  void copy_all(std::vector<Candidate>& chosen);
  Result<void> copy(Candidate& candidate);
  Result<void> settle(std::vector<Candidate>& chosen);
  Result<void> settle(AccountWrite& write, AuditTrail& audit, Candidate& candidate);

  DutyWork& work_;
  Rooms& rooms_;
  const DueItem& item_;
  bool begun_;  // on the way to the low water
  std::string from_{schema::keys::kParked};  // in the queue; what lies before it is damaged
};

}  // namespace telepost::store
