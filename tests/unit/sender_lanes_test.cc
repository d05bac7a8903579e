// Who calls, who waits and who is given what.
#include "adapters/smtp/sender/lanes.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace telepost::adapters::smtp::sender {
namespace {

using How = Lanes::Given::How;

class SenderLanes : public testing::Test {
 protected:
  class Connection final : public Carrier {
   public:
    void wake() override { ++woken; }
    int woken = 0;
  };
  ErrandPtr errand(std::uint64_t id) {
    auto made = std::make_shared<Errand>();
    made->job.id = id;
    made->lane = "mx.test";
    return made;
  }
  How give(std::uint64_t id) { return lanes_.give(errand(id), clock_.steady()).how; }
  static ErrandPtr errand_to(const std::string& lane, bool is_report) {
    auto made = std::make_shared<Errand>();
    made->lane = lane;
    made->is_report = is_report;
    return made;
  }
  // What the next connection is given; 0: nothing, it waits.
  std::uint64_t next(Connection& connection) {
    const ErrandPtr given = lanes_.next("mx.test", connection);
    return given == nullptr ? 0 : given->job.id;
  }
  test::ManualClock clock_;
  Lanes lanes_{100, 20};
};

TEST_F(SenderLanes, MakeFewCallsAtATimeAndMoreAsTheyAreAnswered) {
  int calls = 0;
  for (std::uint64_t id = 1; id <= 12; ++id) calls += give(id) == How::start ? 1 : 0;
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(lanes_.answered("mx.test").size(), 1u);
  Connection connection;
  EXPECT_EQ(next(connection), 1u);
  EXPECT_EQ(lanes_.couriers(), 6u);
}

// A call that hangs has no job of its own.
TEST_F(SenderLanes, GiveAJobToWhoeverHasAConnectionFirst) {
  EXPECT_EQ(give(1), How::start);
  EXPECT_EQ(give(2), How::start);
  EXPECT_TRUE(lanes_.answered("mx.test").empty());
  Connection quick, slow;
  EXPECT_EQ(next(quick), 1u);
  EXPECT_EQ(next(quick), 2u);
  EXPECT_EQ(next(quick), 0u);
  EXPECT_TRUE(lanes_.answered("mx.test").empty());
  EXPECT_EQ(next(slow), 0u);
  EXPECT_EQ(give(3), How::taken);
  EXPECT_EQ(slow.woken + quick.woken, 1);
}

TEST_F(SenderLanes, LetACallThatFailsTakeItsJobUnlessAnotherHasIt) {
  const ErrandPtr first = errand(1), second = errand(2);
  EXPECT_EQ(lanes_.give(first, clock_.steady()).how, How::start);
  EXPECT_EQ(lanes_.give(second, clock_.steady()).how, How::start);
  EXPECT_TRUE(lanes_.answered("mx.test").empty());
  Connection connection;
  EXPECT_EQ(next(connection), 1u);
  EXPECT_TRUE(lanes_.withdraw("mx.test", second));
  EXPECT_EQ(next(connection), 0u);
  EXPECT_TRUE(lanes_.leave("mx.test").empty());
  lanes_.take("mx.test", connection);
  lanes_.call_again("mx.test", first);
  EXPECT_TRUE(lanes_.answered("mx.test").empty());
  EXPECT_EQ(next(connection), 1u);
}

TEST_F(SenderLanes, LeaveInPeaceWhoFailsTwice) {
  const ErrandPtr first = errand(1), second = errand(2);
  EXPECT_EQ(lanes_.give(first, clock_.steady()).how, How::start);
  EXPECT_EQ(lanes_.give(second, clock_.steady()).how, How::start);
  EXPECT_TRUE(lanes_.withdraw("mx.test", first));
  EXPECT_TRUE(lanes_.failed("mx.test", "no answer", clock_.steady()).empty());
  EXPECT_TRUE(lanes_.withdraw("mx.test", second));
  EXPECT_TRUE(lanes_.failed("mx.test", "no answer", clock_.steady()).empty());
  EXPECT_TRUE(lanes_.leave("mx.test").empty());
  EXPECT_TRUE(lanes_.leave("mx.test").empty());
  EXPECT_EQ(give(3), How::paused);
  clock_.advance(std::chrono::seconds(31));
  EXPECT_EQ(give(4), How::start);
  EXPECT_EQ(give(5), How::taken);  // one asks for all
}

TEST_F(SenderLanes, PutBackWhatWaitsAtTheEnd) {
  EXPECT_EQ(give(1), How::start);
  EXPECT_EQ(lanes_.close().size(), 1u);
  EXPECT_TRUE(lanes_.answered("mx.test").empty());
  Connection connection;
  EXPECT_EQ(next(connection), 0u);
}

// Strangers have reports sent to wherever they like, and let the servers there say nothing.
TEST_F(SenderLanes, GiveReportsAQuarterOfTheConnectionsAtMost) {
  Lanes lanes(8, 20);
  int calls = 0;
  for (int i = 0; i < 60; ++i) calls += lanes.give(errand_to("slow" + std::to_string(i) + ".test reports", true), clock_.steady()).how == How::start ? 1 : 0;
  EXPECT_EQ(calls, 2);
  std::vector<ErrandPtr> others;
  for (int i = 0; i < 6; ++i) others.push_back(errand_to("mx" + std::to_string(i) + ".test", false));
  for (const ErrandPtr& other : others) EXPECT_EQ(lanes.give(other, clock_.steady()).how, How::start);
  EXPECT_EQ(lanes.couriers(), 8u);
  EXPECT_TRUE(lanes.withdraw("mx0.test", others.front()));
  EXPECT_TRUE(lanes.leave("mx0.test").empty());  // no report takes the place of other mail
}

TEST_F(SenderLanes, GiveAPlaceToWhoWaitsForAFirstOneTheLongest) {
  Lanes lanes(2, 2);
  const ErrandPtr first = errand_to("a.test", false);
  EXPECT_EQ(lanes.give(first, clock_.steady()).how, How::start);
  EXPECT_EQ(lanes.give(errand_to("a.test", false), clock_.steady()).how, How::start);
  EXPECT_EQ(lanes.give(errand_to("a.test", false), clock_.steady()).how, How::taken);
  EXPECT_EQ(lanes.give(errand_to("z.test", false), clock_.steady()).how, How::taken);
  EXPECT_EQ(lanes.give(errand_to("b.test", false), clock_.steady()).how, How::taken);
  EXPECT_TRUE(lanes.withdraw("a.test", first));
  const std::vector<ErrandPtr> start = lanes.leave("a.test");
  ASSERT_EQ(start.size(), 1u);
  EXPECT_EQ(start.front()->lane, "z.test");
}

}  // namespace
}  // namespace telepost::adapters::smtp::sender
