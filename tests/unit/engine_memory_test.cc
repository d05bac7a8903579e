// The liberties that the memory engine takes on demand, so that a store test can rely on each.
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/memory_engine.h"

namespace telepost::test {
namespace {

using schema::AccountId;
using schema::Partition;
using namespace store;  // NOLINT: the seam is what is tested

class MemoryEngineTest : public testing::Test {
 protected:
  // A list of batches, each with one key of its number.
  CommitList list(std::size_t batches) const {
    CommitList made;
    for (std::size_t i = 0; i < batches; ++i) {
      made.push_back({Batch(ann_), {}});
      made.back().batch.put(Space::scan, std::to_string(i), "v");
    }
    return made;
  }
  Result<void> commit(CommitList list) {
    std::vector<CommitList> lists;
    lists.push_back(std::move(list));
    std::vector<Result<void>> results(1);
    engine_.commit(lists, results);
    return std::move(results[0]);
  }
  std::string keys() {
    std::string text;
    const auto result =
        engine_.reader(ann_)->scan(Space::scan, {}, {}, [&](std::string_view key, std::string_view) {
          text.append(key);
          return true;
        });
    return result.ok() ? text : std::string(name_of(result.error().kind));
  }

  const Partition ann_ = Partition::account(AccountId{1});
  ManualClock clock_;
  MemoryEngine engine_{clock_};
};

TEST_F(MemoryEngineTest, LeavesThePrefixBeforeAnExpectationThatFails) {
  CommitList refused = list(4);
  refused[2].expectations.push_back({Space::point, "never", "there"});
  EXPECT_EQ(commit(std::move(refused)).error().kind, Errc::conflict);
  EXPECT_EQ(keys(), "01");
}

TEST_F(MemoryEngineTest, FailsTheNthOperationOnceWithOrWithoutItsBatch) {
  for (const auto present : {MemoryEngine::FailedBatch::absent, MemoryEngine::FailedBatch::present}) {
    engine_.fail_operation(2, Errc::io, MemoryEngine::Repeat::once, present);
    EXPECT_EQ(commit(list(4)).error().kind, Errc::io);
    EXPECT_EQ(keys(), present == MemoryEngine::FailedBatch::present ? "01" : "0");
  }
  engine_.fail_operation(2, Errc::corrupt);
  EXPECT_EQ(keys(), "01");
  EXPECT_EQ(keys(), "corrupt");
  EXPECT_EQ(keys(), "01");
}

TEST_F(MemoryEngineTest, FailsEveryOperationFromTheNthUntilItRecovers) {
  engine_.fail_operation(1, Errc::io, MemoryEngine::Repeat::every);
  EXPECT_FALSE(commit(list(1)).ok());
  EXPECT_FALSE(commit(list(1)).ok());
  EXPECT_EQ(keys(), "io");
  EXPECT_TRUE(engine_.recover().ok());
  EXPECT_TRUE(commit(list(1)).ok());
}

TEST_F(MemoryEngineTest, CrashesBetweenTheBatchesOfAList) {
  engine_.crash_before_batch(3);
  const auto snapshot = engine_.snapshot(ann_);
  EXPECT_EQ(commit(list(4)).error().kind, Errc::io);
  EXPECT_TRUE(engine_.crashed());
  EXPECT_EQ(keys(), "io");
  EXPECT_FALSE(engine_.recover().ok());
  engine_.restart();
  EXPECT_EQ(keys(), "01");
  EXPECT_EQ(snapshot->get(Space::scan, "0").error().kind, Errc::io);
}

TEST_F(MemoryEngineTest, ForgetsWhatWasNotSynced) {
  ASSERT_TRUE(commit(list(1)).ok());
  engine_.set_durability(MemoryEngine::Durability::sync);
  ASSERT_TRUE(commit(list(2)).ok());
  engine_.sync();
  ASSERT_TRUE(commit(list(5)).ok());
  EXPECT_EQ(keys(), "01234");
  engine_.crash();
  engine_.restart();
  EXPECT_EQ(keys(), "01");
}

TEST_F(MemoryEngineTest, AFullDiskRefusesCommitsAndServesReads) {
  ASSERT_TRUE(commit(list(1)).ok());
  engine_.set_full(true);
  EXPECT_EQ(commit(list(2)).error().kind, Errc::disk_full);
  EXPECT_EQ(engine_.recover().error().kind, Errc::disk_full);
  EXPECT_EQ(engine_.disk_space().value().free_bytes, 0u);
  EXPECT_EQ(keys(), "0");
  engine_.set_full(false);
  EXPECT_EQ(commit(list(2)).error().kind, Errc::disk_full) << "before recover()";
  EXPECT_TRUE(engine_.recover().ok());
  EXPECT_TRUE(commit(list(2)).ok());
}

TEST_F(MemoryEngineTest, ASnapshotLastsThirtySeconds) {
  const auto snapshot = engine_.snapshot(ann_);
  clock_.advance(std::chrono::seconds(30));
  EXPECT_TRUE(snapshot->get(Space::point, "k").ok());
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(snapshot->get(Space::point, "k").error().kind, Errc::timeout);
}

TEST_F(MemoryEngineTest, DumpsEveryRecordSoThatAnEmptiedStoreIsSeen) {
  const auto fresh = engine_.dump();
  ASSERT_TRUE(commit(list(3)).ok());
  EXPECT_EQ(engine_.dump().size(), 3u);
  Batch batch(ann_);
  for (const char* key : {"0", "1", "2"}) batch.erase(Space::scan, key);
  CommitList erases;
  erases.push_back({std::move(batch), {}});
  ASSERT_TRUE(commit(std::move(erases)).ok());
  EXPECT_EQ(engine_.dump(), fresh);
}

}  // namespace
}  // namespace telepost::test
