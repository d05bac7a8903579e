#include "store/engine/rocksdb_commit.h"

#include <algorithm>
#include <array>

#include "store/engine/operations.h"
#include "store/engine/rocksdb_reader.h"

namespace telepost::store {
namespace {

struct Operation {
  Space space;
  bool is_put;
  std::string_view partition, key, value;
  bool is_of_same_key(const Operation& other) const {
    return space == other.space && key == other.key && partition == other.partition;
  }
  bool operator<(const Operation& other) const {
    if (space != other.space) return space < other.space;
    const int order = partition.compare(other.partition);
    return order != 0 ? order < 0 : key < other.key;
  }
};

}  // namespace

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
  for (const CommitEntry& entry : lists_[list]) {
    if (gathered_bytes_ + entry.batch.size_bytes() > kMaxWriteBytes && !gathered_.empty()) {
      write();
      start = 0;
    }
    Result<void> appended = failed_.ok() ? append(entry) : failed_;
    if (!appended.ok()) {
      results_[list] = std::move(appended);
      take_back_to(start);
      return;
    }
  }
  waiting_.push_back(list);
}

Result<void> RocksdbCommit::append(const CommitEntry& entry) {
  for (const Expectation& expectation : entry.expectations)
    TELEPOST_TRY(check(entry.batch.partition(), expectation));
  if (entry.batch.empty()) return {};
  gathered_.push_back(&entry.batch);
  gathered_bytes_ += entry.batch.size_bytes();
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

void RocksdbCommit::take_back_to(std::size_t entries) {
  if (gathered_.size() == entries) return;
  for (std::size_t i = entries; i < gathered_.size(); ++i) gathered_bytes_ -= gathered_[i]->size_bytes();
  gathered_.resize(entries);
  by_partition_.clear();
  indexed_ = 0;
}

// Sorted, and of what is written several times (a busy account's head) only the last: a memtable finds the place of a key at once
// that comes right behind the one before it. It is one record of the log, so nobody sees it half written.
rocksdb::WriteBatch RocksdbCommit::merged() const {
  std::vector<Operation> operations;
  for (const Batch* const batch : gathered_) {
    const std::string_view partition = batch->partition().bytes();
    batch->for_each(
        [&](Space space, std::string_view key, std::string_view value) { operations.push_back({space, true, partition, key, value}); },
        [&](Space space, std::string_view key) { operations.push_back({space, false, partition, key, {}}); });
  }
  std::stable_sort(operations.begin(), operations.end());
  // Without a size limit it takes all that fits into its 4 GiB: these cannot fail.
  rocksdb::WriteBatch merged(gathered_bytes_ + gathered_bytes_ / 4);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& operation = operations[i];
    if (i + 1 < operations.size() && operation.is_of_same_key(operations[i + 1])) continue;
    const std::array<rocksdb::Slice, 2> key{operation.partition, operation.key};
    const rocksdb::Slice value = operation.value;
    rocksdb::ColumnFamilyHandle* const family = database_.family(operation.space);
    if (operation.is_put) TELEPOST_ASSERT(merged.Put(family, {key.data(), 2}, {&value, 1}).ok());
    else TELEPOST_ASSERT(merged.Delete(family, {key.data(), 2}).ok());
  }
  return merged;
}

void RocksdbCommit::write() {
  if (!gathered_.empty() && failed_.ok()) {
    rocksdb::WriteOptions options;
    options.sync = sync_;
    engine_operations().batch.add(gathered_.size());
    rocksdb::WriteBatch batch = merged();
    engine_operations().write.add(batch.Count());
    engine_operations().sync.add();
    if (const rocksdb::Status status = database_.db().Write(options, &batch); !status.ok())
      failed_ = error_from(status);
  }
  for (const std::size_t list : waiting_) results_[list] = failed_;
  waiting_.clear();
  gathered_.clear();
  gathered_bytes_ = 0;
  by_partition_.clear();
  indexed_ = 0;
}

}  // namespace telepost::store
