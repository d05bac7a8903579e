// An engine that a test owns, lent to a store that wants its own: what it holds outlives the store.
#pragma once

#include <memory>

#include "tests/support/memory_engine.h"

namespace telepost::test {

class BorrowedEngine : public store::Engine {
 public:
  explicit BorrowedEngine(MemoryEngine& engine, Writers writers = Writers::one) : engine_(engine), writers_(writers) {}
  Writers writers() const override { return writers_; }
  void commit(std::span<store::CommitList> lists, std::span<Result<void>> results) override { engine_.commit(lists, results); }
  std::unique_ptr<store::PartitionReader> reader(const schema::Partition& partition) override { return engine_.reader(partition); }
  std::unique_ptr<store::PartitionReader> snapshot(const schema::Partition& partition) override { return engine_.snapshot(partition); }
  Result<void> list_partitions(schema::PartitionKind kind, std::optional<schema::Partition> after,
                               const std::function<bool(const schema::Partition&)>& visit) override {
    return engine_.list_partitions(kind, after, visit);
  }
  Result<store::DiskSpace> disk_space() override { return engine_.disk_space(); }
  Result<void> recover() override { return engine_.recover(); }
  Result<void> compact() override { return engine_.compact(); }

 private:
  MemoryEngine& engine_;
  const Writers writers_;
};

}  // namespace telepost::test
