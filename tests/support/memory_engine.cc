#include "tests/support/memory_engine.h"

#include <utility>

#include "base/bytes.h"

namespace telepost::test {
namespace {

using store::Space;

std::size_t index_of(Space space) {
  return static_cast<std::size_t>(space);
}

}  // namespace

MemoryEngine::~MemoryEngine() {
  TELEPOST_ASSERT(views_.empty());
}

void MemoryEngine::commit(std::span<store::CommitList> lists, std::span<Result<void>> results) {
  TELEPOST_ASSERT(lists.size() == results.size());
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = before_commit_;
  }
  if (hook) hook();
  const std::lock_guard lock(mutex_);
  ++operations_.commits;
  Result<void> failed;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    ++operations_.lists;
    results[i] = failed;
    for (const store::CommitEntry& entry : lists[i]) {
      if (results[i].ok()) results[i] = apply(entry);
    }
    if (!results[i].ok() && results[i].error().kind != Errc::conflict) failed = results[i];
  }
}

Result<void> MemoryEngine::apply(const store::CommitEntry& entry) {
  TELEPOST_ASSERT(entry.batch.size_bytes() <= store::kMaxBatchBytes);
  TELEPOST_TRY(begin_batch(entry));
  for (const store::Expectation& expectation : entry.expectations) {
    TELEPOST_ASSERT(expectation.key.size() <= store::kMaxKeyBytes);
    const std::string key = std::string(entry.batch.partition().bytes()).append(expectation.key);
    if (value_at(nullptr, expectation.space, key) != expectation.value) {
      return {Errc::conflict, "a key of " + entry.batch.partition().to_string() + " is not as expected"};
    }
  }
  apply_batch(entry.batch);
  return {};
}

Result<void> MemoryEngine::begin_batch(const store::CommitEntry& entry) {
  if (batches_to_crash_ > 0 && --batches_to_crash_ == 0) {
    crashed_ = true;
    forget_unsynced();
  }
  Result<void> begun = begin_operation();
  if (!begun.ok()) {
    const bool present = operation_number_ == failure_.nth && failure_.batch == FailedBatch::present;
    if (!crashed_ && present && entry.expectations.empty()) apply_batch(entry.batch);
    return begun;
  }
  if (full_ || latched_ == Errc::disk_full) {
    latched_ = Errc::disk_full;
    return {Errc::disk_full, "the disk of the test is full"};
  }
  return {};
}

Result<void> MemoryEngine::begin_operation() {
  if (crashed_) return {Errc::io, "the engine crashed"};
  ++operation_number_;
  if (failure_.nth != 0 && operation_number_ == failure_.nth) {
    if (failure_.repeat == Repeat::every) latched_ = failure_.kind;
    return {failure_.kind, "operation " + std::to_string(operation_number_) + " fails as the test wants"};
  }
  if (latched_ && *latched_ != Errc::disk_full) return {*latched_, "the engine needs recover()"};
  return {};
}

void MemoryEngine::apply_batch(const store::Batch& batch) {
  ++operations_.batches;
  operations_.writes += batch.operations();
  std::string full(batch.partition().bytes());
  const std::size_t prefix_size = full.size();
  const auto key_of = [&](std::string_view key) -> std::string_view {
    full.resize(prefix_size);
    return full.append(key);
  };
  batch.for_each(
      [&](Space space, std::string_view key, std::string_view value) { change(space, key_of(key), value); },
      [&](Space space, std::string_view key) { change(space, key_of(key), std::nullopt); });
}

void MemoryEngine::change(Space space, std::string_view key, std::optional<std::string_view> value) {
  Records& records = records_[index_of(space)];
  const auto it = records.find(key);
  const auto old =
      it == records.end() ? std::optional<std::string>() : std::optional<std::string>(it->second);
  for (View* view : views_) {
    if (key.starts_with(view->prefix)) view->old[index_of(space)].try_emplace(std::string(key), old);
  }
  if (durability_ == Durability::sync) unsynced_.push_back({space, std::string(key), old});
  if (!value) {
    if (it != records.end()) records.erase(it);
  } else if (it != records.end()) {
    it->second.assign(*value);
  } else {
    records.emplace(key, *value);
  }
}

void MemoryEngine::forget_unsynced() {
  for (auto it = unsynced_.rbegin(); it != unsynced_.rend(); ++it) {
    Records& records = records_[index_of(it->space)];
    if (it->value) {
      records.insert_or_assign(it->key, *it->value);
    } else {
      records.erase(it->key);
    }
  }
  unsynced_.clear();
}

Result<void> MemoryEngine::list_partitions(schema::PartitionKind kind, std::optional<schema::Partition> after,
                                           const std::function<bool(const schema::Partition&)>& visit) {
  std::string next(1, static_cast<char>(kind));
  const std::string end = end_of_prefix(next);
  if (after && end_of_prefix(after->bytes()) > next) next = end_of_prefix(after->bytes());
  bool began = false;
  while (next < end) {
    std::optional<std::string> first;
    {
      const std::lock_guard lock(mutex_);
      if (!began) TELEPOST_TRY(begin_operation());
      began = true;
      for (const Records& records : records_) {
        const auto it = records.lower_bound(next);
        if (it != records.end() && it->first < end && (!first || it->first < *first)) first = it->first;
      }
    }
    if (!first) break;
    std::string_view rest(*first);
    TELEPOST_ASSIGN(const schema::Partition partition, schema::Partition::take_from(rest));
    if (!visit(partition)) break;
    next = end_of_prefix(partition.bytes());
  }
  return {};
}

Result<store::DiskSpace> MemoryEngine::disk_space() {
  const std::lock_guard lock(mutex_);
  if (crashed_) return {Errc::io, "the engine crashed"};
  return full_ ? store::DiskSpace{disk_.total_bytes, 0} : disk_;
}

Result<void> MemoryEngine::recover() {
  const std::lock_guard lock(mutex_);
  if (crashed_) return {Errc::io, "the engine crashed"};
  if (full_) return {Errc::disk_full, "the disk of the test is full"};
  latched_.reset();
  return {};
}

Result<void> MemoryEngine::compact() {
  const std::lock_guard lock(mutex_);
  return crashed_ ? Result<void>(Errc::io, "the engine crashed") : Result<void>();
}

void MemoryEngine::fail_operation(std::uint64_t nth, Errc kind, Repeat repeat, FailedBatch batch) {
  TELEPOST_ASSERT(kind == Errc::io || kind == Errc::disk_full || kind == Errc::corrupt);
  const std::lock_guard lock(mutex_);
  failure_ = {nth, kind, repeat, batch};
  operation_number_ = 0;
}

void MemoryEngine::crash_before_batch(std::uint64_t nth) {
  const std::lock_guard lock(mutex_);
  batches_to_crash_ = nth;
}

void MemoryEngine::crash() {
  const std::lock_guard lock(mutex_);
  crashed_ = true;
  forget_unsynced();
}

bool MemoryEngine::crashed() const {
  const std::lock_guard lock(mutex_);
  return crashed_;
}

void MemoryEngine::restart() {
  const std::lock_guard lock(mutex_);
  ++restarts_;
  crashed_ = false;
  latched_.reset();
  failure_ = {};
  batches_to_crash_ = 0;
}

void MemoryEngine::set_durability(Durability durability) {
  const std::lock_guard lock(mutex_);
  durability_ = durability;
  unsynced_.clear();
}

void MemoryEngine::sync() {
  const std::lock_guard lock(mutex_);
  unsynced_.clear();
}

void MemoryEngine::set_disk(store::DiskSpace space) {
  const std::lock_guard lock(mutex_);
  disk_ = space;
}

void MemoryEngine::set_full(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}

void MemoryEngine::set_delay(std::function<void()> before_commit, std::function<void()> before_read) {
  const std::lock_guard lock(mutex_);
  before_commit_ = std::move(before_commit);
  before_read_ = std::move(before_read);
}

MemoryEngine::Operations MemoryEngine::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

std::uint64_t MemoryEngine::operation_number() const {
  const std::lock_guard lock(mutex_);
  return operation_number_;
}

std::map<std::pair<Space, std::string>, std::string> MemoryEngine::dump() const {
  const std::lock_guard lock(mutex_);
  std::map<std::pair<Space, std::string>, std::string> all;
  for (std::size_t i = 0; i < store::kSpaces; ++i) {
    for (const auto& [key, value] : records_[i])
      all.emplace_hint(all.end(), std::pair(static_cast<Space>(i), key), value);
  }
  return all;
}

void MemoryEngine::damage(const schema::Partition& partition, Space space, std::string_view key,
                          std::optional<std::string> value) {
  const std::lock_guard lock(mutex_);
  const std::string full = std::string(partition.bytes()).append(key);
  if (value) {
    records_[index_of(space)].insert_or_assign(full, *value);
  } else {
    records_[index_of(space)].erase(full);
  }
}

}  // namespace telepost::test
