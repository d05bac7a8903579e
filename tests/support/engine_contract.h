// The fixture of the contract suite: one engine under test, and the few words in which its promises are asked
// for.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/engine/rocksdb_engine.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_engine.h"
#include "tests/support/temp_folder.h"

namespace telepost::test {

using namespace store;  // NOLINT: the seam is what is tested
using schema::AccountId;
using schema::Partition;
using schema::PartitionKind;
using Records = std::vector<std::pair<std::string, std::string>>;

inline constexpr Space kAllSpaces[] = {Space::point, Space::scan, Space::queue, Space::large};

class EngineUnderTest {
 public:
  virtual ~EngineUnderTest() = default;
  virtual Engine& engine() = 0;
  virtual void reopen() = 0;  // as after the end of the process
};

class RocksdbUnderTest final : public EngineUnderTest {
 public:
  RocksdbUnderTest() { reopen(); }
  Engine& engine() override { return *engine_; }
  void reopen() override {
    engine_.reset();
    auto opened = RocksdbEngine::open({.path = folder_ / "store"});
    if (!opened.ok()) throw std::runtime_error(to_string(opened.error()));
    engine_ = std::move(opened).value();
  }

 private:
  TempFolder folder_;
  std::unique_ptr<RocksdbEngine> engine_;
};

class MemoryUnderTest final : public EngineUnderTest {
 public:
  Engine& engine() override { return engine_; }
  void reopen() override {
    engine_.crash();
    engine_.restart();
  }

 private:
  ManualClock clock_;
  MemoryEngine engine_{clock_};
};

using Factory = std::unique_ptr<EngineUnderTest> (*)();

class EngineContract : public testing::TestWithParam<Factory> {
 protected:
  Engine& engine() { return under_test_->engine(); }
  void reopen() { under_test_->reopen(); }

  Result<void> commit(CommitList list) {
    std::vector<CommitList> lists;
    lists.push_back(std::move(list));
    return std::move(commit_all(std::move(lists)).front());
  }
  std::vector<Result<void>> commit_all(std::vector<CommitList> lists) {
    std::vector<Result<void>> results(lists.size());
    engine().commit(lists, results);
    return results;
  }
  void put(const Partition& partition, Space space, std::string_view key, std::string_view value) {
    Batch batch(partition);
    batch.put(space, key, value);
    ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  }
  static CommitList list_of(Batch batch, std::vector<Expectation> expectations = {}) {
    CommitList list;
    list.push_back({std::move(batch), std::move(expectations)});
    return list;
  }
  std::optional<std::string> get(const Partition& partition, Space space, std::string_view key) {
    return engine().reader(partition)->get(space, key).value();
  }
  Records scan(const Partition& partition, Space space, std::string_view begin = {},
               std::string_view end = {}) {
    return scan(*engine().reader(partition), space, begin, end);
  }
  static Records scan(const PartitionReader& reader, Space space, std::string_view begin = {},
                      std::string_view end = {}) {
    Records records;
    const auto result = reader.scan(space, begin, end, [&](std::string_view key, std::string_view value) {
      records.emplace_back(key, value);
      return true;
    });
    EXPECT_TRUE(result.ok());
    return records;
  }
  std::vector<Partition> partitions(PartitionKind kind, std::optional<Partition> after = {}) {
    std::vector<Partition> found;
    EXPECT_TRUE(engine()
                    .list_partitions(kind, after,
                                     [&](const Partition& partition) {
                                       found.push_back(partition);
                                       return true;
                                     })
                    .ok());
    return found;
  }

  const Partition ann_ = Partition::account(AccountId{7});
  const Partition bob_ = Partition::account(AccountId{8});
  std::unique_ptr<EngineUnderTest> under_test_ = GetParam()();
};

// Every engine there is, for one suite of the contract. A new engine joins here.
template <typename Kind>
std::unique_ptr<EngineUnderTest> make_engine() {
  return std::make_unique<Kind>();
}
inline std::string name_of_engine(const testing::TestParamInfo<Factory>& engine) {
  return engine.param == &make_engine<RocksdbUnderTest> ? "Rocksdb" : "Memory";
}
#define TELEPOST_TEST_ALL_ENGINES(suite) \
  INSTANTIATE_TEST_SUITE_P(Engines, suite, testing::Values(&make_engine<RocksdbUnderTest>, &make_engine<MemoryUnderTest>), name_of_engine)

}  // namespace telepost::test
