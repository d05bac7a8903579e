// Legal holds. A hold is judged at the moment when something is about to be removed for good (store/removals.h), so placing one reads no
// message and covers those that come later.
//
// Every process keeps the holds in memory under a revision. A batch that removes, or that parks what a hold keeps, expects its
// slice of the calendar to carry the revision by which it judged; adding or releasing a hold raises it in all slices. So once add() has
// returned, nothing is removed any more by whoever had not heard of the hold: such a batch is refused, and judged again.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/hold_record.h"
#include "store/engine/batch.h"

namespace telepost::store {

struct Rooms;

struct Hold {
  std::uint64_t id = 0;
  schema::HoldRecord record;
};

// Immutable once made.
struct HoldSet {
  std::uint64_t revision = 0;
  std::vector<Hold> active;
};

// The holds in force, as this process knows them. Any thread.
class HoldRoom {
 public:
  std::shared_ptr<const HoldSet> get() const { return std::atomic_load(&set_); }
  void set(HoldSet set) { std::atomic_store(&set_, std::make_shared<const HoldSet>(std::move(set))); }
  std::mutex changing;  // held by who changes them

 private:
  std::shared_ptr<const HoldSet> set_ = std::make_shared<const HoldSet>();
};

class Holds {
 public:
  explicit Holds(Rooms& rooms) : rooms_(rooms) {}

  // Gives its number. At return every process judges by it. Errors: not_found (no such account), disk_full, io.
  Result<std::uint64_t> add(schema::HoldRecord record);
  // What it alone kept is due again. Errors: not_found.
  Result<void> release(std::uint64_t hold);
  // In the order of their numbers, those being released too.
  Result<std::vector<Hold>> list();
  struct Kept {
    std::uint64_t accounts = 0;  // those that are deleted and stay for it
    std::uint64_t messages = 0;  // gone for everybody, and stored for it
  };
  // Errors: not_found.
  Result<std::pair<Hold, Kept>> show(std::uint64_t hold);

  // Reads them from the engine: at open, and after a batch was refused.
  Result<void> load();
  // What a batch in the account's slice must expect of the calendar to be judged by this revision.
  static CommitEntry fence(schema::AccountId account, std::uint64_t revision);
  // Ahead of a batch by which something of the account stays for the hold, and behind its fence.
  static CommitEntry note(std::uint64_t hold, schema::AccountId account);
  // The hint at the store's own partition: makes due what released holds kept, a page of accounts at a time for as long as it may go on.
  // Errors: cancelled (the rest is left), and those that pass.
  Result<void> finish_releases(const std::function<bool()>& goes_on);

 private:
  Result<void> load_locked();
  Result<std::vector<Hold>> read(std::uint64_t& revision);
  // Writes the record under the next revision, into all slices; known to this process before anybody else's batch can follow.
  Result<std::uint64_t> change(const std::function<Result<Hold>(std::uint64_t revision)>& decide);
  Result<std::vector<std::string>> some_accounts_under(std::uint64_t hold, std::size_t limit);  // their keys
  Result<bool> make_due(std::uint64_t hold);
  Result<void> wake(schema::AccountId account, std::vector<std::future<Result<void>>>& woken);
  Rooms& rooms_;
};

}  // namespace telepost::store
