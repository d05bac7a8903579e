#include "store/engine/rocksdb_commit.h"

#include "store/engine/operations.h"
#include "store/engine/rocksdb_reader.h"

namespace telepost::store {

void RocksdbCommit::run() {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (failed_.ok()) {
      gather(i);
    } else {
      results_[i] = failed_;
    }
  }
  write();
  engine_operations().commit.add(lists_.size());
}

// The list's result is set here if it is refused, else by the write that holds its last batch.
void RocksdbCommit::gather(std::size_t list) {
  results_[list] = {};
  std::size_t start = gathered_.size();
  batch_.SetSavePoint();
  for (const CommitEntry& entry : lists_[list]) {
    if (batch_.GetDataSize() + entry.batch.size_bytes() > kMaxWriteBytes && !gathered_.empty()) {
      write();
      start = 0;
      batch_.SetSavePoint();
    }
    Result<void> appended = failed_.ok() ? append(entry) : failed_;
    if (!appended.ok()) {
      results_[list] = std::move(appended);
      take_back_to(start);
      return;
    }
  }
  batch_.PopSavePoint().PermitUncheckedError();
  waiting_.push_back(list);
}

Result<void> RocksdbCommit::append(const CommitEntry& entry) {
  for (const Expectation& expectation : entry.expectations)
    TELEPOST_TRY(check(entry.batch.partition(), expectation));
  if (!entry.batch.empty()) add(entry.batch);
  return {};
}

Result<void> RocksdbCommit::check(const schema::Partition& partition, const Expectation& expectation) {
  for (; indexed_ < gathered_.size(); ++indexed_) {
    by_partition_[gathered_[indexed_]->partition()].push_back(gathered_[indexed_]);
  }
  std::optional<std::string> value;
  bool found = false;
  if (const auto it = by_partition_.find(partition); it != by_partition_.end()) {
    for (auto batch = it->second.rbegin(); batch != it->second.rend() && !found; ++batch) {
      value = key_as_gathered(**batch, expectation, found);
    }
  }
  if (!found) {
    const std::string key = std::string(partition.bytes()).append(expectation.key);
    TELEPOST_ASSIGN(value, get_from(database_, {}, expectation.space, key));
  }
  if (value == expectation.value) return {};
  return {Errc::conflict, "a key of " + partition.to_string() + " is not as expected"};
}

// What the batch leaves in the key; found tells whether it touches it.
std::optional<std::string> RocksdbCommit::key_as_gathered(const Batch& batch, const Expectation& expectation,
                                                          bool& found) const {
  std::optional<std::string> value;
  batch.for_each(
      [&](Space space, std::string_view key, std::string_view put) {
        if (space == expectation.space && key == expectation.key) value = put, found = true;
      },
      [&](Space space, std::string_view key) {
        if (space == expectation.space && key == expectation.key) value.reset(), found = true;
      });
  return value;
}

void RocksdbCommit::add(const Batch& batch) {
  const std::string_view prefix = batch.partition().bytes();
  const auto parts = [&](std::string_view key) { return std::array<rocksdb::Slice, 2>{prefix, key}; };
  // A WriteBatch without a size limit takes all that fits into its 4 GiB: these cannot fail.
  batch.for_each(
      [&](Space space, std::string_view key, std::string_view value) {
        const auto key_parts = parts(key);
        const rocksdb::Slice value_part = value;
        TELEPOST_ASSERT(batch_.Put(database_.family(space), {key_parts.data(), 2}, {&value_part, 1}).ok());
      },
      [&](Space space, std::string_view key) {
        const auto key_parts = parts(key);
        TELEPOST_ASSERT(batch_.Delete(database_.family(space), {key_parts.data(), 2}).ok());
      });
  gathered_.push_back(&batch);
}

void RocksdbCommit::take_back_to(std::size_t entries) {
  if (gathered_.size() == entries) {
    if (!gathered_.empty()) batch_.PopSavePoint().PermitUncheckedError();
    return;
  }
  TELEPOST_ASSERT(batch_.RollbackToSavePoint().ok());
  gathered_.resize(entries);
  by_partition_.clear();
  indexed_ = 0;
}

void RocksdbCommit::write() {
  if (!gathered_.empty() && failed_.ok()) {
    rocksdb::WriteOptions options;
    options.sync = sync_;
    engine_operations().batch.add(gathered_.size());
    engine_operations().write.add(batch_.Count());
    engine_operations().sync.add();
    if (const rocksdb::Status status = database_.db().Write(options, &batch_); !status.ok())
      failed_ = error_from(status);
  }
  for (const std::size_t list : waiting_) results_[list] = failed_;
  waiting_.clear();
  gathered_.clear();
  by_partition_.clear();
  indexed_ = 0;
  batch_.Clear();
}

}  // namespace telepost::store
