// The seam between the store and what keeps its bytes. One file pair per engine; tests/unit/engine_contract_test.cc runs against each.
//
// What an engine promises, and no more: a batch is atomic and durable within its partition; a list of batches leaves a
// prefix after a crash; an expectation is checked atomically with its batch; a snapshot is a stable view of one partition.
// Every call may block on the disk: none is made on a session's thread. Every call may be made from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/engine/batch.h"

namespace telepost::store {

// Reads of one partition. Errors: io, corrupt (the engine's own checksums), timeout (a snapshot past its 30 s, where an engine ends it).
class PartitionReader {
 public:
  // Called for each record in ascending key order; the views live until it returns; false ends the scan.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

  virtual ~PartitionReader() = default;
  virtual Result<std::optional<std::string>> get(Space space, std::string_view key) const = 0;
  // As many answers as keys, in their order.
  virtual Result<std::vector<std::optional<std::string>>> get_many(Space space,
                                                                   const std::vector<std::string>& keys) const = 0;
  // Keys in [begin, end), ascending; an empty end means the partition's end. There is no scan backwards: what is
  // wanted newest first is keyed so.
  virtual Result<void> scan(Space space, std::string_view begin, std::string_view end, const Visitor& visit) const = 0;
};

struct DiskSpace {
  std::uint64_t total_bytes;
  std::uint64_t free_bytes;  // to an unprivileged writer
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Whether other processes may write while this one does. one: whoever wrote before has ended.
  enum class Writers : std::uint8_t { one, many };
  virtual Writers writers() const { return Writers::one; }

  // Commits every list; results[i] tells of lists[i]: ok only when all its batches are durable. Lists are independent of each
  // other but for this: those that write one partition are applied in their order, and when one of them fails
  // with disk_full or io, the later ones of that partition fail too. An engine may make many durable by one sync. Errors: conflict (an expectation did not hold; the batches
  // before it may be there), disk_full and io (any prefix may be there, durable or not).
  // Preconditions: results.size() == lists.size(); batches within kMaxBatchBytes.
  virtual void commit(std::span<CommitList> lists, std::span<Result<void>> results) = 0;

  // The partition as it stands at each call.
  virtual std::unique_ptr<PartitionReader> reader(const schema::Partition& partition) = 0;
  // The same for bulk work: what it reads takes no place in a cache.
  virtual std::unique_ptr<PartitionReader> bulk_reader(const schema::Partition& partition) { return reader(partition); }
  // The partition as it stands now, for at most 30 s; must not outlive the engine.
  virtual std::unique_ptr<PartitionReader> snapshot(const schema::Partition& partition) = 0;

  // Partitions of a kind that hold a key, ascending, from the first above `after` (no value: from the first). For
  // verify and for tests: O(all) on some engines.
  virtual Result<void> list_partitions(schema::PartitionKind kind, std::optional<schema::Partition> after,
                                       const std::function<bool(const schema::Partition&)>& visit) = 0;

  virtual Result<DiskSpace> disk_space() = 0;
  // Tries to leave an error that stopped writing (a disk that was full). ok: the next commit may succeed.
  virtual Result<void> recover() = 0;
  // Gives back what deletions left behind, as far as the engine can; may take minutes.
  virtual Result<void> compact() = 0;
};

}  // namespace telepost::store
