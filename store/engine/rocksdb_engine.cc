#include "store/engine/rocksdb_engine.h"

#include <rocksdb/file_system.h>
#include <sys/statvfs.h>

#include "base/bytes.h"
#include "base/log.h"
#include "store/engine/operations.h"
#include "store/engine/rocksdb_commit.h"
#include "store/engine/rocksdb_options.h"
#include "store/engine/rocksdb_reader.h"

namespace telepost::store {
namespace {

constexpr std::size_t kProbeBytes = 4u << 20;

// A file's worth of room, taken and given back: a disk that is still full is told before anything is closed.
Result<void> probe_room(rocksdb::FileSystem& files, const std::string& path) {
  const std::string name = path + "/recover.probe";
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status = files.NewWritableFile(name, {}, &file, nullptr);
  if (status.ok()) status = file->Append(std::string(kProbeBytes, '\x5a'), {}, nullptr);
  if (status.ok()) status = file->Sync({}, nullptr);
  if (file != nullptr) file->Close({}, nullptr).PermitUncheckedError();
  file.reset();
  files.DeleteFile(name, {}, nullptr).PermitUncheckedError();
  return status.ok() ? Result<void>() : Result<void>(error_from(status));
}

// A synced write that changes nothing, for log data is no record: fails at once where an error stopped the
// database.
rocksdb::Status probe_log(rocksdb::DB& db) {
  rocksdb::WriteBatch batch;
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::Status status = batch.PutLogData("probe");
  return status.ok() ? db.Write(options, &batch) : status;
}

// The first key at or above `from` in any family, or nothing.
Result<std::optional<std::string>> first_key(std::span<const std::unique_ptr<rocksdb::Iterator>> families,
                                             const std::string& from) {
  std::optional<std::string> first;
  for (const auto& it : families) {
    it->Seek(from);
    if (it->Valid()) {
      if (!first || it->key().compare(*first) < 0) first = it->key().ToString();
    } else if (!it->status().ok()) {
      return error_from(it->status());
    }
  }
  return first;
}

// True where rewriting gives something back: values that blob files hold for nobody, or tombstones.
bool has_garbage(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) {
  std::uint64_t blob_garbage = 0;
  db.GetIntProperty(family, rocksdb::DB::Properties::kLiveBlobFileGarbageSize, &blob_garbage);
  rocksdb::TablePropertiesCollection collection;
  if (blob_garbage > 0 || !db.GetPropertiesOfAllTables(family, &collection).ok()) return true;
  for (const auto& [name, properties] : collection) {
    if (properties->num_deletions > 0) return true;
  }
  return false;
}

}  // namespace

RocksdbEngine::RocksdbEngine(RocksdbOptions options) : options_(std::move(options)) {}
RocksdbEngine::~RocksdbEngine() = default;

Result<std::unique_ptr<RocksdbEngine>> RocksdbEngine::open(RocksdbOptions options) {
  std::unique_ptr<RocksdbEngine> engine(new RocksdbEngine(std::move(options)));
  TELEPOST_ASSIGN(engine->database_, RocksdbDatabase::open(engine->options_));
  return engine;
}

std::shared_ptr<RocksdbDatabase> RocksdbEngine::database() const {
  const std::lock_guard lock(database_mutex_);
  return database_;
}

void RocksdbEngine::set_database(std::shared_ptr<RocksdbDatabase> database) {
  const std::lock_guard lock(database_mutex_);
  database_ = std::move(database);
}

void RocksdbEngine::commit(std::span<CommitList> lists, std::span<Result<void>> results) {
  TELEPOST_ASSERT(lists.size() == results.size());
  const std::lock_guard lock(commit_mutex_);
  const auto database = this->database();
  if (database == nullptr) {
    for (Result<void>& result : results) result = Error{Errc::io, "the database is not open"};
    return;
  }
  RocksdbCommit(*database, options_.sync, lists, results).run();
}

std::unique_ptr<PartitionReader> RocksdbEngine::reader(const schema::Partition& partition) {
  return std::make_unique<RocksdbReader>(partition, [this] { return database(); });
}

std::unique_ptr<PartitionReader> RocksdbEngine::bulk_reader(const schema::Partition& partition) {
  return std::make_unique<RocksdbReader>(partition, [this] { return database(); }, RocksdbReader::Caching::none);
}

std::unique_ptr<PartitionReader> RocksdbEngine::snapshot(const schema::Partition& partition) {
  engine_operations().snapshot.add();
  return std::make_unique<RocksdbReader>(partition, database());
}

Result<void> RocksdbEngine::list_partitions(schema::PartitionKind kind,
                                            std::optional<schema::Partition> after,
                                            const std::function<bool(const schema::Partition&)>& visit) {
  const auto database = this->database();
  if (database == nullptr) return {Errc::io, "the database is not open"};
  std::string next(1, static_cast<char>(kind));
  const std::string end = end_of_prefix(next);
  if (after && end_of_prefix(after->bytes()) > next) next = end_of_prefix(after->bytes());
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.total_order_seek = true;  // from partition to partition, where the filters of one do not help
  options.fill_cache = false;
  std::vector<std::unique_ptr<rocksdb::Iterator>> families;
  for (std::size_t i = 0; i < kSpaces; ++i) {
    families.emplace_back(database->db().NewIterator(options, database->family(static_cast<Space>(i))));
  }
  while (next < end) {
    TELEPOST_ASSIGN(const auto key, first_key(families, next));
    if (!key) break;
    std::string_view rest(*key);
    TELEPOST_ASSIGN(const schema::Partition partition, schema::Partition::take_from(rest));
    if (!visit(partition)) break;
    next = end_of_prefix(partition.bytes());
  }
  return {};
}

Result<DiskSpace> RocksdbEngine::disk_space() {
  struct statvfs disk {};
  if (::statvfs(options_.path.c_str(), &disk) != 0) return {Errc::io, "statvfs fails for " + options_.path};
  return DiskSpace{disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize};
}

Result<void> RocksdbEngine::recover() {
  const std::lock_guard lock(commit_mutex_);
  rocksdb::Env* env = options_.env != nullptr ? options_.env : rocksdb::Env::Default();
  TELEPOST_TRY(probe_room(*env->GetFileSystem(), options_.path));
  if (const auto database = this->database()) {
    if (probe_log(database->db()).ok()) return {};
    database->db().DisableManualCompaction();  // compact() would hold the database for minutes
  }
  return reopen();
}

// Everything acknowledged is in the synced log, so nothing is lost by closing. Closing waits for the calls
// that read.
Result<void> RocksdbEngine::reopen() {
  log::warning("engine_reopens", {{"path", options_.path}});
  set_database(nullptr);
  RocksdbOptions options = options_;
  options.create = false;
  auto opened = RocksdbDatabase::open(options);
  if (!opened.ok()) return std::move(opened).error();  // busy while a reader still holds the old one
  set_database(std::move(opened).value());
  return {};
}

Result<void> RocksdbEngine::compact() {
  const auto database = this->database();
  if (database == nullptr) return {Errc::io, "the database is not open"};
  rocksdb::DB& db = database->db();
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  for (std::size_t i = 0; i < kSpaces; ++i) families.push_back(database->family(static_cast<Space>(i)));
  if (const auto status = db.Flush({}, families); !status.ok()) return error_from(status);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
  options.blob_garbage_collection_age_cutoff = 1.0;
  for (rocksdb::ColumnFamilyHandle* family : families) {
    if (!has_garbage(db, family)) continue;
    if (const auto status = db.CompactRange(options, family, nullptr, nullptr); !status.ok())
      return error_from(status);
  }
  return {};
}

}  // namespace telepost::store
