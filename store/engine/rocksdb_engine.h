// The engine for one machine: a RocksDB database in one folder, a column family per Space, each key behind
// its partition's bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "store/engine/engine.h"

namespace rocksdb {
class Env;
}

namespace telepost::store {

class RocksdbDatabase;

struct RocksdbOptions {
  std::string path;
  bool create = true;  // the folder and its parents; false: not_found where there is no store
  // false acknowledges what a power cut may take away; only the test that shows this loss wants it.
  bool sync = true;
  std::size_t cache_bytes = 48u << 20;  // blocks, indexes and filters of all families together
  std::size_t memtable_bytes =
      96u << 20;  // what waits in memory to be flushed; a third of it is one memtable of `large`
  int max_open_files = 512;
  rocksdb::Env* env = nullptr;  // the seam for faults; outlives the engine. Null: the machine's own files
};

// Any thread. commit() serialises its callers: one committer thread that brings everything that waits is the
// way to speed.
class RocksdbEngine final : public Engine {
 public:
  // Takes the folder's lock and replays the log. Errors: busy (another process or engine has it: "in use by
  // pid N"), not_found (no store, and !create), disk_full, corrupt, io.
  static Result<std::unique_ptr<RocksdbEngine>> open(RocksdbOptions options);
  ~RocksdbEngine() override;

  // A refused list leaves nothing, unless it is longer than one write (8 MiB): then a prefix.
  void commit(std::span<CommitList> lists, std::span<Result<void>> results) override;
  std::unique_ptr<PartitionReader> reader(const schema::Partition& partition) override;
  std::unique_ptr<PartitionReader> bulk_reader(const schema::Partition& partition) override;
  // Reads give io after a recover() that had to open the database again.
  std::unique_ptr<PartitionReader> snapshot(const schema::Partition& partition) override;
  Result<void> list_partitions(schema::PartitionKind kind, std::optional<schema::Partition> after,
                               const std::function<bool(const schema::Partition&)>& visit) override;
  Result<DiskSpace> disk_space() override;
  // disk_full while the disk is. Else, where an error stopped the database, opens it again: for that moment
  // reads fail with io, and go on failing if it does not open (busy: a call still reads from the old one)
  // until a later recover() succeeds.
  Result<void> recover() override;
  Result<void> compact() override;

 private:
  explicit RocksdbEngine(RocksdbOptions options);
  std::shared_ptr<RocksdbDatabase> database() const;
  void set_database(std::shared_ptr<RocksdbDatabase> database);
  Result<void> reopen();

  const RocksdbOptions options_;
  std::mutex commit_mutex_;  // held over the check of expectations and the write, so that both are one step
  mutable std::mutex database_mutex_;
  std::shared_ptr<RocksdbDatabase>
      database_;  // guarded by database_mutex_; null only after a recover() that failed
};

}  // namespace telepost::store
