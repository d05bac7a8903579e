// One opening of a RocksDB database, from lock to close. Private to the RocksDB engine, which may close it
// and open it again (recover) while readers hold on to it for one call at a time.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "store/engine/rocksdb_engine.h"

namespace telepost::store {

// NoSpace is disk_full, Corruption is corrupt, Busy and TryAgain are busy, all else is io.
Error error_from(const rocksdb::Status& status);

class RocksdbDatabase {
 public:
  static Result<std::shared_ptr<RocksdbDatabase>> open(const RocksdbOptions& options);
  // Every snapshot ends; the lock is free when it returns.
  ~RocksdbDatabase();
  RocksdbDatabase(const RocksdbDatabase&) = delete;
  RocksdbDatabase& operator=(const RocksdbDatabase&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Space space) const {
    return families_[static_cast<std::size_t>(space)];
  }

  const rocksdb::Snapshot* take_snapshot();
  void release_snapshot(const rocksdb::Snapshot* snapshot);

 private:
  explicit RocksdbDatabase(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& families);

  const std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kSpaces> families_;  // owned, destroyed before db_
  std::mutex mutex_;
  std::set<const rocksdb::Snapshot*> snapshots_;  // guarded by mutex_
};

}  // namespace telepost::store
