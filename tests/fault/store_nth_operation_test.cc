// One scripted life of a store on the engine in memory, again and again: each time another operation fails, or everything stops
// before another batch. TELEPOST_LONG=1 takes every one; else every so many.
#include <gtest/gtest.h>

#include <cstdlib>

#include "store/rooms.h"
#include "tests/fault/store_script.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using test::MemoryEngine;
using test::StoreFixture;
using test::StoreScript;

std::uint64_t step(std::uint64_t in_short_runs) { return std::getenv("TELEPOST_LONG") != nullptr ? 1 : in_short_runs; }

// What failed is over: what was told is there, senders try again, time passes, and at the end nothing is left over.
void settle(StoreFixture& fixture, StoreScript& script) {
  script.check();
  script.send_again();
  for (const Duration time : {Duration(1min), Duration(16min), Duration(2h), Duration(1h)}) {
    fixture.clock().advance(time);
    const auto swept = fixture.sweep();
    ASSERT_TRUE(swept.ok());
    EXPECT_EQ(swept->total().failed, 0u);
  }
  script.check();
  EXPECT_TRUE(fixture.verify_spotless());
}

enum class Continue { recovered, reopened };

void fail_each_operation(Errc kind, MemoryEngine::Repeat repeat, MemoryEngine::FailedBatch batch, Continue how, std::uint64_t first) {
  bool failed = true;
  std::uint64_t operation = first;
  for (; failed && !testing::Test::HasFailure(); operation += step(23)) {
    SCOPED_TRACE("operation " + std::to_string(operation) + " fails");
    StoreFixture fixture;
    StoreScript script(fixture);
    fixture.engine().fail_operation(operation, kind, repeat, batch);
    script.run();
    failed = fixture.engine().operation_number() >= operation;
    fixture.engine().fail_operation(0, kind);
    if (how == Continue::reopened) {
      fixture.reopen();
    } else {
      ASSERT_TRUE(fixture.engine().recover().ok());
      rooms_of(fixture.store()).health.refresh();
      EXPECT_TRUE(fixture.store().health().ok());
    }
    settle(fixture, script);
  }
  EXPECT_GT(operation, 500u) << "the script does too little to prove anything";
}

TEST(StoreWhenAnOperationFails, KeepsWhatItAcknowledgedAndGoesOn) {
  fail_each_operation(Errc::io, MemoryEngine::Repeat::once, MemoryEngine::FailedBatch::absent, Continue::recovered, 1);
}
TEST(StoreWhenAnOperationFails, MayFindTheFailedBatchThere) {
  fail_each_operation(Errc::io, MemoryEngine::Repeat::once, MemoryEngine::FailedBatch::present, Continue::recovered, 2);
}
TEST(StoreWhenAnOperationFails, KeepsWhatItAcknowledgedOverAnOpening) {
  fail_each_operation(Errc::io, MemoryEngine::Repeat::every, MemoryEngine::FailedBatch::present, Continue::reopened, 3);
}
TEST(StoreWhenAnOperationFails, StandsADiskThatIsFullFromThereOn) {
  fail_each_operation(Errc::disk_full, MemoryEngine::Repeat::every, MemoryEngine::FailedBatch::absent, Continue::recovered, 4);
}

TEST(StoreThatStops, BeforeAnyBatchKeepsWhatItAcknowledged) {
  bool crashed = true;
  std::uint64_t batch = 1;
  for (; crashed && !HasFailure(); batch += step(3)) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    StoreScript script(fixture);
    fixture.engine().crash_before_batch(batch);
    script.run();
    crashed = fixture.engine().crashed();
    fixture.reopen();
    settle(fixture, script);
    if (batch % 10 == 1) {
      EXPECT_TRUE(fixture.empties_to_nothing());
    }
  }
  EXPECT_GT(batch, 100u);
}

TEST(StoreThatStops, OnceMoreWhileItSettlesKeepsWhatItAcknowledged) {
  for (std::uint64_t batch = 5; batch < 120 && !HasFailure(); batch += step(17)) {
    for (std::uint64_t second = 1; second < 40; second += step(5)) {
      SCOPED_TRACE("crashes before batches " + std::to_string(batch) + " and " + std::to_string(second));
      StoreFixture fixture;
      StoreScript script(fixture);
      fixture.engine().crash_before_batch(batch);
      script.run();
      fixture.reopen();
      fixture.engine().crash_before_batch(second);
      for (const Duration time : {Duration(2min), Duration(16min), Duration(61min)}) {
        fixture.clock().advance(time);
        (void)fixture.sweep();
      }
      fixture.reopen();
      settle(fixture, script);
    }
  }
}

}  // namespace
}  // namespace telepost
