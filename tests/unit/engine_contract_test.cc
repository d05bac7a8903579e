// What an engine promises (store/engine/engine.h), asked of every engine there is. A new engine joins at the
// end of the file.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/bytes.h"
#include "store/engine/rocksdb_engine.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_engine.h"
#include "tests/support/temp_folder.h"

namespace telepost::store {
namespace {

using schema::AccountId;
using schema::Partition;
using schema::PartitionKind;
using Records = std::vector<std::pair<std::string, std::string>>;

constexpr Space kAllSpaces[] = {Space::point, Space::scan, Space::queue, Space::large};

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
  test::TempFolder folder_;
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
  test::ManualClock clock_;
  test::MemoryEngine engine_{clock_};
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

TEST_P(EngineContract, GivesBackWhatWasPutAndNothingElse) {
  for (const Space space : kAllSpaces) {
    put(ann_, space, "key", "value");
    EXPECT_EQ(get(ann_, space, "key"), "value");
    EXPECT_EQ(get(ann_, space, "ke"), std::nullopt);
    EXPECT_EQ(get(ann_, space, std::string_view("key\0", 4)), std::nullopt);
    EXPECT_EQ(get(bob_, space, "key"), std::nullopt);
  }
}

TEST_P(EngineContract, KeepsSpacesApart) {
  for (const Space space : kAllSpaces) put(ann_, space, "key", std::to_string(static_cast<int>(space)));
  for (const Space space : kAllSpaces)
    EXPECT_EQ(get(ann_, space, "key"), std::to_string(static_cast<int>(space)));
}

TEST_P(EngineContract, TakesEmptyValuesEmptyKeysAndBinaryKeys) {
  const std::string binary("\0\xff\0\x80", 4);
  for (const Space space : kAllSpaces) {
    put(ann_, space, "empty", "");
    put(ann_, space, "", "no key");
    put(ann_, space, binary, binary);
    EXPECT_EQ(get(ann_, space, "empty"), "");
    EXPECT_EQ(scan(ann_, space), (Records{{"", "no key"}, {binary, binary}, {"empty", ""}}));
  }
}

TEST_P(EngineContract, OrdersKeysAsUnsignedBytes) {
  for (const std::string_view key : {"\x80", "\x7f", "a", "\xff\xff", "\xff", "aa", "B"})
    put(ann_, Space::scan, key, "");
  std::vector<std::string> keys;
  for (const auto& [key, value] : scan(ann_, Space::scan)) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"B", "a", "aa", "\x7f", "\x80", "\xff", "\xff\xff"}));
}

TEST_P(EngineContract, TakesKeysAndBatchesOfTheLargestSize) {
  const std::string key(kMaxKeyBytes, 'k');
  const std::string value((1u << 20) - 2 * kMaxKeyBytes, 'v');
  Batch batch(ann_);
  for (char i = '0'; i < '4'; ++i) batch.put(Space::large, key.substr(1) + i, value);
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  EXPECT_EQ(get(ann_, Space::large, key.substr(1) + '3'), value);
}

TEST_P(EngineContract, AppliesABatchInItsOrder) {
  Batch batch(ann_);
  batch.put(Space::point, "a", "1");
  batch.put(Space::point, "a", "2");
  batch.put(Space::point, "b", "1");
  batch.erase(Space::point, "b");
  batch.erase(Space::point, "c");
  batch.put(Space::point, "c", "1");
  batch.erase(Space::point, "never there");
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  EXPECT_EQ(scan(ann_, Space::point), (Records{{"a", "2"}, {"c", "1"}}));
}

TEST_P(EngineContract, AppliesListsAndTheirBatchesInOrder) {
  std::vector<CommitList> lists(3);
  for (int i = 0; i < 9; ++i) {
    Batch batch(i % 2 == 0 ? ann_ : bob_);
    batch.put(Space::point, "last", std::to_string(i));
    lists[static_cast<std::size_t>(i / 3)].push_back({std::move(batch), {}});
  }
  for (const auto& result : commit_all(std::move(lists))) EXPECT_TRUE(result.ok());
  EXPECT_EQ(get(ann_, Space::point, "last"), "8");
  EXPECT_EQ(get(bob_, Space::point, "last"), "7");
}

TEST_P(EngineContract, CommitsNothingForEmptyLists) {
  const auto results = commit_all(std::vector<CommitList>(3));
  for (const auto& result : results) EXPECT_TRUE(result.ok());
  EXPECT_TRUE(commit_all({}).empty());
  EXPECT_TRUE(commit(list_of(Batch(ann_))).ok());
  EXPECT_TRUE(partitions(PartitionKind::account).empty());
}

TEST_P(EngineContract, ChecksThatAKeyIsAbsentOrEqual) {
  const auto attempt = [&](std::optional<std::string> expected, std::string_view value) {
    Batch batch(ann_);
    batch.put(Space::point, "head", value);
    const auto result = commit(list_of(std::move(batch), {{Space::point, "head", std::move(expected)}}));
    EXPECT_TRUE(result.ok() || result.error().kind == Errc::conflict);
    return result.ok();
  };
  EXPECT_FALSE(attempt("1", "2"));
  EXPECT_TRUE(attempt(std::nullopt, "1"));
  EXPECT_FALSE(attempt(std::nullopt, "other"));
  EXPECT_FALSE(attempt("10", "other"));
  EXPECT_FALSE(attempt("", "other"));
  EXPECT_TRUE(attempt("1", "2"));
  EXPECT_EQ(get(ann_, Space::point, "head"), "2");
}

TEST_P(EngineContract, ExpectsInTheSpaceAndPartitionOfTheBatch) {
  put(bob_, Space::point, "head", "1");
  put(ann_, Space::scan, "head", "1");
  Batch batch(ann_);
  batch.put(Space::point, "head", "1");
  EXPECT_TRUE(
      commit(list_of(std::move(batch), {{Space::point, "head", std::nullopt}, {Space::scan, "head", "1"}}))
          .ok());
}

// Two first messages to one new address in one group: one makes the account.
TEST_P(EngineContract, ExpectationsSeeEarlierListsOfTheSameCall) {
  std::vector<CommitList> lists;
  for (const char* value : {"first", "second", "third"}) {
    Batch batch(ann_);
    batch.put(Space::point, "address", value);
    lists.push_back(list_of(std::move(batch), {{Space::point, "address", std::nullopt}}));
  }
  Batch erase(ann_);
  erase.erase(Space::point, "address");
  lists.push_back(list_of(std::move(erase), {{Space::point, "address", "first"}}));
  Batch again(ann_);
  again.put(Space::point, "address", "fifth");
  lists.push_back(list_of(std::move(again), {{Space::point, "address", std::nullopt}}));
  const auto results = commit_all(std::move(lists));
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(results[1].error().kind, Errc::conflict);
  EXPECT_EQ(results[2].error().kind, Errc::conflict);
  EXPECT_TRUE(results[3].ok());
  EXPECT_TRUE(results[4].ok());
  EXPECT_EQ(get(ann_, Space::point, "address"), "fifth");
}

TEST_P(EngineContract, ExpectationsSeeEarlierBatchesOfTheSameList) {
  CommitList list;
  for (int i = 0; i < 3; ++i) {
    Batch batch(ann_);
    batch.put(Space::point, "counter", std::to_string(i + 1));
    list.push_back({std::move(batch),
                    {{Space::point, "counter", i == 0 ? std::nullopt : std::optional(std::to_string(i))}}});
  }
  ASSERT_TRUE(commit(std::move(list)).ok());
  EXPECT_EQ(get(ann_, Space::point, "counter"), "3");
}

TEST_P(EngineContract, LeavesAPrefixOfARefusedListAndNothingOfItsLaterBatches) {
  CommitList list;
  for (int i = 0; i < 5; ++i) {
    Batch batch(i % 2 == 0 ? ann_ : bob_);
    batch.put(Space::point, "k" + std::to_string(i), "v");
    batch.put(Space::large, "k" + std::to_string(i), "v");
    list.push_back({std::move(batch), {}});
  }
  list[3].expectations.push_back({Space::point, "never", "there"});
  std::vector<CommitList> lists;
  lists.push_back(std::move(list));
  Batch after(ann_);
  after.put(Space::point, "after", "v");
  lists.push_back(list_of(std::move(after)));
  const auto results = commit_all(std::move(lists));
  EXPECT_EQ(results[0].error().kind, Errc::conflict);
  EXPECT_TRUE(results[1].ok());
  EXPECT_EQ(get(ann_, Space::point, "after"), "v");
  bool earlier = true;
  for (int i = 0; i < 5; ++i) {
    const Partition& partition = i % 2 == 0 ? ann_ : bob_;
    const bool there = get(partition, Space::point, "k" + std::to_string(i)).has_value();
    EXPECT_EQ(there, get(partition, Space::large, "k" + std::to_string(i)).has_value())
        << "a batch is atomic";
    EXPECT_TRUE(earlier || !there) << "a hole before batch " << i;
    EXPECT_FALSE(i >= 3 && there);
    earlier = there;
  }
}

// Later lists are checked against what the refused list really left.
TEST_P(EngineContract, ARefusedListMisleadsNoLaterExpectation) {
  CommitList refused;
  Batch first(ann_);
  first.put(Space::point, "k", "refused");
  refused.push_back({std::move(first), {}});
  refused.push_back({Batch(ann_), {{Space::point, "never", "there"}}});
  std::vector<CommitList> lists;
  lists.push_back(std::move(refused));
  for (const bool absent : {true, false}) {
    Batch batch(ann_);
    batch.put(Space::point, absent ? "was absent" : "was there", "");
    lists.push_back(
        list_of(std::move(batch),
                {{Space::point, "k", absent ? std::nullopt : std::optional<std::string>("refused")}}));
  }
  const auto results = commit_all(std::move(lists));
  const bool there = get(ann_, Space::point, "k").has_value();
  EXPECT_EQ(results[0].error().kind, Errc::conflict);
  EXPECT_EQ(results[1].ok(), !there);
  EXPECT_EQ(results[2].ok(), there);
  EXPECT_EQ(get(ann_, Space::point, "was there").has_value(), there);
}

TEST_P(EngineContract, CommitsMoreThanOneWriteHolds) {
  const std::string value(512 << 10, 'v');
  std::vector<CommitList> lists(6);
  for (std::size_t i = 0; i < 48; ++i) {
    Batch batch(Partition::account(AccountId{i % 5}));
    batch.put(Space::large, "value " + std::to_string(i), value);
    batch.put(Space::point, "step", std::to_string(i));
    std::vector<Expectation> expectations;
    if (i >= 5) expectations.push_back({Space::point, "step", std::to_string(i - 5)});
    lists[i / 8].push_back({std::move(batch), std::move(expectations)});
  }
  for (const auto& result : commit_all(std::move(lists))) EXPECT_TRUE(result.ok());
  for (std::size_t i = 0; i < 48; ++i) {
    EXPECT_EQ(get(Partition::account(AccountId{i % 5}), Space::large, "value " + std::to_string(i)), value);
  }
}

TEST_P(EngineContract, AnswersGetManyInTheOrderOfItsKeys) {
  for (const Space space : kAllSpaces) {
    put(ann_, space, "a", "1");
    put(ann_, space, "b", std::string(40'000, 'b'));
    put(ann_, space, "c", "");
    put(bob_, space, "d", "not ann's");
    const auto values = engine().reader(ann_)->get_many(space, {"c", "d", "b", "a", "c", "z"}).value();
    EXPECT_EQ(values, (std::vector<std::optional<std::string>>{"", std::nullopt, std::string(40'000, 'b'),
                                                               "1", "", std::nullopt}));
    EXPECT_TRUE(engine().reader(ann_)->get_many(space, {}).value().empty());
  }
}

TEST_P(EngineContract, ScansFromBeginUpToButNotIncludingEnd) {
  for (const Space space : kAllSpaces) {
    for (const char* key : {"a", "b", "bb", "c", "d"}) put(ann_, space, key, key);
    EXPECT_EQ(scan(ann_, space, "b", "d"), (Records{{"b", "b"}, {"bb", "bb"}, {"c", "c"}}));
    EXPECT_EQ(scan(ann_, space, "ba"), (Records{{"bb", "bb"}, {"c", "c"}, {"d", "d"}}));
    EXPECT_EQ(scan(ann_, space, "", "b"), (Records{{"a", "a"}}));
    EXPECT_TRUE(scan(ann_, space, "b", "b").empty());
    EXPECT_TRUE(scan(ann_, space, "d", "a").empty());
    EXPECT_TRUE(scan(ann_, space, "e").empty());
  }
}

TEST_P(EngineContract, StopsAScanWhenTheVisitorSaysSo) {
  for (int i = 0; i < 300; ++i) put(ann_, Space::queue, "k" + std::to_string(1000 + i), "");
  for (const std::size_t wanted : {1u, 7u, 8u, 9u, 200u}) {
    std::size_t seen = 0;
    ASSERT_TRUE(
        engine().reader(ann_)->scan(Space::queue, {}, {}, [&](auto, auto) { return ++seen < wanted; }).ok());
    EXPECT_EQ(seen, wanted);
  }
}

TEST_P(EngineContract, AVisitorMayReadAndCommitAndItsScanStaysAsItBegan) {
  for (int i = 0; i < 300; ++i) put(ann_, Space::queue, "k" + std::to_string(1000 + i), "old");
  const auto reader = engine().reader(ann_);
  int seen = 0;
  ASSERT_TRUE(reader
                  ->scan(Space::queue, {}, {},
                         [&](std::string_view key, std::string_view value) {
                           EXPECT_EQ(value, "old");
                           EXPECT_EQ(reader->get(Space::queue, key).value(), "old");
                           if (++seen == 1) {
                             Batch batch(ann_);
                             for (int i = 200; i < 300; ++i)
                               batch.erase(Space::queue, "k" + std::to_string(1000 + i));
                             batch.put(Space::queue, "k1150x", "new");
                             EXPECT_TRUE(commit(list_of(std::move(batch))).ok());
                           }
                           return seen < 150;
                         })
                  .ok());
  EXPECT_EQ(seen, 150);
  EXPECT_EQ(scan(ann_, Space::queue).size(), 201u);
}

// Neighbours in byte order, the highest account id included, whose successor has another kind.
TEST_P(EngineContract, LeaksNoKeyOfANeighbouringPartition) {
  const std::vector<Partition> all = {Partition::account(AccountId{0}),
                                      Partition::account(AccountId{1}),
                                      Partition::account(AccountId{0xff}),
                                      Partition::account(AccountId{0x100}),
                                      Partition::account(AccountId{~0ull}),
                                      Partition::account(AccountId{~0ull - 1}),
                                      Partition::slice(PartitionKind::calendar, 0),
                                      Partition::slice(PartitionKind::calendar, 0xffff),
                                      Partition::slice(PartitionKind::directory, 0),
                                      Partition::meta(),
                                      Partition::piece(sha256("a piece")),
                                      Partition::slice(PartitionKind::queue, 0xffff)};
  for (const Space space : kAllSpaces) {
    for (const Partition& partition : all) {
      Batch batch(partition);
      for (const std::string_view key :
           {std::string_view(""), std::string_view("\0", 1), std::string_view("\xff\xff\xff")}) {
        batch.put(space, key, partition.to_string());
      }
      ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
    }
    for (const Partition& partition : all) {
      const Records records = scan(partition, space);
      ASSERT_EQ(records.size(), 3u) << partition.to_string();
      for (const auto& [key, value] : records) EXPECT_EQ(value, partition.to_string());
    }
  }
}

TEST_P(EngineContract, ListsThePartitionsOfAKindInOrder) {
  const std::vector<Partition> accounts = {Partition::account(AccountId{0}), Partition::account(AccountId{5}),
                                           Partition::account(AccountId{300}),
                                           Partition::account(AccountId{~0ull})};
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    for (int key = 0; key < 20; ++key) put(accounts[i], kAllSpaces[i], "k" + std::to_string(key), "");
  }
  put(Partition::meta(), Space::point, "", "");
  put(Partition::slice(PartitionKind::calendar, 3), Space::queue, "", "");
  EXPECT_EQ(partitions(PartitionKind::account), accounts);
  EXPECT_EQ(partitions(PartitionKind::account, accounts[1]),
            (std::vector<Partition>{accounts[2], accounts[3]}));
  EXPECT_EQ(partitions(PartitionKind::account, Partition::account(AccountId{6})),
            (std::vector<Partition>{accounts[2], accounts[3]}));
  EXPECT_TRUE(partitions(PartitionKind::account, accounts[3]).empty());
  EXPECT_EQ(partitions(PartitionKind::meta), std::vector<Partition>{Partition::meta()});
  EXPECT_TRUE(partitions(PartitionKind::piece).empty());
  int seen = 0;
  ASSERT_TRUE(engine()
                  .list_partitions(PartitionKind::account, {}, [&](const Partition&) { return ++seen < 2; })
                  .ok());
  EXPECT_EQ(seen, 2);
  Batch batch(accounts[1]);
  for (int key = 0; key < 20; ++key) batch.erase(kAllSpaces[1], "k" + std::to_string(key));
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  EXPECT_EQ(partitions(PartitionKind::account),
            (std::vector<Partition>{accounts[0], accounts[2], accounts[3]}));
}

TEST_P(EngineContract, ASnapshotKeepsItsPartitionAsItWas) {
  put(ann_, Space::scan, "changed", "old");
  put(ann_, Space::scan, "erased", "old");
  const auto snapshot = engine().snapshot(ann_);
  put(ann_, Space::scan, "added", "new");
  put(ann_, Space::scan, "changed", "new");
  const auto later = engine().snapshot(ann_);
  Batch batch(ann_);
  batch.erase(Space::scan, "erased");
  batch.erase(Space::scan, "added");
  batch.put(Space::scan, "changed", "newest");
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  EXPECT_EQ(scan(*snapshot, Space::scan), (Records{{"changed", "old"}, {"erased", "old"}}));
  EXPECT_EQ(scan(*later, Space::scan), (Records{{"added", "new"}, {"changed", "new"}, {"erased", "old"}}));
  EXPECT_EQ(snapshot->get(Space::scan, "added").value(), std::nullopt);
  EXPECT_EQ(snapshot->get_many(Space::scan, {"erased", "changed"}).value(),
            (std::vector<std::optional<std::string>>{"old", "old"}));
  EXPECT_EQ(scan(ann_, Space::scan), (Records{{"changed", "newest"}}));
}

TEST_P(EngineContract, KeepsWhatItAcknowledgedWhenItIsOpenedAgain) {
  for (int i = 0; i < 50; ++i) put(ann_, kAllSpaces[i % 4], "k" + std::to_string(i), std::string(5000, 'v'));
  reopen();
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(get(ann_, kAllSpaces[i % 4], "k" + std::to_string(i)), std::string(5000, 'v'));
  put(ann_, Space::point, "after", "v");
  reopen();
  EXPECT_EQ(get(ann_, Space::point, "after"), "v");
}

TEST_P(EngineContract, CompactionAndRecoveryChangeNoRecord) {
  for (int i = 0; i < 200; ++i)
    put(ann_, Space::large, "k" + std::to_string(1000 + i), std::string(3000, 'v'));
  Batch batch(ann_);
  for (int i = 0; i < 200; i += 2) batch.erase(Space::large, "k" + std::to_string(1000 + i));
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  const Records before = scan(ann_, Space::large);
  ASSERT_TRUE(engine().compact().ok());
  ASSERT_TRUE(engine().recover().ok());
  ASSERT_TRUE(engine().compact().ok());
  EXPECT_EQ(before.size(), 100u);
  EXPECT_EQ(scan(ann_, Space::large), before);
}

TEST_P(EngineContract, TellsOfItsDisk) {
  const DiskSpace space = engine().disk_space().value();
  EXPECT_GT(space.total_bytes, 0u);
  EXPECT_LE(space.free_bytes, space.total_bytes);
}

// Each thread counts in its own account and all count in one, where expectations decide; readers see only
// whole batches.
TEST_P(EngineContract, ServesManyThreads) {
  constexpr int kThreads = 8, kRounds = 100;
  const Partition shared = Partition::meta();
  std::atomic<int> won{0}, refused{0}, torn{0};
  const auto work = [&](std::uint64_t self) {
    const Partition own = Partition::account(AccountId{self});
    for (int round = 0; round < kRounds; ++round) {
      const auto before = get(shared, Space::point, "count");
      CommitList list;
      list.push_back({Batch(own), {}});
      list.back().batch.put(Space::scan, "a", std::to_string(round));
      list.back().batch.put(Space::large, "b", std::to_string(round));
      list.push_back({Batch(shared), {{Space::point, "count", before}}});
      list.back().batch.put(Space::point, "count", std::to_string(before ? std::stoi(*before) + 1 : 1));
      ++(commit(std::move(list)).ok() ? won : refused);
      const auto view = engine().snapshot(Partition::account(AccountId{(self + 1) % kThreads}));
      if (view->get(Space::scan, "a").value() != view->get(Space::large, "b").value()) ++torn;
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(won + refused, kThreads * kRounds);
  EXPECT_EQ(get(shared, Space::point, "count"), std::to_string(won));
}

TEST_P(EngineContract, HoldsAPartitionOfAMillionKeys) {
  constexpr std::uint64_t kKeys = 1'000'000, kStep = 10'000;
  const auto key_of = [](std::uint64_t number) {
    std::string key("k");
    ByteWriter(key).u64(number);
    return key;
  };
  put(bob_, Space::scan, "neighbour", "");
  for (std::uint64_t begin = 0; begin < kKeys; begin += kStep) {
    Batch batch(ann_);
    for (std::uint64_t i = begin; i < begin + kStep; ++i)
      batch.put(Space::scan, key_of(i * 7919 % kKeys), "value");
    ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  }
  std::uint64_t next = 0;
  ASSERT_TRUE(engine()
                  .reader(ann_)
                  ->scan(Space::scan, {}, {},
                         [&](std::string_view key, std::string_view) {
                           return key == key_of(next) && ++next < kKeys + 1;
                         })
                  .ok());
  EXPECT_EQ(next, kKeys);
  EXPECT_EQ(scan(ann_, Space::scan, key_of(500'000), key_of(500'050)).size(), 50u);
  EXPECT_EQ(get(ann_, Space::scan, key_of(999'999)), "value");
  EXPECT_EQ(get(ann_, Space::scan, key_of(kKeys)), std::nullopt);
  EXPECT_EQ(partitions(PartitionKind::account), (std::vector<Partition>{ann_, bob_}));
}

// A queue is read from its cursor: what was deleted before it costs nothing (DESIGN, due work).
TEST_P(EngineContract, ReadsAQueueFromItsCursorAfterManyDeletions) {
  const auto key_of = [](std::uint64_t number) {
    std::string key;
    ByteWriter(key).u64(number);
    return key;
  };
  for (std::uint64_t begin = 0; begin < 200'000; begin += 10'000) {
    Batch put(ann_), erase(ann_);
    for (std::uint64_t i = begin; i < begin + 10'000; ++i)
      put.put(Space::queue, key_of(i), ""), erase.erase(Space::queue, key_of(i));
    ASSERT_TRUE(commit(list_of(std::move(put))).ok());
    ASSERT_TRUE(commit(list_of(std::move(erase))).ok());
  }
  put(ann_, Space::queue, key_of(200'000), "due");
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(scan(ann_, Space::queue, key_of(200'000)), (Records{{key_of(200'000), "due"}}));
  }
  EXPECT_EQ(scan(ann_, Space::queue).size(), 1u);
}

TEST(BatchDeathTest, RefusesKeysAndBatchesOverTheirLimits) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Batch batch(Partition::meta());
  batch.put(Space::large, std::string(kMaxKeyBytes, 'k'), std::string(kMaxBatchBytes - kMaxKeyBytes, 'v'));
  EXPECT_DEATH(batch.erase(Space::point, "k"), "kMaxBatchBytes");
  EXPECT_DEATH(Batch(Partition::meta()).put(Space::point, std::string(kMaxKeyBytes + 1, 'k'), ""),
               "kMaxKeyBytes");
}

INSTANTIATE_TEST_SUITE_P(Rocksdb, EngineContract, testing::Values([]() -> std::unique_ptr<EngineUnderTest> {
                           return std::make_unique<RocksdbUnderTest>();
                         }));
INSTANTIATE_TEST_SUITE_P(Memory, EngineContract, testing::Values([]() -> std::unique_ptr<EngineUnderTest> {
                           return std::make_unique<MemoryUnderTest>();
                         }));

}  // namespace
}  // namespace telepost::store
