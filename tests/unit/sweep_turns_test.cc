// Sweeps beside each other: an operator's sweep that takes long holds up no due work, and between them nothing is done twice.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "store/rooms.h"
#include "tests/support/borrowed_engine.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using store::Engine;
using store::SweepKind;
using test::StoreFixture;

constexpr std::size_t kAccounts = 150;  // more than one in most slices
constexpr std::size_t kMessages = 3;    // of each

// A second passes whenever a sweep looks into an account, so that it tells how far it is after each step.
class SlowEngine final : public test::BorrowedEngine {
 public:
  SlowEngine(test::MemoryEngine& engine, Writers writers, test::ManualClock& clock) : BorrowedEngine(engine, writers), clock_(clock) {}
  std::unique_ptr<store::PartitionReader> reader(const schema::Partition& partition) override {
    if (partition.kind() == schema::PartitionKind::account) clock_.advance(1s);
    return BorrowedEngine::reader(partition);
  }

 private:
  test::ManualClock& clock_;
};

class SweepTurnsTest : public testing::TestWithParam<Engine::Writers> {
 protected:
  void SetUp() override {
    fixture_.store().set_classes(classes());
    for (std::size_t i = 0; i < kAccounts; ++i) {
      accounts_.push_back(fixture_.create("user" + std::to_string(i) + "@example.test"));
      for (std::size_t k = 0; k < kMessages; ++k) EXPECT_TRUE(fixture_.deliver_to(accounts_.back(), test::mail("x")).ok());
    }
    fixture_.use_classes(classes());
    store::Store::Options options;
    options.configuration = StoreFixture::configuration();
    options.classes = classes();
    auto engine = std::make_unique<SlowEngine>(fixture_.engine(), GetParam(), fixture_.clock());
    auto opened = store::Store::open(std::move(options), std::move(engine), fixture_.clock(), fixture_.random());
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    store_ = std::move(*opened);
    fixture_.clock().advance(24h);
  }
  void TearDown() override {
    store_.reset();
    fixture_.reopen();  // what the other wrote is not in this one's caches
    EXPECT_TRUE(fixture_.verify_clean());
  }
  static schema::ClassSet classes() { return test::classes_of("<class name='standard'><retention keep='PT1H'/></class>"); }

  // Sweeps; and in the middle of it, once, another thread does.
  std::pair<store::SweepReport, store::SweepReport> sweep_within(store::SweepOptions options) {
    std::pair<store::SweepReport, store::SweepReport> reports;
    bool is_first = true;
    options.progress = [&](SweepKind, const store::SweepReport&) {
      if (!std::exchange(is_first, false)) return;
      std::thread other([&] {
        const auto swept = store_->sweep().run({.kinds = {SweepKind::expire}});
        ASSERT_TRUE(swept.ok()) << to_string(swept.error());
        reports.second = *swept;
      });
      other.join();
    };
    const auto swept = store_->sweep().run(options);
    EXPECT_TRUE(swept.ok()) << to_string(swept.error());
    EXPECT_FALSE(is_first);
    if (swept.ok()) reports.first = *swept;
    return reports;
  }
  void expect_all_gone_once() {
    for (const AccountId account : accounts_) {
      std::map<std::uint64_t, int> gone;
      const auto changes = store_->reader().changes(account, schema::Modseq{0}, 1000);
      ASSERT_TRUE(changes.ok());
      for (const store::Change& change : *changes) {
        if (change.record.what == schema::ChangeRecord::What::message_gone) ++gone[change.record.id];
      }
      EXPECT_EQ(gone.size(), kMessages);
      for (const auto& [message, times] : gone) EXPECT_EQ(times, 1);
    }
  }
  StoreFixture fixture_{StoreFixture::configuration(), 1, GetParam()};
  std::vector<AccountId> accounts_;
  std::unique_ptr<store::Store> store_;
};

TEST_P(SweepTurnsTest, DueWorkIsDoneBetweenTheStepsOfASweepThatTakesLong) {
  const auto [slow, other] = sweep_within({.kinds = {SweepKind::expire}, .rate = 1'000'000});
  const std::uint64_t before = slow.of(SweepKind::expire).done;
  EXPECT_GT(before, 0u) << "it was in the middle";
  EXPECT_EQ(other.of(SweepKind::expire).done, kAccounts * kMessages - before) << "all that was left";
  EXPECT_EQ(slow.total().failed + other.total().failed, 0u);
  EXPECT_FALSE(slow.more);
  EXPECT_FALSE(other.more);
  expect_all_gone_once();
}

TEST_P(SweepTurnsTest, DueWorkIsDoneWhileTheStoreIsVerified) {
  const auto [verified, other] = sweep_within({.kinds = {SweepKind::verify}});
  EXPECT_EQ(other.of(SweepKind::expire).done, kAccounts * kMessages);
  EXPECT_GT(verified.of(SweepKind::verify).done, 0u);
  expect_all_gone_once();
}

TEST_P(SweepTurnsTest, DueWorkIsDoneBetweenTheStepsOfADryRun) {
  const auto [dry, other] = sweep_within({.kinds = {SweepKind::expire}, .dry_run = true});
  EXPECT_EQ(other.of(SweepKind::expire).done, kAccounts * kMessages);
  EXPECT_FALSE(other.more);
  expect_all_gone_once();
}

INSTANTIATE_TEST_SUITE_P(Engines, SweepTurnsTest, testing::Values(Engine::Writers::one, Engine::Writers::many),
                         [](const auto& each) { return each.param == Engine::Writers::one ? "OfOneWriter" : "OfManyWriters"; });

// Who waits longest is next, so that a sweep which comes again at once passes nobody.
TEST(SweepTurns, AreGivenInTheOrderOfComing) {
  store::SweepTurns turns;
  std::vector<int> order;
  turns.lock();
  std::atomic<bool> waits{false};
  std::thread other([&] {
    waits = true;
    turns.lock();
    order.push_back(1);
    turns.unlock();
  });
  while (!waits) std::this_thread::yield();
  for (int round = 0; order.empty() && round < 1'000'000; ++round) {
    turns.unlock();
    turns.lock();
  }
  order.push_back(2);
  turns.unlock();
  other.join();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace telepost
