// Positions in a mailbox's order by received time while batches put many messages in and take many out, beside a sorted list of the same
// keys.
#include "store/received_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "schema/keys.h"
#include "store/account_write.h"
#include "store/rooms.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using store::AccountWrite;
using store::ReceivedOrder;
namespace keys = schema::keys;

constexpr std::size_t kAtOnce = 500;
constexpr std::size_t kGroups = 3;
constexpr std::size_t kMessages = kGroups * store::kGroup * store::kBlock + 700;
constexpr schema::MailboxId kInbox{1};

class ReceivedOrderTest : public testing::Test {
 protected:
  void SetUp() override {
    ann_ = fixture_.create("ann@example.test");
    for (std::size_t i = 0; i < kMessages; i += kAtOnce) put_in(i, std::min(i + kAtOnce, kMessages));
    std::sort(keys_.begin(), keys_.end());
    expect_positions();
  }
  void TearDown() override {
    EXPECT_TRUE(keys_.empty());
    EXPECT_TRUE(fixture_.verify_clean());
  }

  template <typename Change>
  void change(Change each) {
    auto write = AccountWrite::begin(rooms(), ann_, AccountWrite::Mode::with_reads);
    ASSERT_TRUE(write.ok());
    const auto mailbox = write->mailbox(kInbox);
    ASSERT_TRUE(mailbox.ok());
    each(**mailbox, ReceivedOrder(*write, kInbox, (*mailbox)->front));
    ASSERT_TRUE(write->commit().ok());
  }

  void put_in(std::size_t from, std::size_t to) {
    change([&](schema::MailboxRecord& mailbox, ReceivedOrder order) {
      for (std::size_t i = from; i < to; ++i) {
        const Time received = fixture_.clock().now() + Duration(i / 3);  // several of one moment
        keys_.push_back(keys::received(kInbox, received, schema::LocalId{i + 1}).substr(keys::kReceivedOrderOffset));
        ASSERT_TRUE(order.insert(keys_.back()).ok());
        ++mailbox.messages;
      }
    });
  }

  // In the order in which `gone` names them.
  void take_out(const std::vector<std::string>& gone) {
    change([&](schema::MailboxRecord& mailbox, ReceivedOrder order) {
      for (const std::string& key : gone) {
        ASSERT_TRUE(order.remove(key).ok());
        --mailbox.messages;
      }
      if (mailbox.messages == 0) {
        ASSERT_TRUE(order.clear().ok());
      }
    });
    std::vector<std::string> sorted = gone, left;
    std::sort(sorted.begin(), sorted.end());
    std::set_difference(keys_.begin(), keys_.end(), sorted.begin(), sorted.end(), std::back_inserter(left));
    keys_ = std::move(left);
  }

  void take_all_out(const std::vector<std::string>& order) {
    for (std::size_t i = 0; i < order.size(); i += kAtOnce) {
      const auto begin = order.begin() + static_cast<std::ptrdiff_t>(i);
      take_out({begin, begin + static_cast<std::ptrdiff_t>(std::min(kAtOnce, order.size() - i))});
      if (i / kAtOnce % 8 == 0) expect_positions();
      if (HasFatalFailure()) return;
    }
  }

  void expect_positions() {
    if (keys_.empty()) return;
    const auto reader = rooms().engine->reader(schema::Partition::account(ann_));
    const auto bytes = reader->get(Space::point, keys::mailbox(kInbox));
    ASSERT_TRUE(bytes.ok() && *bytes);
    const auto mailbox = schema::decode_MailboxRecord(**bytes);
    ASSERT_TRUE(mailbox.ok());
    const auto index_of = [&](const std::string& key) {
      return static_cast<std::uint64_t>(std::lower_bound(keys_.begin(), keys_.end(), key) - keys_.begin());
    };
    const ReceivedOrder::View order(*reader, kInbox, mailbox->front);
    for (std::uint64_t part = 0; part <= 20; ++part) {
      const std::uint64_t position = (keys_.size() - 1) * part / 20;
      const auto place = order.find(position);
      ASSERT_TRUE(place.ok());
      EXPECT_EQ(index_of(place->from) + place->skip, position);
      EXPECT_LT(place->skip, store::kFullBlock);
      const auto block = order.block_of(keys_[position]);
      ASSERT_TRUE(block.ok());
      EXPECT_EQ(index_of(block->from), block->skip);
      EXPECT_LE(block->from, keys_[position]);
    }
  }

  using Space = store::Space;
  store::Rooms& rooms() { return rooms_of(fixture_.store()); }
  test::StoreFixture fixture_;
  schema::AccountId ann_;
  std::vector<std::string> keys_;  // newest first
};

TEST_F(ReceivedOrderTest, TellsPositionsWhileTheOldestGo) { take_all_out({keys_.rbegin(), keys_.rend()}); }

TEST_F(ReceivedOrderTest, TellsPositionsWhileTheNewestGo) { take_all_out(std::vector<std::string>(keys_)); }

TEST_F(ReceivedOrderTest, TellsPositionsWhileMessagesGoFromAnywhere) {
  std::vector<std::string> order = keys_;
  std::shuffle(order.begin(), order.end(), std::mt19937(7));
  take_all_out(order);
}

// What a batch has read of the order holds for what it puts in beside what it takes out.
TEST_F(ReceivedOrderTest, TellsPositionsWhenOneBatchPutsInAndTakesOut) {
  std::vector<std::string> oldest(keys_.rbegin(), keys_.rbegin() + 300);
  change([&](schema::MailboxRecord&, ReceivedOrder order) {
    for (std::size_t i = 0; i < 300; ++i) {
      ASSERT_TRUE(order.remove(oldest[i]).ok());
      const Time received = fixture_.clock().now() + 1h + Duration(i);
      keys_.push_back(keys::received(kInbox, received, schema::LocalId{kMessages + i + 1}).substr(keys::kReceivedOrderOffset));
      ASSERT_TRUE(order.insert(keys_.back()).ok());
    }
  });
  for (const std::string& key : oldest) keys_.erase(std::find(keys_.begin(), keys_.end(), key));
  std::sort(keys_.begin(), keys_.end());
  expect_positions();
  take_all_out({keys_.rbegin(), keys_.rend()});
}

}  // namespace
}  // namespace telepost
