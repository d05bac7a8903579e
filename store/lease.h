// Leases: several stores on one engine share work and do none of it twice. A lease is a record in the partition that it is about; who
// holds it lets every batch of the work expect that record, so that a batch of an owner who was held up too long is refused.
//
// Whether an owner still lives is seen by each watcher's own monotonic clock: a record that did not change for the lease's length
// is free. On an engine with one writer every other owner is a process that ended.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "schema/keys.h"
#include "schema/lease_record.h"
#include "store/engine/engine.h"

namespace telepost::store {

struct Rooms;

inline constexpr Duration kLeaseLength = std::chrono::seconds(30);

// Held by one thread at a time.
class Lease {
 public:
  // None: another process holds it, or took it at this moment.
  static Result<std::optional<Lease>> take(Rooms& rooms, const schema::Partition& partition, std::string_view key);

  // The expectation that the lease is still ours, for a batch of its own partition; and an entry that carries it, to go ahead of batches
  // of others.
  Expectation expectation() const { return {Space::point, key_, bytes_}; }
  CommitEntry fence() const { return {Batch(partition_), {expectation()}}; }
  // Between two batches: renews it once a third of its length has passed. Errors: conflict (it is another's by now), io.
  Result<void> keep();
  // Whether the record on disk is still ours, after a batch was refused.
  Result<bool> is_ours() const;
  // In a batch of its own partition: it is free again.
  void release(CommitEntry& entry) const;

 private:
  Lease(Rooms& rooms, const schema::Partition& partition, std::string_view key) : rooms_(&rooms), partition_(partition), key_(key) {}
  Result<void> write(schema::LeaseRecord record, const std::optional<std::string>& before);

  Rooms* rooms_;
  schema::Partition partition_;
  std::string key_;
  schema::LeaseRecord record_;
  std::string bytes_;  // of record_, as they are on disk
  SteadyTime renewed_{};
};

// The leases of the calendar's slices that this process holds. On an engine with one writer they are kept for its life, on one with many
// until the slice's work is done. Several sweeps of the process share one, in turns (store/sweep_turns.h). Not synchronized.
class SliceLeases {
 public:
  // nullptr: another process works on the slice. Who has it keeps it for as long as the slice's work takes.
  Result<std::shared_ptr<Lease>> take(Rooms& rooms, std::uint16_t slice);
  // The batch that ends a page of the slice's work expects the lease; the one that ends the work of the last who has it gives it back.
  void finish(Rooms& rooms, std::uint16_t slice, const std::shared_ptr<Lease>& lease, CommitEntry& entry, bool is_end);
  void finished(Rooms& rooms, std::uint16_t slice, const std::shared_ptr<Lease>& lease);  // that batch is durable
  void drop(std::uint16_t slice, const std::shared_ptr<Lease>& lease);  // it is another's by now

 private:
  bool is_last(std::uint16_t slice, const std::shared_ptr<Lease>& lease) const;
  std::array<std::shared_ptr<Lease>, schema::keys::kCalendarSlices> leases_;
};

// Others' leases as this process saw them last, and since when they stand unchanged. Any thread.
class SeenLeases {
 public:
  // Whether the record has not changed for as long as it says; from the first look on.
  bool has_lapsed(const std::string& place, const std::string& bytes, Duration length, SteadyTime now);
  void forget(const std::string& place);

 private:
  struct Seen {
    std::string bytes;
    SteadyTime since;
  };
  std::mutex mutex_;
  std::map<std::string, Seen> seen_;  // guarded by mutex_
};

}  // namespace telepost::store
