// What an engine promises of commits (store/engine/engine.h), asked of every engine there is.
#include <atomic>
#include <thread>

#include "tests/support/engine_contract.h"

namespace telepost::test {
namespace {

using EngineCommits = EngineContract;

TEST_P(EngineCommits, AppliesABatchInItsOrder) {
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

// An engine may group what a large batch does; what is done to one key stays in order.
TEST_P(EngineCommits, AppliesALargeBatchInItsOrder) {
  Batch batch(ann_);
  for (int round = 0; round < 3; ++round) {
    for (char letter = 'z'; letter >= 'a'; --letter) {
      const std::string key = {letter, 'k'};
      const bool goes = (letter - 'a' + round) % 2 == 0;
      for (const Space space : {Space::queue, Space::point}) {
        if (goes) batch.erase(space, key);
        else batch.put(space, key, std::to_string(round));
      }
    }
  }
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  Records expected;  // of the last round
  for (char letter = 'b'; letter <= 'z'; letter = static_cast<char>(letter + 2)) expected.push_back({{letter, 'k'}, "2"});
  EXPECT_EQ(scan(ann_, Space::point), expected);
  EXPECT_EQ(scan(ann_, Space::queue), expected);
}

TEST_P(EngineCommits, AppliesListsAndTheirBatchesInOrder) {
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

TEST_P(EngineCommits, CommitsNothingForEmptyLists) {
  const auto results = commit_all(std::vector<CommitList>(3));
  for (const auto& result : results) EXPECT_TRUE(result.ok());
  EXPECT_TRUE(commit_all({}).empty());
  EXPECT_TRUE(commit(list_of(Batch(ann_))).ok());
  EXPECT_TRUE(partitions(PartitionKind::account).empty());
}

TEST_P(EngineCommits, ChecksThatAKeyIsAbsentOrEqual) {
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

TEST_P(EngineCommits, ExpectsInTheSpaceAndPartitionOfTheBatch) {
  put(bob_, Space::point, "head", "1");
  put(ann_, Space::scan, "head", "1");
  Batch batch(ann_);
  batch.put(Space::point, "head", "1");
  EXPECT_TRUE(
      commit(list_of(std::move(batch), {{Space::point, "head", std::nullopt}, {Space::scan, "head", "1"}}))
          .ok());
}

// Two first messages to one new address in one group: one makes the account.
TEST_P(EngineCommits, ExpectationsSeeEarlierListsOfTheSameCall) {
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

TEST_P(EngineCommits, ExpectationsSeeEarlierBatchesOfTheSameList) {
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

TEST_P(EngineCommits, LeavesAPrefixOfARefusedListAndNothingOfItsLaterBatches) {
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
TEST_P(EngineCommits, ARefusedListMisleadsNoLaterExpectation) {
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

TEST_P(EngineCommits, CommitsMoreThanOneWriteHolds) {
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

TEST_P(EngineCommits, KeepsWhatItAcknowledgedWhenItIsOpenedAgain) {
  for (int i = 0; i < 50; ++i) put(ann_, kAllSpaces[i % 4], "k" + std::to_string(i), std::string(5000, 'v'));
  reopen();
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(get(ann_, kAllSpaces[i % 4], "k" + std::to_string(i)), std::string(5000, 'v'));
  put(ann_, Space::point, "after", "v");
  reopen();
  EXPECT_EQ(get(ann_, Space::point, "after"), "v");
}

TEST_P(EngineCommits, CompactionAndRecoveryChangeNoRecord) {
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

TEST_P(EngineCommits, TellsOfItsDisk) {
  const DiskSpace space = engine().disk_space().value();
  EXPECT_GT(space.total_bytes, 0u);
  EXPECT_LE(space.free_bytes, space.total_bytes);
}

// Each thread counts in its own account and all count in one, where expectations decide; readers see only
// whole batches.
TEST_P(EngineCommits, ServesManyThreads) {
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

TEST(BatchDeathTest, RefusesKeysAndBatchesOverTheirLimits) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Batch batch(Partition::meta());
  batch.put(Space::large, std::string(kMaxKeyBytes, 'k'), std::string(kMaxBatchBytes - kMaxKeyBytes, 'v'));
  EXPECT_DEATH(batch.erase(Space::point, "k"), "kMaxBatchBytes");
  EXPECT_DEATH(Batch(Partition::meta()).put(Space::point, std::string(kMaxKeyBytes + 1, 'k'), ""),
               "kMaxKeyBytes");
}

TELEPOST_TEST_ALL_ENGINES(EngineCommits);

}  // namespace
}  // namespace telepost::test
