// Leases: two stores on one engine share the slices of the calendar, do nothing twice, and what a held-up one writes late is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <utility>

#include "schema/quantity.h"
#include "schema/keys.h"
#include "store/lease.h"
#include "store/rooms.h"
#include "tests/support/borrowed_engine.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using store::Lease;
using test::StoreFixture;

constexpr std::size_t kAccounts = 40;
constexpr std::size_t kMessages = 3;  // of each

schema::ClassSet expiring_after(Duration retention) {
  return test::classes_of("<class name='standard'><retention keep='" + schema::to_iso8601(retention) + "'/></class>");
}

// Holds up its store at the first batch of an account that goes under a slice's lease: the slice is taken, and nothing in it is done.
class HeldUpEngine final : public test::BorrowedEngine {
 public:
  explicit HeldUpEngine(test::MemoryEngine& engine) : BorrowedEngine(engine, Writers::many) {}
  void hold_up(std::function<void()> meanwhile) { meanwhile_ = std::move(meanwhile); }
  void commit(std::span<store::CommitList> lists, std::span<Result<void>> results) override {
    if (meanwhile_ && std::any_of(lists.begin(), lists.end(), is_of_a_slice)) std::exchange(meanwhile_, {})();
    BorrowedEngine::commit(lists, results);
  }

 private:
  static bool is_of_a_slice(const store::CommitList& list) {
    const bool fenced = std::any_of(list.begin(), list.end(), [](const store::CommitEntry& entry) {
      return std::any_of(entry.expectations.begin(), entry.expectations.end(),
                         [](const store::Expectation& expected) { return expected.key == schema::keys::kCalendarLease; });
    });
    return fenced && std::any_of(list.begin(), list.end(), [](const store::CommitEntry& entry) {
      return entry.batch.partition().kind() == schema::PartitionKind::account;
    });
  }
  std::function<void()> meanwhile_;  // set before the sweep; used by the one thread that commits
};

class LeaseTest : public testing::Test {
 protected:
  void SetUp() override {
    fixture_.store().set_classes(expiring_after(1h));
    for (std::size_t i = 0; i < kAccounts; ++i) {
      accounts_.push_back(fixture_.create("user" + std::to_string(i) + "@example.test"));
      for (std::size_t k = 0; k < kMessages; ++k) EXPECT_TRUE(fixture_.deliver_to(accounts_.back(), test::mail("x")).ok());
    }
    auto engine = std::make_unique<HeldUpEngine>(fixture_.engine());
    others_engine_ = engine.get();
    store::Store::Options options;
    options.configuration = StoreFixture::configuration();
    options.classes = expiring_after(1h);
    auto opened = store::Store::open(std::move(options), std::move(engine), fixture_.clock(), fixture_.random());
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    other_ = std::move(*opened);
    fixture_.clock().advance(2h);
  }
  void TearDown() override {
    other_.reset();
    fixture_.reopen();  // what the other wrote is not in this one's caches
    EXPECT_TRUE(fixture_.verify_clean());
  }
  std::size_t left() {
    const auto reader = fixture_.open_another();
    std::size_t left = 0;
    for (const AccountId account : accounts_) left += test::sources_of(*reader, account).size();
    return left;
  }
  // Tombstones by message: each leaves exactly one.
  std::map<std::pair<std::uint64_t, std::uint64_t>, int> gone() {
    const auto reader = fixture_.open_another();
    std::map<std::pair<std::uint64_t, std::uint64_t>, int> gone;
    for (const AccountId account : accounts_) {
      const auto changes = reader->reader().changes(account, schema::Modseq{0}, 1000);
      EXPECT_TRUE(changes.ok());
      for (const store::Change& change : *changes) {
        if (change.record.what == schema::ChangeRecord::What::message_gone) ++gone[{account.value, change.record.id}];
      }
    }
    return gone;
  }
  void expect_all_gone_once() {
    EXPECT_EQ(left(), 0u);
    const auto all = gone();
    EXPECT_EQ(all.size(), kAccounts * kMessages);
    for (const auto& [message, times] : all) EXPECT_EQ(times, 1);
  }
  StoreFixture fixture_{StoreFixture::configuration(), 1, store::Engine::Writers::many};
  std::vector<AccountId> accounts_;
  std::unique_ptr<store::Store> other_;
  HeldUpEngine* others_engine_ = nullptr;  // lives as long as other_
};

TEST_F(LeaseTest, TwoSweepersShareTheSlicesAndDoNothingTwice) {
  std::uint64_t done = 0;
  // The other one stands still in the middle of its slice; all other slices are this one's.
  others_engine_->hold_up([&] {
    const auto swept = fixture_.store().sweep().run({});
    ASSERT_TRUE(swept.ok());
    EXPECT_TRUE(swept->more);
    done = swept->of(store::SweepKind::expire).done;
    EXPECT_EQ(left(), kAccounts * kMessages - done);
  });
  const auto swept = other_->sweep().run({});
  ASSERT_TRUE(swept.ok());
  EXPECT_EQ(swept->total().failed, 0u);
  EXPECT_GT(done, 0u);
  EXPECT_GT(swept->of(store::SweepKind::expire).done, 0u);
  EXPECT_EQ(swept->of(store::SweepKind::expire).done, kAccounts * kMessages - done);
  expect_all_gone_once();
}

TEST_F(LeaseTest, OneThatIsHeldUpPastItsLeaseIsRefused) {
  std::uint64_t done = 0;
  others_engine_->hold_up([&] {
    ASSERT_TRUE(fixture_.store().sweep().run({}).ok());  // from now on it watches the lease that it did not get
    const std::size_t before = left();
    EXPECT_GT(before, 0u);
    fixture_.clock().advance(store::kLeaseLength);
    const auto swept = fixture_.store().sweep().run({});
    ASSERT_TRUE(swept.ok());
    done = swept->of(store::SweepKind::expire).done;
    EXPECT_EQ(done, before);
    EXPECT_EQ(left(), 0u);
  });
  const auto swept = other_->sweep().run({});
  ASSERT_TRUE(swept.ok());
  EXPECT_GT(done, 0u);
  EXPECT_EQ(swept->of(store::SweepKind::expire).done, 0u);
  expect_all_gone_once();
}

TEST_F(LeaseTest, ALeaseIsOnesUntilItIsReleasedOrLapses) {
  const auto slice = schema::Partition::slice(schema::PartitionKind::calendar, 7);
  store::Rooms& first = rooms_of(fixture_.store());
  store::Rooms& second = rooms_of(*other_);
  auto lease = Lease::take(first, slice, schema::keys::kCalendarLease);
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_FALSE(Lease::take(second, slice, schema::keys::kCalendarLease)->has_value());
  for (int i = 0; i < 10; ++i) {
    fixture_.clock().advance(store::kLeaseLength / 2);
    ASSERT_TRUE((*lease)->keep().ok());
    EXPECT_FALSE(Lease::take(second, slice, schema::keys::kCalendarLease)->has_value());
  }
  fixture_.clock().advance(store::kLeaseLength);
  auto taken = Lease::take(second, slice, schema::keys::kCalendarLease);
  ASSERT_TRUE(taken.ok() && taken->has_value());
  EXPECT_FALSE(*(*lease)->is_ours());
  EXPECT_EQ((*lease)->keep().error().kind, Errc::conflict);
  store::CommitList list;
  list.push_back((*lease)->fence());
  EXPECT_EQ(first.committer.commit(std::move(list)).error().kind, Errc::conflict);
  list.clear();
  list.push_back((*taken)->fence());
  (*taken)->release(list.back());
  ASSERT_TRUE(second.committer.commit(std::move(list)).ok());
  EXPECT_TRUE(Lease::take(first, slice, schema::keys::kCalendarLease)->has_value());
}

// No clock has to be right: the owner's and the watcher's wall clocks may say what they want.
TEST_F(LeaseTest, ALeapOfTheWallClockEndsNoLease) {
  const auto slice = schema::Partition::slice(schema::PartitionKind::calendar, 7);
  const auto lease = Lease::take(rooms_of(fixture_.store()), slice, schema::keys::kCalendarLease);
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_FALSE(Lease::take(rooms_of(*other_), slice, schema::keys::kCalendarLease)->has_value());
  fixture_.clock().jump_to(fixture_.clock().now() + 20h);
  EXPECT_FALSE(Lease::take(rooms_of(*other_), slice, schema::keys::kCalendarLease)->has_value());
}

TEST(LeaseAlone, OnAnEngineWithOneWriterALeaseOfTheProcessBeforeIsFree) {
  StoreFixture fixture;
  const auto slice = schema::Partition::slice(schema::PartitionKind::calendar, 7);
  ASSERT_TRUE(Lease::take(rooms_of(fixture.store()), slice, schema::keys::kCalendarLease)->has_value());
  fixture.reopen();
  EXPECT_TRUE(Lease::take(rooms_of(fixture.store()), slice, schema::keys::kCalendarLease)->has_value());
}

}  // namespace
}  // namespace telepost
