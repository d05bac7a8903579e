#include "store/engine/rocksdb_database.h"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <unistd.h>

#include <filesystem>

#include "store/engine/rocksdb_options.h"

namespace telepost::store {
namespace {

// Creates the folder and its parents, each durable in the one above it.
Result<void> create_folder(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  const std::filesystem::path parent = std::filesystem::absolute(path, error).parent_path();
  if (!error && parent != path) TELEPOST_TRY(create_folder(parent));
  if (!std::filesystem::create_directory(path, error) && error) {
    return {Errc::io, "cannot create " + path.string() + ": " + error.message()};
  }
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  return synced ? Result<void>() : Result<void>(Errc::io, "cannot sync the folder " + parent.string());
}

// Who holds the lock of a folder that another process uses. Never called for a lock of this process: closing
// the file would release it (POSIX record locks).
std::string holder_of(const std::string& path) {
  const int fd = ::open((path + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return "in use by another process";
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool held = ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(fd);
  return held ? "in use by pid " + std::to_string(lock.l_pid) : "in use by another process";
}

// RocksDB tells of a lock only by its text.
Error open_error(const rocksdb::Status& status, const RocksdbOptions& options) {
  const std::string text = status.ToString();
  if (text.find("lock hold by current process") != std::string::npos) {
    return {Errc::busy, options.path + " is in use by pid " + std::to_string(::getpid())};
  }
  if (text.find("/LOCK: Resource temporarily unavailable") != std::string::npos) {
    return {Errc::busy, options.path + " is " + holder_of(options.path)};
  }
  if (status.IsInvalidArgument() && text.find("does not exist") != std::string::npos) {
    return {Errc::not_found, "there is no store in " + options.path};
  }
  return error_from(status);
}

}  // namespace

Error error_from(const rocksdb::Status& status) {
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit)
    return {Errc::disk_full, status.ToString()};
  if (status.IsCorruption()) return {Errc::corrupt, status.ToString()};
  if (status.IsBusy() || status.IsTryAgain()) return {Errc::busy, status.ToString()};
  return {Errc::io, status.ToString()};
}

Result<std::shared_ptr<RocksdbDatabase>> RocksdbDatabase::open(const RocksdbOptions& options) {
  if (options.create) TELEPOST_TRY(create_folder(options.path));
  // RocksDB would make the folder and its own log there before it finds that out.
  std::error_code unknown;
  if (!options.create && !std::filesystem::exists(options.path + "/CURRENT", unknown) && !unknown) {
    return {Errc::not_found, "there is no store in " + options.path};
  }
  // One cache shared by all families; 16 shards keep two cores apart, and no block may outgrow its shard.
  rocksdb::LRUCacheOptions cache_options;
  cache_options.capacity = options.cache_bytes;
  cache_options.num_shard_bits = 3;
  cache_options.high_pri_pool_ratio = 0.5;
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(cache_options);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kSpaces; ++i) {
    const auto space = static_cast<Space>(i);
    descriptors.emplace_back(rocksdb_family_name(space), rocksdb_family_options(space, options, cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(rocksdb_database_options(options), options.path, descriptors, &families, &db);
  if (!status.ok()) return open_error(status, options);
  return std::shared_ptr<RocksdbDatabase>(new RocksdbDatabase(db, families));
}

RocksdbDatabase::RocksdbDatabase(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& families)
    : db_(db) {
  for (std::size_t i = 0; i < kSpaces; ++i) families_[i] = families[i];
}

RocksdbDatabase::~RocksdbDatabase() {
  for (const rocksdb::Snapshot* snapshot : snapshots_) db_->ReleaseSnapshot(snapshot);
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  // What an unsynced log still holds is flushed by the destructor; a failure leaves what the log has.
  db_->Close().PermitUncheckedError();
}

const rocksdb::Snapshot* RocksdbDatabase::take_snapshot() {
  const rocksdb::Snapshot* snapshot = db_->GetSnapshot();
  const std::lock_guard lock(mutex_);
  snapshots_.insert(snapshot);
  return snapshot;
}

void RocksdbDatabase::release_snapshot(const rocksdb::Snapshot* snapshot) {
  {
    const std::lock_guard lock(mutex_);
    snapshots_.erase(snapshot);
  }
  db_->ReleaseSnapshot(snapshot);
}

}  // namespace telepost::store
