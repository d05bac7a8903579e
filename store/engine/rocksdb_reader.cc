#include "store/engine/rocksdb_reader.h"

#include "base/bytes.h"
#include "store/engine/operations.h"

namespace telepost::store {
namespace {

std::string_view view_of(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace

Result<std::optional<std::string>> get_from(RocksdbDatabase& database, const rocksdb::ReadOptions& options,
                                            Space space, std::string_view full_key) {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = database.db().Get(options, database.family(space), full_key, &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return error_from(status);
  return std::optional<std::string>(value.ToString());
}

RocksdbReader::RocksdbReader(const schema::Partition& partition,
                             const std::shared_ptr<RocksdbDatabase>& database)
    : partition_(partition), snapshot_owner_(database) {
  if (database != nullptr) snapshot_ = database->take_snapshot();
}

RocksdbReader::~RocksdbReader() {
  if (snapshot_ == nullptr) return;
  if (const auto owner = snapshot_owner_.lock()) owner->release_snapshot(snapshot_);
}

Result<std::shared_ptr<RocksdbDatabase>> RocksdbReader::database() const {
  auto database = source_ ? source_() : snapshot_owner_.lock();
  if (database == nullptr)
    return {Errc::io, source_ ? "the database is not open" : "the database was opened again"};
  return database;
}

rocksdb::ReadOptions RocksdbReader::read_options() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  options.fill_cache = caching_ == Caching::as_read;
  return options;
}

Result<std::optional<std::string>> RocksdbReader::get(Space space, std::string_view key) const {
  TELEPOST_ASSIGN(const auto database, this->database());
  engine_operations().get.add();
  return get_from(*database, read_options(), space, full_key(key));
}

Result<std::vector<std::optional<std::string>>> RocksdbReader::get_many(
    Space space, const std::vector<std::string>& keys) const {
  TELEPOST_ASSIGN(const auto database, this->database());
  engine_operations().get_many.add();
  engine_operations().key.add(keys.size());
  std::vector<std::string> full_keys;
  full_keys.reserve(keys.size());
  for (const std::string& key : keys) full_keys.push_back(full_key(key));
  const std::vector<rocksdb::Slice> slices(full_keys.begin(), full_keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  database->db().MultiGet(read_options(), database->family(space), keys.size(), slices.data(), values.data(),
                          statuses.data());
  std::vector<std::optional<std::string>> answers(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      answers[i] = values[i].ToString();
    } else if (!statuses[i].IsNotFound()) {
      return error_from(statuses[i]);
    }
  }
  return answers;
}

Result<void> RocksdbReader::scan(Space space, std::string_view begin, std::string_view end,
                                 const Visitor& visit) const {
  TELEPOST_ASSIGN(const auto database, this->database());
  engine_operations().scan.add();
  const std::string first = full_key(begin);
  const std::string bound = end.empty() ? end_of_prefix(partition_.bytes()) : full_key(end);
  if (first >= bound) return {};
  const rocksdb::Slice upper(bound);
  rocksdb::ReadOptions options = read_options();
  options.iterate_upper_bound = &upper;
  options.background_purge_on_iterator_cleanup = true;  // a reader never waits for the deletion of old files
  const std::unique_ptr<rocksdb::Iterator> it(database->db().NewIterator(options, database->family(space)));
  std::uint64_t records = 0;
  for (it->Seek(first); it->Valid(); it->Next()) {
    ++records;
    if (!visit(view_of(it->key()).substr(partition_.bytes().size()), view_of(it->value()))) break;
  }
  engine_operations().record.add(records);
  return it->status().ok() ? Result<void>() : Result<void>(error_from(it->status()));
}

}  // namespace telepost::store
