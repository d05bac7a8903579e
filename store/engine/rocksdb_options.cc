#include "store/engine/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_buffer_manager.h>

#include "base/log.h"
#include "store/engine/rocksdb_database.h"

namespace telepost::store {
namespace {

constexpr std::size_t kMiB = 1u << 20;

// A key's partition, so that a scan skips the files that hold nothing of its account.
class PartitionPrefix final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "telepost.partition"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), prefix_size(key)};
  }
  bool InDomain(const rocksdb::Slice& key) const override { return prefix_size(key) > 0; }

 private:
  static std::size_t prefix_size(const rocksdb::Slice& key) {
    std::string_view rest(key.data(), key.size());
    const auto partition = schema::Partition::take_from(rest);
    return partition.ok() ? key.size() - rest.size() : 0;
  }
};

// RocksDB 7.8 must not resume after a log write failed: its log writer remembers the error, and the next
// write ends in an assertion (facebook/rocksdb issue 11643). Only what stopped nothing, a compaction without
// room, may resume by itself; all else waits for RocksdbEngine::recover(), which opens the database again.
class ErrorListener final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    log::error("engine_failed", {{"reason", static_cast<int>(reason)}, {"status", status->ToString()}});
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status status, bool* resume) override {
    *resume = status.severity() < rocksdb::Status::Severity::kHardError;
  }
};

rocksdb::BlockBasedTableOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache,
                                              std::size_t block_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = block_bytes;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // Indexes and filters live in the cache, cut in pieces: memory stays bounded however large the store is.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.metadata_cache_options.top_level_index_pinning = rocksdb::PinningTier::kAll;
  table.metadata_cache_options.unpartitioned_pinning = rocksdb::PinningTier::kFlushedAndSimilar;
  table.optimize_filters_for_memory = true;
  return table;
}

// Documents, sources and pieces. The values go to blob files when their memtable is flushed, so that
// compaction moves only keys; what is deleted comes back by collecting the oldest blob files.
void keep_values_apart(rocksdb::ColumnFamilyOptions& family, const RocksdbOptions& options) {
  family.write_buffer_size = options.memtable_bytes / 3;
  family.max_write_buffer_number = 3;
  family.enable_blob_files = true;
  family.min_blob_size = 1024;
  family.blob_file_size = 256 * kMiB;
  // Sources are compressed by the store where the class of service wants it. LZ4 gives up early on what is
  // dense and takes documents, which are XML, to a third.
  family.blob_compression_type = rocksdb::kLZ4Compression;
  family.enable_blob_garbage_collection = true;
  family.blob_garbage_collection_age_cutoff = 0.25;
  family.blob_garbage_collection_force_threshold = 0.5;
  family.blob_compaction_readahead_size = 2 * kMiB;
  // The tables hold keys alone: a flushed memtable gives about 1 MiB, so levels are small and start later.
  family.level0_file_num_compaction_trigger = 8;
  family.max_bytes_for_level_base = 32 * kMiB;
  family.target_file_size_base = 8 * kMiB;
}

}  // namespace

std::string rocksdb_family_name(Space space) {
  switch (space) {
    case Space::point:
      return rocksdb::kDefaultColumnFamilyName;
    case Space::scan:
      return "scan";
    case Space::queue:
      return "queue";
    case Space::large:
      return "large";
  }
  TELEPOST_ASSERT(false);
}

rocksdb::DBOptions rocksdb_database_options(const RocksdbOptions& options) {
  rocksdb::DBOptions database;
  if (options.env != nullptr) database.env = options.env;
  database.create_if_missing = options.create;
  database.create_missing_column_families = true;

  // Durability. A torn tail of the log ends it; nothing acknowledged lies behind one, because every write is
  // synced. Logs are not recycled: with this mode RocksDB 7.8 does not (facebook/rocksdb pull 7252: holes in
  // recovered data).
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  database.paranoid_checks = true;
  database.listeners.push_back(std::make_shared<ErrorListener>());
  database.max_bgerror_resume_count = 0;

  // A fast start after kill -9: at most this much log is replayed, and a family that is seldom flushed pins
  // no more.
  database.max_total_wal_size = options.memtable_bytes / 3 * 4;  // 128 MiB
  database.max_manifest_file_size = 16 * kMiB;
  database.skip_stats_update_on_db_open = true;
  database.skip_checking_sst_file_sizes_on_db_open = true;
  database.max_open_files = options.max_open_files;

  // Bounded memory, whatever is in flight: all memtables together, beside the bound of each family.
  database.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(options.memtable_bytes);

  // One writer (the committer), so nothing is gained by concurrent inserts. Two cores: one flush beside two
  // compactions, so that a long collection of blobs keeps no level 0 waiting.
  database.allow_concurrent_memtable_write = false;
  database.max_background_jobs = 3;
  // Write back early and in small steps, so that the log's sync never waits behind a whole memtable.
  database.bytes_per_sync = kMiB;
  // When compaction falls behind, slow down to what a disk can do and not to RocksDB's 16 MiB/s.
  database.delayed_write_rate = 64 * kMiB;

  database.info_log_level = rocksdb::WARN_LEVEL;
  database.max_log_file_size = kMiB;
  database.keep_log_file_num = 4;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  return database;
}

rocksdb::ColumnFamilyOptions rocksdb_family_options(Space space, const RocksdbOptions& options,
                                                    const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions family;
  family.level_compaction_dynamic_level_bytes = true;
  // The upper levels are rewritten soon and mostly read from the cache: only what stays is worth the cycles.
  family.compression = rocksdb::kNoCompression;
  family.bottommost_compression = rocksdb::kLZ4Compression;
  family.write_buffer_size = options.memtable_bytes / 6;
  family.max_write_buffer_number = 3;
  family.max_bytes_for_level_base = 64 * kMiB;
  family.target_file_size_base = 16 * kMiB;
  rocksdb::BlockBasedTableOptions table = table_options(cache, 4096);
  switch (space) {
    case Space::point:
      table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
      // Most questions about delivery keys and new addresses are answered "absent", without a search.
      family.memtable_whole_key_filtering = true;
      family.memtable_prefix_bloom_size_ratio = 0.02;
      break;
    case Space::scan:
      table.block_size = 8192;
      table.whole_key_filtering = false;
      family.prefix_extractor = std::make_shared<PartitionPrefix>();
      // A message that moves and an account that goes leave rows of tombstones before what a scan wants.
      family.table_properties_collector_factories.push_back(
          rocksdb::NewCompactOnDeletionCollectorFactory(8192, 4096, 0.5));
      break;
    case Space::queue:
      // Everything here is deleted soon. Readers begin at their cursor; this bounds what lies before it.
      family.table_properties_collector_factories.push_back(
          rocksdb::NewCompactOnDeletionCollectorFactory(1024, 256, 0.25));
      family.write_buffer_size = options.memtable_bytes / 12;
      break;
    case Space::large:
      keep_values_apart(family, options);
      break;
  }
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

}  // namespace telepost::store
