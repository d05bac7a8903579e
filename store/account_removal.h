// Removes what an account held, in bounded batches, resumable: first that its addresses are free, then links and bytes, then
// every record, then its place in the list. After it no key of the account is left but its CDRs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "store/engine/batch.h"
#include "store/lease.h"
#include "store/sweep.h"

namespace telepost::store {

struct Rooms;
class Head;

class AccountRemoval {
 public:
  AccountRemoval(Rooms& rooms, schema::AccountId account, Time hint) : rooms_(rooms), account_(account), hint_(hint) {}
  // Begun anew as often as the holds change meanwhile. What a hold or a minimum retention keeps stays, with its account
  // (store/held_account.h), and is counted as skipped. The hint that led here finds what a crash leaves: it is the caller's to take
  // away, at last. Errors: busy (another process removes it), cancelled, io, corrupt (or it says nowhere that it is deleted).
  Result<void> run(SweepCount& count);

 private:
  Result<void> remove(SweepCount& count);  // or what of it nothing keeps. Errors: conflict (the holds changed) too
  Result<void> expect_deleted();
  Result<bool> is_ours();
  void open_head();
  Result<void> free_addresses();
  void close_head();
  Result<void> settle_due_list();
  struct Report;
  Result<void> leave(const Report& report);
  struct ArchivedParts {
    schema::MessageId message;
    std::uint64_t number;
    std::uint32_t parts;
  };
  struct Settled;
  Result<bool> settle_page(std::string& from);
  Result<void> remove_archived(const std::vector<ArchivedParts>& archived);
  struct Page;
  Result<void> remove_content(SweepCount& count);
  Result<void> remove_records();
  Result<void> forget_leftovers();
  Result<void> commit(Batch batch);
  Rooms& rooms_;
  const schema::AccountId account_;
  const Time hint_;
  std::optional<Lease> lease_;        // where other processes could remove it too
  std::uint64_t holds_revision_ = 0;  // by which nothing keeps it
  std::shared_ptr<Head> head_;        // held, so that no other one is loaded meanwhile
};

}  // namespace telepost::store
