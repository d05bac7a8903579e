// How RocksDB is set up, and why. Private to the RocksDB engine.
#pragma once

#include <rocksdb/options.h>

#include <memory>

#include "store/engine/rocksdb_engine.h"

namespace telepost::store {

rocksdb::DBOptions rocksdb_database_options(const RocksdbOptions& options);
rocksdb::ColumnFamilyOptions rocksdb_family_options(Space space, const RocksdbOptions& options,
                                                    const std::shared_ptr<rocksdb::Cache>& cache);
// The name of the family of a space; point is RocksDB's own "default", which must exist anyway.
std::string rocksdb_family_name(Space space);

}  // namespace telepost::store
