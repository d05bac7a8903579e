// What the metrics tell of the queues.
#include "store/outbox_census.h"

#include <gtest/gtest.h>

#include "base/metrics.h"
#include "store/account_write.h"
#include "store/outbox.h"
#include "store/rooms.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::Network;
using store::Job;

class OutboxCensusTest : public testing::Test {
 protected:
  void SetUp() override { ann_ = fixture_.create("ann@example.test"); }
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }

  store::Outbox& outbox() { return fixture_.store().outbox(); }
  Time now() { return fixture_.clock().now(); }
  void enqueue(const std::string& destination) { enqueue({Network::mail, destination, {}, {}, {}, ""}); }
  void enqueue(store::NewJob job) {
    auto write = store::AccountWrite::begin(rooms_of(fixture_.store()), ann_, store::AccountWrite::Mode::without_reads);
    ASSERT_TRUE(write.ok());
    ASSERT_TRUE(outbox().enqueue(*write, std::move(job)).ok());
    ASSERT_TRUE(write->commit().ok());
  }
  std::vector<Job> claim(Network network, std::size_t limit = 16) { return *outbox().claim({network, {}, limit, "test", 5min, 1000}); }

  test::StoreFixture fixture_;
  schema::AccountId ann_;
};

// The value of a line of the exposition that begins so.
double shown(const std::string& name) {
  const std::string text = metrics::exposition();
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST_F(OutboxCensusTest, CountsWhatIsReadyLaterAndBeingSent) {
  for (int i = 0; i < 5; ++i) enqueue("d" + std::to_string(i));
  enqueue({Network::mail, "d9", {}, now() + 1h, {}, ""});
  enqueue({Network::sms, "smsc", {}, {}, {}, ""});
  ASSERT_EQ(claim(Network::mail, 2).size(), 2u);
  fixture_.clock().advance(90s);
  store::OutboxCensus census(rooms_of(fixture_.store()));
  const auto expect = [&](double ready, double sending, double later, double oldest) {
    ASSERT_TRUE(census.take().ok());
    EXPECT_EQ(shown("telepost_queue_jobs{network=\"mail\",state=\"ready\"}"), ready);
    EXPECT_EQ(shown("telepost_queue_jobs{network=\"mail\",state=\"sending\"}"), sending);
    EXPECT_EQ(shown("telepost_queue_jobs{network=\"mail\",state=\"later\"}"), later);
    EXPECT_EQ(shown("telepost_queue_oldest_seconds{network=\"mail\"}"), oldest);
    EXPECT_EQ(shown("telepost_queue_jobs{network=\"sms\",state=\"ready\"}"), 1);
  };
  expect(3, 2, 1, 90);
  for (const Job& job : claim(Network::mail)) ASSERT_TRUE(outbox().finish(job).ok());
  expect(0, 2, 1, 0);
  fixture_.clock().advance(2h);
  expect(3, 0, 0, 7200 + 90 - 300);  // since the leases lapsed
}

TEST_F(OutboxCensusTest, CountsWhatIsHeldUntilItIsReleased) {
  for (int i = 0; i < 3; ++i) enqueue("d" + std::to_string(i));
  std::vector<std::uint64_t> ids;
  ASSERT_TRUE(outbox().list({}, 0, 10, [&](const Job& job) { return ids.push_back(job.id), true; }).ok());
  for (const std::uint64_t id : {ids[0], ids[1]}) ASSERT_TRUE(outbox().hold(id).ok());
  EXPECT_TRUE(fixture_.verify_clean());
  store::OutboxCensus census(rooms_of(fixture_.store()));
  const auto expect = [&](double ready, double held) {
    ASSERT_TRUE(census.take().ok());
    EXPECT_EQ(shown("telepost_queue_jobs{network=\"mail\",state=\"ready\"}"), ready);
    EXPECT_EQ(shown("telepost_queue_jobs{network=\"mail\",state=\"held\"}"), held);
  };
  expect(1, 2);
  ASSERT_TRUE(outbox().release(ids[0]).ok());
  expect(2, 1);
  ASSERT_TRUE(outbox().remove(ids[1]).ok());
  expect(2, 0);
}

TEST_F(OutboxCensusTest, CountsNoMoreThanItsBound) {
  for (int i = 0; i < 20; ++i) enqueue("d");
  store::OutboxCensus census(rooms_of(fixture_.store()), 5);
  ASSERT_TRUE(census.take().ok());
  EXPECT_EQ(shown("telepost_queue_jobs{network=\"mail\",state=\"ready\"}"), 5);
}

}  // namespace
}  // namespace telepost
