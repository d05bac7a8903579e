// The lists of one commit call, merged into as few synced writes as their size allows. Private to the RocksDB
// engine.
#pragma once

#include <rocksdb/write_batch.h>

#include <unordered_map>
#include <vector>

#include "store/engine/rocksdb_database.h"

namespace telepost::store {

// One thread, for one call of commit(); the caller keeps other writers out, so what get_from() tells stays
// true until the write.
class RocksdbCommit {
 public:
  RocksdbCommit(RocksdbDatabase& database, bool sync, std::span<CommitList> lists,
                std::span<Result<void>> results)
      : database_(database), sync_(sync), lists_(lists), results_(results) {}
  void run();

 private:
  static constexpr std::size_t kMaxWriteBytes =
      8u << 20;  // of one synced write; a single batch is at most half of it

  void gather(std::size_t list);
  Result<void> append(const CommitEntry& entry);
  Result<void> check(const schema::Partition& partition, const Expectation& expectation);
  void take_back_to(std::size_t entries);
  void write();
  rocksdb::WriteBatch merged() const;
  std::optional<std::string> key_as_gathered(const Batch& batch, const Expectation& expectation,
                                             bool& found) const;

  RocksdbDatabase& database_;
  const bool sync_;
  const std::span<CommitList> lists_;
  const std::span<Result<void>> results_;

  std::vector<const Batch*> gathered_;  // for the next write, in order
  std::size_t gathered_bytes_ = 0;
  // The same by partition, as far as indexed_ goes: most calls expect nothing and never build it.
  std::unordered_map<schema::Partition, std::vector<const Batch*>> by_partition_;
  std::size_t indexed_ = 0;
  std::vector<std::size_t> waiting_;  // lists that end in the next write
  Result<void> failed_;               // of the first write that failed; nothing is written after it
};

}  // namespace telepost::store
