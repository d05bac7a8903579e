// Send jobs: their order and leases, what a crash leaves between account and outbox, and two stores on one engine.
#include <gtest/gtest.h>

#include "schema/job_records.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/outbox.h"
#include "store/outbox_job.h"
#include "store/rooms.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::Network;
using store::Job;
using store::Outbox;

class OutboxTest : public testing::Test {
 protected:
  void SetUp() override {
    ann_ = fixture_.create("ann@example.test");
    fixture_.clock().advance(20min);
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }

  Outbox& outbox() { return fixture_.store().outbox(); }
  Time now() { return fixture_.clock().now(); }

  std::uint64_t enqueue(store::NewJob job) {
    const auto id = try_enqueue(std::move(job));
    EXPECT_TRUE(id.ok()) << to_string(id.error());
    return id.ok() ? *id : 0;
  }
  std::uint64_t enqueue(const std::string& destination) { return enqueue({Network::mail, destination, {}, {}, {}, "payload"}); }
  Result<std::uint64_t> try_enqueue(store::NewJob job) {
    TELEPOST_ASSIGN(auto write, store::AccountWrite::begin(rooms_of(fixture_.store()), ann_, store::AccountWrite::Mode::without_reads));
    TELEPOST_ASSIGN(const std::uint64_t id, outbox().enqueue(write, std::move(job)));
    TELEPOST_TRY(write.commit());
    return id;
  }
  std::vector<Job> claim(Network network, std::size_t limit = 16) { return claim_from(outbox(), {network, {}, limit, "test", 5min, 1000}); }
  std::vector<Job> claim_for(const std::string& destination, std::size_t limit = 16) {
    return claim_from(outbox(), {{}, destination, limit, "test", 5min, 1000});
  }
  static std::vector<Job> claim_from(Outbox& outbox, const Outbox::Claim& claim) {
    auto jobs = outbox.claim(claim);
    EXPECT_TRUE(jobs.ok()) << to_string(jobs.error());
    return jobs.ok() ? std::move(*jobs) : std::vector<Job>();
  }
  static std::vector<std::uint64_t> ids(const std::vector<Job>& jobs) {
    std::vector<std::uint64_t> list;
    for (const Job& job : jobs) list.push_back(job.id);
    return list;
  }
  using Ids = std::vector<std::uint64_t>;

  test::StoreFixture fixture_;
  schema::AccountId ann_;
};

TEST_F(OutboxTest, GivesTheJobsOfADestinationInTheOrderOfTheirTimes) {
  const auto later = enqueue({Network::sms, "smsc", {}, now() + 2s, {}, ""});
  const auto first = enqueue("mx.example.net");
  fixture_.clock().advance(1ms);
  const auto second = enqueue("mx.example.net");
  const auto sooner = enqueue({Network::sms, "smsc", {}, now() + 1s, {}, ""});
  EXPECT_EQ(ids(claim_for("mx.example.net", 1)), Ids{first});
  EXPECT_EQ(ids(claim_for("mx.example.net")), Ids{second});
  EXPECT_TRUE(claim(Network::sms).empty());
  fixture_.clock().advance(5s);
  EXPECT_EQ(ids(claim(Network::sms)), (Ids{sooner, later}));
  EXPECT_TRUE(claim(Network::fax).empty());
}

TEST_F(OutboxTest, TellsAllThatASenderNeeds) {
  const Time expires = now() + 24h;
  const auto id = enqueue({Network::fax, "tel:+15550100", {77}, {}, expires, std::string("\0page", 5)});
  const auto jobs = claim(Network::fax);
  ASSERT_EQ(jobs.size(), 1u);
  const schema::JobRecord& job = jobs[0].record;
  EXPECT_EQ(jobs[0].id, id);
  EXPECT_EQ(job.destination, "tel:+15550100");
  EXPECT_EQ(job.account, ann_);
  EXPECT_EQ(job.message.value, 77u);
  EXPECT_EQ(job.payload, std::string("\0page", 5));
  EXPECT_EQ(job.expires, expires);
  EXPECT_EQ(job.attempts, 1u);
  EXPECT_EQ(job.lease_owner, "test");
  EXPECT_EQ(job.lease_until, now() + 5min);
}

TEST_F(OutboxTest, RefusesWhatItCannotHold) {
  EXPECT_EQ(try_enqueue({Network::mail, "", {}, {}, {}, ""}).error().kind, Errc::invalid);
  EXPECT_EQ(try_enqueue({Network::mail, std::string(256, 'd'), {}, {}, {}, ""}).error().kind, Errc::invalid);
  EXPECT_EQ(try_enqueue({Network::mail, "d", {}, {}, {}, std::string(store::kMaxJobPayload + 1, 'x')}).error().kind, Errc::too_large);
}

TEST_F(OutboxTest, OffersALapsedLeaseAgainAndFailsItsOldOwner) {
  const auto id = enqueue("d");
  const Job old = claim_for("d").at(0);
  fixture_.clock().advance(4min);
  EXPECT_TRUE(claim_for("d").empty());
  const Job renewed = *outbox().renew(old, 5min);
  fixture_.clock().advance(4min);
  EXPECT_TRUE(claim_for("d").empty());
  fixture_.clock().advance(2min);
  const auto again = claim_for("d");
  ASSERT_EQ(ids(again), Ids{id});
  EXPECT_EQ(again[0].record.attempts, 2u);
  EXPECT_EQ(outbox().finish(renewed).error().kind, Errc::conflict);
  EXPECT_EQ(outbox().retry_at(renewed, now(), "late").error().kind, Errc::conflict);
  EXPECT_EQ(outbox().renew(renewed, 5min).error().kind, Errc::conflict);
  EXPECT_TRUE(outbox().finish(again[0]).ok());
}

TEST_F(OutboxTest, TriesAgainWhenItsSenderSaysSo) {
  enqueue("d");
  const Job job = claim_for("d").at(0);
  ASSERT_TRUE(outbox().retry_at(job, now() + 10min, "451 4.7.1 later").ok());
  EXPECT_EQ(outbox().show(job.id)->record.reason, "451 4.7.1 later");
  fixture_.clock().advance(9min);
  EXPECT_TRUE(claim_for("d").empty());
  fixture_.clock().advance(1min);
  EXPECT_EQ(claim_for("d").at(0).record.attempts, 2u);
}

TEST_F(OutboxTest, KeepsWhatBecameOfAJobInTheBatchThatEndsIt) {
  const auto id = enqueue("d");
  const Job job = claim_for("d").at(0);
  ASSERT_TRUE(outbox().finish(job, [](store::AccountWrite& write) -> Result<void> {
    schema::CdrRecord cdr;
    cdr.event = schema::CdrRecord::Event::sms_segment;
    write.add_cdr(cdr);
    return {};
  }).ok());
  EXPECT_EQ(outbox().show(id).error().kind, Errc::not_found);
  EXPECT_EQ(fixture_.store().accounts().show(ann_)->head.cdr_sequence, 1u);
  EXPECT_EQ(outbox().finish(job).error().kind, Errc::conflict);
  fixture_.clock().advance(20min);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(fixture_.verify_spotless());
}

TEST_F(OutboxTest, OffersAnExpiredJobOnceMore) {
  enqueue({Network::mail, "d", {}, now() + 48h, now() + 24h, ""});
  fixture_.clock().advance(23h);
  EXPECT_TRUE(claim_for("d").empty());
  fixture_.clock().advance(1h);
  const auto jobs = claim_for("d");
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_TRUE(jobs[0].expired(now()));
}

TEST_F(OutboxTest, SendsNothingWhoseAccountNeverNamedIt) {
  for (std::uint64_t batch = 1; batch <= 3; ++batch) {
    fixture_.engine().crash_before_batch(batch);
    EXPECT_FALSE(try_enqueue({Network::mail, "d", {}, {}, {}, ""}).ok());
    fixture_.reopen();
    EXPECT_TRUE(claim_for("d").empty());
    EXPECT_TRUE(fixture_.verify_clean());
    fixture_.clock().advance(16min);
    EXPECT_TRUE(claim_for("d").empty());
    ASSERT_TRUE(fixture_.sweep().ok());
    EXPECT_TRUE(fixture_.verify_spotless());
    std::size_t listed = 0;
    ASSERT_TRUE(outbox().list({}, 0, 10, [&](const Job&) { return ++listed > 0; }).ok());
    EXPECT_EQ(listed, 0u);
  }
}

TEST_F(OutboxTest, OffersAJobAgainOrNotAtAllWhenACrashCutsItsEnd) {
  for (std::uint64_t batch = 1; batch <= 4; ++batch) {
    enqueue("d");
    const Job job = claim_for("d").at(0);
    fixture_.engine().crash_before_batch(batch);
    EXPECT_FALSE(outbox().finish(job).ok());
    fixture_.reopen();
    EXPECT_TRUE(fixture_.verify_clean()) << batch;
    fixture_.clock().advance(20min);
    const bool named = batch <= 3;  // hint, fence, account, job
    const auto again = claim_for("d");
    EXPECT_EQ(again.size(), named ? 1u : 0u) << batch;
    if (named) {
      EXPECT_TRUE(outbox().finish(again.at(0)).ok());
    }
    ASSERT_TRUE(fixture_.sweep().ok());
    fixture_.clock().advance(20min);
    ASSERT_TRUE(fixture_.sweep().ok());
    EXPECT_TRUE(fixture_.verify_spotless()) << batch;
  }
}

TEST_F(OutboxTest, LetsOnlyOneOfTwoStoresHoldALease) {
  for (int i = 0; i < 40; ++i) enqueue("d" + std::to_string(i % 5));
  const auto other = fixture_.open_another();
  std::vector<Job> mine, theirs;
  std::thread rival([&] { theirs = claim_from(other->outbox(), {Network::mail, {}, 40, "other", 5min, 1000}); });
  mine = claim(Network::mail, 40);
  rival.join();
  // A refused lease fails those behind it in the same slice: they are offered again.
  for (int round = 0; round < 40 && mine.size() + theirs.size() < 40; ++round) {
    for (Job& job : claim(Network::mail, 40)) mine.push_back(std::move(job));
  }
  std::set<std::uint64_t> leased;
  for (const auto* jobs : {&mine, &theirs}) {
    for (const Job& job : *jobs) EXPECT_TRUE(leased.insert(job.id).second) << "two leases for one job";
  }
  EXPECT_EQ(leased.size(), 40u);
  for (const Job& job : theirs) EXPECT_EQ(outbox().show(job.id)->record.lease_owner, "other");
}

TEST_F(OutboxTest, HoldsReleasesRetriesAndRemovesByHand) {
  const auto id = enqueue("d");
  ASSERT_TRUE(outbox().hold(id).ok());
  EXPECT_TRUE(claim_for("d").empty());
  EXPECT_TRUE(fixture_.verify_clean());
  ASSERT_TRUE(outbox().release(id).ok());
  const Job job = claim_for("d").at(0);
  EXPECT_EQ(outbox().remove(id).error().kind, Errc::busy);
  EXPECT_EQ(outbox().retry(id).error().kind, Errc::busy);
  ASSERT_TRUE(outbox().retry_at(job, now() + 24h, "later").ok());
  EXPECT_TRUE(claim_for("d").empty());
  ASSERT_TRUE(outbox().retry(id).ok());
  EXPECT_EQ(ids(claim_for("d")), Ids{id});
  fixture_.clock().advance(6min);
  ASSERT_TRUE(outbox().remove(id).ok());
  EXPECT_EQ(outbox().show(id).error().kind, Errc::not_found);
  EXPECT_EQ(outbox().hold(id).error().kind, Errc::not_found);
}

TEST_F(OutboxTest, EndsAnAttemptUnderWayBeforeAHoldIsFelt) {
  const auto id = enqueue("d");
  const Job job = claim_for("d").at(0);
  ASSERT_TRUE(outbox().hold(id).ok());
  ASSERT_TRUE(outbox().retry_at(job, now(), "busy").ok());
  EXPECT_TRUE(claim_for("d").empty());
  ASSERT_TRUE(outbox().release(id).ok());
  ASSERT_EQ(claim_for("d").size(), 1u);
  ASSERT_TRUE(outbox().hold(id).ok());
  fixture_.clock().advance(10min);  // and the sender never reports
  EXPECT_TRUE(claim_for("d").empty());
  EXPECT_EQ(outbox().show(id)->record.state, schema::JobRecord::State::waiting);
}

TEST_F(OutboxTest, ListsByNetworkDestinationAndAccountInPages) {
  std::vector<std::uint64_t> made;
  for (int i = 0; i < 10; ++i) made.push_back(enqueue({i % 2 ? Network::sms : Network::mail, "d" + std::to_string(i % 3), {}, {}, {}, ""}));
  std::vector<std::uint64_t> seen;
  std::uint64_t last = 0;
  for (int page = 0; page < 10; ++page) {
    std::size_t listed = 0;
    ASSERT_TRUE(outbox().list({}, last, 3, [&](const Job& job) {
      seen.push_back(last = job.id);
      return ++listed > 0;
    }).ok());
    if (listed == 0) break;
  }
  EXPECT_EQ(seen, made) << "in the order in which they were made";
  std::size_t some = 0;
  ASSERT_TRUE(outbox().list({Network::sms, "d0", ann_}, 0, 100, [&](const Job&) { return ++some > 0; }).ok());
  EXPECT_EQ(some, 2u);  // of 0 to 9 the odd ones that 3 divides: 3 and 9
}

TEST_F(OutboxTest, IsHeldBeforeItsOutcomeIsKeptOrAfterItAndNeverLosesTheHold) {
  const auto id = enqueue("d");
  const auto claimed = claim_for("d");
  ASSERT_EQ(claimed.size(), 1u);
  const auto kept = outbox().change_all({{claimed[0], Outbox::Change::How::kept, now() + 1h, "451 later", "payload"}});
  ASSERT_TRUE(kept[0].ok());
  EXPECT_EQ(outbox().hold(id).error().kind, Errc::busy);
  Job after = *kept[0];
  after.record.state = schema::JobRecord::State::waiting;
  after.record.lease_owner.clear();
  {
    auto write = store::AccountWrite::begin(rooms_of(fixture_.store()), ann_, store::AccountWrite::Mode::with_reads);
    outbox().conclude(*write, *kept[0], after);
    ASSERT_TRUE(write->commit().ok());
  }
  ASSERT_TRUE(outbox().hold(id).ok());
  fixture_.clock().advance(2h);
  EXPECT_TRUE(claim_for("d").empty());
}

TEST_F(OutboxTest, GoesOnWithAListWhoseLastJobIsGone) {
  for (int i = 0; i < 4; ++i) enqueue("d" + std::to_string(i));
  std::vector<Job> listed;
  const auto list = [&](std::uint64_t after, std::size_t limit) {
    return outbox().list({}, after, limit, [&](const Job& job) {
      listed.push_back(job);
      return true;
    });
  };
  ASSERT_TRUE(list(0, 2).ok());
  ASSERT_TRUE(outbox().remove(listed[1].id).ok());
  ASSERT_TRUE(list(listed[1].id, 100).ok());
  EXPECT_EQ(std::set<std::uint64_t>({listed[0].id, listed[1].id, listed[2].id, listed[3].id}).size(), 4u);
  EXPECT_EQ(listed.size(), 4u);
}

TEST_F(OutboxTest, ReadsNoMoreForAClaimAfterManyJobsWereDone) {
  const auto cost = [&] {
    const auto before = fixture_.engine().operations();
    EXPECT_EQ(claim_for("d", 1).size(), 1u);
    const auto after = fixture_.engine().operations();
    return after.records - before.records;
  };
  enqueue("d");
  const auto first = cost();
  for (int i = 0; i < 300; ++i) enqueue("d");
  while (true) {
    const auto jobs = claim_for("d", 100);
    for (const Job& job : jobs) ASSERT_TRUE(outbox().finish(job).ok());
    if (jobs.empty()) break;
  }
  enqueue("d");
  EXPECT_LE(cost(), first + 1);
}

TEST_F(OutboxTest, LetsDestinationsTakeTurnsAndBoundsWhatIsSentToOne) {
  for (int i = 0; i < 600; ++i) enqueue("busy.example");
  for (int i = 0; i < 5; ++i) enqueue("quiet" + std::to_string(i) + ".example");
  const auto taken = claim_from(outbox(), {Network::mail, {}, 10, "test", 5min, 20});
  std::map<std::string, int> of;
  for (const Job& job : taken) ++of[job.record.destination];
  EXPECT_EQ(taken.size(), 10u);
  EXPECT_EQ(of.size(), 6u);
  std::vector<Job> busy;
  for (int round = 0; round < 10; ++round) {
    for (Job& job : claim_from(outbox(), {Network::mail, {}, 16, "test", 5min, 20})) busy.push_back(std::move(job));
  }
  EXPECT_EQ(busy.size() + static_cast<std::size_t>(of["busy.example"]), 20u);
  // As soon as one ends another may go.
  int woken = 0;
  const auto listener = outbox().subscribe([&woken](Network) { ++woken; });
  ASSERT_TRUE(outbox().finish(busy.front()).ok());
  outbox().unsubscribe(listener);
  EXPECT_GT(woken, 0);
  EXPECT_EQ(claim_from(outbox(), {Network::mail, {}, 16, "test", 5min, 20}).size(), 1u);
}

TEST_F(OutboxTest, FindsAJobBehindManyThatCannotGo) {
  for (int i = 0; i < 700; ++i) ASSERT_TRUE(outbox().hold(enqueue({Network::sms, "d", {}, {}, {}, ""})).ok());
  for (int i = 0; i < 700; ++i) enqueue({Network::fax, "d", {}, {}, {}, ""});
  const auto id = enqueue("d");
  EXPECT_EQ(ids(claim(Network::mail)), Ids{id});
}

TEST_F(OutboxTest, TakesAwayEntriesThatLeadToNoJob) {
  const auto id = enqueue("d");
  const auto partition = schema::keys::queue_slice("d");
  fixture_.engine().damage(partition, store::Space::point, schema::keys::job(id), std::nullopt);
  EXPECT_TRUE(claim_for("d").empty());
  ASSERT_TRUE(rooms_of(fixture_.store()).committer.commit({}).ok());
  std::size_t left = 0;
  EXPECT_TRUE(fixture_.engine().reader(partition)->scan(store::Space::queue, "D", "O", [&](std::string_view, std::string_view) { return ++left > 0; }).ok());
  EXPECT_EQ(left, 0u);
  fixture_.engine().damage(schema::Partition::account(ann_), store::Space::point, schema::keys::job_name(id), std::nullopt);
  fixture_.clock().advance(20min);
  ASSERT_TRUE(fixture_.sweep().ok());
}

TEST_F(OutboxTest, WakesSendersWhenAJobIsDurableAndTellsWhenTheNextIsDue) {
  std::vector<Network> woken;
  const auto listener = outbox().subscribe([&woken](Network network) { woken.push_back(network); });
  enqueue({Network::sms, "smsc", {}, now() + 10min, {}, ""});
  EXPECT_TRUE(woken.empty());
  EXPECT_EQ(*outbox().next_due(Network::sms), now() + 10min);
  EXPECT_EQ(*outbox().next_due(Network::mail), std::nullopt);
  enqueue("d");
  outbox().unsubscribe(listener);
  EXPECT_EQ(woken, std::vector<Network>{Network::mail});
  EXPECT_EQ(*outbox().next_due(Network::mail), now());
}

TEST_F(OutboxTest, TakesItsJobsWithAnAccountThatIsRemoved) {
  enqueue("d");
  enqueue({Network::call, "e", {}, now() + 48h, {}, ""});
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

}  // namespace
}  // namespace telepost
