// The second engine: everything in memory, every limit of the seam enforced, every liberty of its contract
// taken on demand. What passes here passes on an engine that is as bad as the contract allows.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/engine/engine.h"

namespace telepost::test {

class MemoryEngine final : public store::Engine {
 public:
  static constexpr Duration kSnapshotLife = std::chrono::seconds(30);

  struct Operations {  // since construction
    std::uint64_t gets = 0, get_manys = 0, keys = 0, scans = 0, records = 0, snapshots = 0;
    std::uint64_t commits = 0, lists = 0, batches = 0, writes = 0;
    std::uint64_t reads() const { return gets + get_manys + scans; }
  };
  // What becomes of the batch whose operation fails: the contract allows both.
  enum class FailedBatch : std::uint8_t { absent, present };
  // When what was committed survives crash(): at once, as an engine must, or only after sync(), as one that
  // lies.
  enum class Durability : std::uint8_t { commit, sync };

  explicit MemoryEngine(const Clock& clock) : clock_(clock) {}
  ~MemoryEngine() override;

  // An expectation that fails leaves the batches before it in its list. A failure or a crash also fails the
  // lists behind it.
  void commit(std::span<store::CommitList> lists, std::span<Result<void>> results) override;
  std::unique_ptr<store::PartitionReader> reader(const schema::Partition& partition) override;
  // Must be gone before the engine (asserted); reads give timeout after kSnapshotLife, and io after a crash.
  std::unique_ptr<store::PartitionReader> snapshot(const schema::Partition& partition) override;
  Result<void> list_partitions(schema::PartitionKind kind, std::optional<schema::Partition> after,
                               const std::function<bool(const schema::Partition&)>& visit) override;
  Result<store::DiskSpace> disk_space() override;
  Result<void> recover() override;
  Result<void> compact() override;

  // Faults. Operations are numbered from 1 at this call: each get, get_many, scan and
  // list_partitions, each batch of a list.
  // The nth fails, once; with `every`, all that follow fail too until recover().
  enum class Repeat : std::uint8_t { once, every };
  void fail_operation(std::uint64_t nth, Errc kind, Repeat repeat = Repeat::once,
                      FailedBatch batch = FailedBatch::absent);
  // Before the nth batch from now, everything stops: this call and all that follow fail with io until
  // restart().
  void crash_before_batch(std::uint64_t nth);
  void crash();
  bool crashed() const;
  // As a process that starts again on what the disk holds.
  void restart();
  void set_durability(Durability durability);
  void sync();
  // Commits fail with disk_full until it is set back and recover() was called.
  void set_disk(store::DiskSpace space);
  void set_full(bool full);
  // Called before each commit and each read, outside every lock: a test holds an operation here for as long
  // as it wants.
  void set_delay(std::function<void()> before_commit, std::function<void()> before_read);

  Operations operations() const;
  std::uint64_t operation_number()
      const;  // of the last operation; counted since fail_operation() or construction
  // Every record by (space, partition bytes + key): an emptied store equals a fresh one.
  std::map<std::pair<store::Space, std::string>, std::string> dump() const;
  // Changes a record behind the store's back, as damage does. No value: erases.
  void damage(const schema::Partition& partition, store::Space space, std::string_view key,
              std::optional<std::string> value);

 private:
  class Reader;
  using Records = std::map<std::string, std::string, std::less<>>;
  using OldRecords = std::map<std::string, std::optional<std::string>, std::less<>>;
  // What a partition held when it was taken, as far as it was changed since.
  struct View {
    std::string prefix;
    std::array<OldRecords, store::kSpaces> old;
  };
  struct Undo {
    store::Space space;
    std::string key;
    std::optional<std::string> value;
  };
  struct Failure {
    std::uint64_t nth = 0;  // 0: none
    Errc kind = Errc::io;
    Repeat repeat = Repeat::once;
    FailedBatch batch = FailedBatch::absent;
  };

  // All below: mutex_ held.
  Result<void> begin_operation();
  Result<void> apply(const store::CommitEntry& entry);
  Result<void> begin_batch(const store::CommitEntry& entry);
  void apply_batch(const store::Batch& batch);
  void change(store::Space space, std::string_view key, std::optional<std::string_view> value);
  void forget_unsynced();
  std::optional<std::string> value_at(const View* view, store::Space space, const std::string& key) const;
  // Up to `limit` records of [begin, end) as the view saw them; next is where to go on.
  std::vector<std::pair<std::string, std::string>> records_at(const View& view, store::Space space,
                                                              const std::string& begin,
                                                              const std::string& end,
                                                              std::size_t limit) const;

  const Clock& clock_;
  mutable std::mutex mutex_;  // guards all below
  std::array<Records, store::kSpaces> records_;
  std::set<View*> views_;
  std::vector<Undo> unsynced_;
  Durability durability_ = Durability::commit;
  Failure failure_;
  std::uint64_t operation_number_ = 0;
  std::optional<Errc> latched_;         // every later operation fails with it until recover()
  std::uint64_t batches_to_crash_ = 0;  // 0: never
  bool crashed_ = false;
  std::uint64_t restarts_ = 0;
  bool full_ = false;
  store::DiskSpace disk_{std::uint64_t{1} << 40, std::uint64_t{1} << 39};
  std::function<void()> before_commit_;
  std::function<void()> before_read_;
  Operations operations_;
};

}  // namespace telepost::test
