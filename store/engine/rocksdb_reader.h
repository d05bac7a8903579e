// Reads of one partition of a RocksDB database. Private to the RocksDB engine.
#pragma once

#include <functional>

#include "store/engine/rocksdb_database.h"

namespace telepost::store {

class RocksdbReader final : public PartitionReader {
 public:
  using Source = std::function<std::shared_ptr<RocksdbDatabase>()>;  // asked at each call; null: io
  enum class Caching : unsigned char { as_read, none };

  RocksdbReader(const schema::Partition& partition, Source source, Caching caching = Caching::as_read)
      : partition_(partition), source_(std::move(source)), caching_(caching) {}
  // A stable view of the database as it stands now; it ends with that database.
  RocksdbReader(const schema::Partition& partition, const std::shared_ptr<RocksdbDatabase>& database);
  ~RocksdbReader() override;

  Result<std::optional<std::string>> get(Space space, std::string_view key) const override;
  Result<std::vector<std::optional<std::string>>> get_many(
      Space space, const std::vector<std::string>& keys) const override;
  Result<void> scan(Space space, std::string_view begin, std::string_view end,
                    const Visitor& visit) const override;

 private:
  std::string full_key(std::string_view key) const { return std::string(partition_.bytes()).append(key); }
  Result<std::shared_ptr<RocksdbDatabase>> database() const;
  rocksdb::ReadOptions read_options() const;

  const schema::Partition partition_;
  const Source source_;
  const Caching caching_ = Caching::as_read;
  std::weak_ptr<RocksdbDatabase> snapshot_owner_;
  const rocksdb::Snapshot* snapshot_ = nullptr;  // owned by snapshot_owner_
};

// Gets one key as the newest write left it.
Result<std::optional<std::string>> get_from(RocksdbDatabase& database, const rocksdb::ReadOptions& options,
                                            Space space, std::string_view full_key);

}  // namespace telepost::store
