// What an account's outcomes wait for, and what not, while the disk is slow.
#include "store/submission.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "schema/keys.h"
#include "store/account_write.h"
#include "tests/support/submission_fixture.h"

namespace telepost {
namespace {

using schema::SendState;
using test::kText;
using test::outcome_of;
using SubmissionInFlight = test::SubmissionTest;

// Holds every commit before it reaches the engine, and tells how many came.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++came_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for(int commits) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return came_ >= commits; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int came_ = 0;       // guarded by mutex_
  bool open_ = false;  // guarded by mutex_
};

// An account that hands in one mail after the other must not wait, with each outcome, for the disk twice.
TEST_F(SubmissionInFlight, KeepsOutcomesWhileItsMailIsOnTheWayToTheDisk) {
  hand_in(mail({"carol@example.net"}));
  const auto sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  Gate gate;
  fixture_.engine().set_delay([&gate] { gate.pass(); }, {});
  const auto intake = submission().begin(mail({"dave@example.net"}));
  intake->write(kText);
  std::promise<bool> kept;
  intake->finish([&kept](const auto& all) { kept.set_value(all.ok() && (*all)[0].ok()); });
  gate.wait_for(1);
  {
    auto write = store::AccountWrite::begin(rooms_of(fixture_.store()), ann_, store::AccountWrite::Mode::beside_deliveries);
    ASSERT_TRUE(write.ok());
    EXPECT_TRUE(write->get(store::Space::point, schema::keys::submission(sent[0].job.record.message))->has_value());
  }
  gate.open();
  EXPECT_TRUE(kept.get_future().get());
  fixture_.engine().set_delay({}, {});
  ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::relayed, "250 ok")}).ok());
  EXPECT_EQ(jobs(), 1u);
}

TEST_F(SubmissionInFlight, KeepsOutcomesBehindAChangeOfTheirMessage) {
  const schema::MessageId id = hand_in(mail({"carol@example.net"}));
  const auto sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  Gate gate;
  fixture_.engine().set_delay([&gate] { gate.pass(); }, {});
  std::thread flagging([&] { EXPECT_TRUE(fixture_.store().changer().set_keywords(id, {"$flagged"}, {}).ok()); });
  gate.wait_for(1);
  std::promise<Result<void>> told;
  submission().outcome(sent[0].job, {outcome_of(SendState::relayed, "250 ok")}, [&told](const Result<void>& done) { told.set_value(done); });
  gate.open();
  flagging.join();
  EXPECT_TRUE(told.get_future().get().ok());
  fixture_.engine().set_delay({}, {});
  const std::vector<std::string> both{"$flagged", "$seen", "$submitted"};
  EXPECT_EQ(keywords(id), both);
}

}  // namespace
}  // namespace telepost
