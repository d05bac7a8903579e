// The log of visits against what was noted: order, cursors, questions, what a crash and a slow disk leave, and what never stands in it.
#include "store/visit_log.h"

#include <gtest/gtest.h>

#include <future>

#include "adapters/net/visit.h"
#include "base/metrics.h"
#include "schema/keys.h"
#include "store/rooms.h"
#include "store/visit_questions.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using schema::VisitRecord;
using Event = VisitRecord::Event;
using Records = std::vector<VisitRecord>;

class VisitLogTest : public testing::Test {
 protected:
  void SetUp() override { log().start(); }
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  store::VisitLog& log() { return fixture_.store().visits(); }
  Time now() { return fixture_.clock().now(); }
  void later(Duration by) { fixture_.clock().advance(by); }

  std::uint64_t comes(const std::string& peer, const std::string& listener = "jmap") { return log().begin(listener, peer); }
  void is_in(std::uint64_t visit, schema::AccountId account, const std::string& name, const std::string& method = "basic") {
    log().log_in(visit, {.peer = "192.0.2.1", .method = method, .account = account, .name = name});
  }
  void fails(std::uint64_t visit, const std::string& peer, std::optional<schema::AccountId> account = {}, const std::string& name = "hunter2") {
    log().log_in(visit, {.peer = peer, .method = "basic", .account = account, .name = name, .refused = "wrong"});
  }
  Records read(const store::VisitLog::Stretch& stretch = {}) {
    Records all;
    const auto cursor = log().list(stretch, [&](std::uint64_t, const VisitRecord& record) { return all.push_back(record), true; });
    EXPECT_TRUE(cursor.ok()) << to_string(cursor.error());
    return all;
  }
  std::string names_of(const Records& records) {
    std::string names;
    for (const VisitRecord& record : records) names.append(names.empty() ? "" : " ").append(name_of(record.event));
    return names;
  }
  std::string online(Time at) {
    const auto there = store::online_at(log(), at);
    EXPECT_TRUE(there.ok());
    std::string names;
    for (const VisitRecord& record : there.ok() ? *there : Records()) names.append(names.empty() ? "" : " ").append(record.name);
    return names;
  }

  test::StoreFixture fixture_;
};

TEST_F(VisitLogTest, TellsAConnectionAndWhoLoggedInOnIt) {
  const auto ann = fixture_.create("ann@example.test");
  const Time begun = now();
  const std::uint64_t visit = comes("192.0.2.1", "submission");
  fails(visit, "192.0.2.1", ann, "Ann@Example.test");
  is_in(visit, ann, "ANN@example.TEST", "SCRAM-SHA-256");
  later(std::chrono::minutes(3));
  log().end(visit, 120, 45'000);
  const Records all = read();
  ASSERT_EQ(names_of(all), "started login login connection");
  EXPECT_EQ(all[1].result, VisitRecord::Result::refused);
  EXPECT_EQ(all[1].reason, "wrong");
  EXPECT_EQ(all[1].name, "mailto:ann@example.test");
  EXPECT_EQ(all[1].account, ann);
  EXPECT_EQ(all[2].result, VisitRecord::Result::accepted);
  EXPECT_EQ(all[2].method, "SCRAM-SHA-256");
  EXPECT_EQ(all[2].listener, "submission");
  EXPECT_EQ(all[2].visit, all[3].visit);
  EXPECT_EQ(all[3].begun, begun);
  EXPECT_EQ(all[3].time, begun + std::chrono::minutes(3));
  EXPECT_EQ(all[3].account, ann);
  EXPECT_EQ(all[3].bytes_in, 120u);
  EXPECT_EQ(all[3].bytes_out, 45'000u);
}

TEST_F(VisitLogTest, KeepsNothingOfANameThatIsNobodys) {
  const std::uint64_t visit = comes("192.0.2.1");
  fails(visit, "192.0.2.1", {}, "correct horse battery staple");
  log().note({.event = Event::login, .result = VisitRecord::Result::refused, .name = "correct horse battery staple"});
  log().end(visit, 1, 1);
  for (const VisitRecord& record : read()) EXPECT_EQ(record.name, "");
  for (const auto& [place, value] : fixture_.engine().dump()) {
    EXPECT_EQ(value.find("horse"), std::string::npos);
    EXPECT_EQ(place.second.find("horse"), std::string::npos);
  }
}

TEST_F(VisitLogTest, TheSameLogInOfOneConnectionIsOne) {
  const auto ann = fixture_.create("ann@example.test");
  const auto ben = fixture_.create("ben@example.test");
  const adapters::net::Peer peer{.address = "192.0.2.1", .uid = {}};
  {
    adapters::net::Visit visit(log(), "jmap", peer);
    const auto is_asked_by = [&](schema::AccountId account, const std::string& name) {
      visit.log_in(peer, {.method = "basic", .account = account, .name = name});
    };
    for (int request = 0; request < 5; ++request) is_asked_by(ann, "ann@example.test");
    is_asked_by(ben, "ben@example.test");
    is_asked_by(ann, "ann@example.test");
    for (int request = 0; request < 2; ++request) visit.log_in(peer, {.method = "basic", .account = ann, .name = "ann@example.test", .refused = "wrong"});
  }
  const Records all = read();
  ASSERT_EQ(names_of(all), "started login login login login connection");
  EXPECT_EQ(all.back().name, "mailto:ben@example.test");  // whose log-in was new last
}

// A front that shares its connections mixes any number of clients on one.
TEST_F(VisitLogTest, AConnectionRemembersSoManyLogInsAndNoMore) {
  const auto ann = fixture_.create("ann@example.test");
  const adapters::net::Peer peer{.address = "192.0.2.1", .uid = {}};
  adapters::net::Visit visit(log(), "jmap", peer);
  const auto is_asked_by = [&](int i) { visit.log_in(peer, {.method = "basic", .account = ann, .name = std::to_string(i) + "@example.test"}); };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 64; ++i) is_asked_by(i);
  }
  EXPECT_EQ(read().size(), 1u + 64);
  is_asked_by(64);
  is_asked_by(63);
  EXPECT_EQ(read().size(), 1u + 65);
  is_asked_by(0);  // the oldest was forgotten for it
  EXPECT_EQ(read().size(), 1u + 66);
}

// A reader may be slow: while one is visited, no scan is open, and others write.
TEST_F(VisitLogTest, IsReadAheadAPageAtATime) {
  for (int i = 0; i < 599; ++i) log().note({.event = Event::connection, .peer = std::to_string(i)});
  log().flush();
  const auto scans = [&] { return fixture_.engine().operations().scans; };
  const std::uint64_t before = scans();
  EXPECT_EQ(read().size(), 600u);
  EXPECT_EQ(scans() - before, schema::keys::kAuditSlices + 3u);
  int seen = 0;
  const auto cursor = log().list({}, [&](std::uint64_t, const VisitRecord& record) {
    EXPECT_EQ(record.peer, seen == 0 ? "" : std::to_string(seen - 1));
    if (seen++ != 300) return true;
    log().note({.event = Event::connection, .peer = "late"});
    log().flush();
    EXPECT_TRUE(fixture_.sweep().ok());
    return true;
  });
  ASSERT_TRUE(cursor.ok());
  EXPECT_EQ(seen, 600);
  EXPECT_EQ(read({.cursor = *cursor}).at(0).peer, "late");
}

TEST_F(VisitLogTest, WhoIsThereNowIsToldWithoutTheOldRecords) {
  const auto ann = fixture_.create("ann@example.test");
  for (int i = 0; i < 1000; ++i) log().note({.event = Event::connection, .peer = std::to_string(i)});
  is_in(comes("192.0.2.1"), ann, "ann@example.test");
  log().flush();
  later(std::chrono::minutes(1));
  const auto before = fixture_.engine().operations().records;
  EXPECT_EQ(online(now()), "mailto:ann@example.test");
  EXPECT_EQ(fixture_.engine().operations().records, before);
}

TEST_F(VisitLogTest, GoesOnFromItsCursorAlsoOverARestart) {
  for (int i = 0; i < 3; ++i) log().end(comes("192.0.2.1"), 1, 1);
  std::string cursor;
  const auto take_two = [&](std::size_t most) {
    std::size_t seen = 0;
    const auto next = log().list({.cursor = cursor}, [&](std::uint64_t, const VisitRecord&) { return seen < most ? ++seen, true : false; });
    EXPECT_TRUE(next.ok());
    cursor = *next;
    return seen;
  };
  EXPECT_EQ(take_two(2), 2u);
  EXPECT_EQ(take_two(100), 2u);
  EXPECT_EQ(take_two(100), 0u);
  fixture_.reopen();
  log().start();
  log().end(comes("192.0.2.2"), 1, 1);
  EXPECT_EQ(names_of(read({.cursor = cursor})), "stopped started connection");
  const auto wrong = log().list({.cursor = "12x"}, [](std::uint64_t, const VisitRecord&) { return true; });
  EXPECT_EQ(wrong.error().kind, Errc::invalid);
  const auto beyond = log().list({.cursor = "18446744073709551615"}, [](std::uint64_t, const VisitRecord&) { return true; });
  EXPECT_EQ(beyond.error().kind, Errc::invalid);
}

TEST_F(VisitLogTest, IsReadByTimeOverManyHours) {
  const Time begun = now();
  for (int i = 0; i < 30; ++i, later(std::chrono::minutes(50))) {
    log().end(comes("192.0.2." + std::to_string(i)), 1, 1);
    log().flush();
  }
  const auto at = [&](int i) { return begun + i * std::chrono::minutes(50); };
  const Records some = read({.since = at(7), .until = at(21)});
  ASSERT_EQ(some.size(), 14u);
  for (std::size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].peer, "192.0.2." + std::to_string(i + 7));
  EXPECT_EQ(read().size(), 31u);
}

TEST_F(VisitLogTest, SaysWhoWasThere) {
  const auto ann = fixture_.create("ann@example.test");
  const auto ben = fixture_.create("ben@example.test");
  const Time begun = now();
  const std::uint64_t of_ann = comes("192.0.2.1");
  is_in(of_ann, ann, "ann@example.test");
  comes("192.0.2.9");  // who does not log in is nobody
  later(std::chrono::minutes(10));
  const std::uint64_t of_ben = comes("192.0.2.2");
  is_in(of_ben, ben, "ben@example.test");
  later(std::chrono::minutes(10));
  log().end(of_ann, 1, 1);
  later(std::chrono::minutes(10));
  EXPECT_EQ(online(begun - std::chrono::minutes(1)), "");
  EXPECT_EQ(online(begun + std::chrono::minutes(5)), "mailto:ann@example.test");
  EXPECT_EQ(online(begun + std::chrono::minutes(15)), "mailto:ann@example.test mailto:ben@example.test");
  EXPECT_EQ(online(now()), "mailto:ben@example.test");
  log().end(of_ben, 1, 1);
  later(std::chrono::minutes(1));
  EXPECT_EQ(online(now()), "");
}

TEST_F(VisitLogTest, AfterACrashItSaysWhoWasThereBeforeIt) {
  const auto ann = fixture_.create("ann@example.test");
  const auto ben = fixture_.create("ben@example.test");
  is_in(comes("192.0.2.1"), ann, "ann@example.test");
  const std::uint64_t gone = comes("192.0.2.2");
  is_in(gone, ben, "ben@example.test");
  later(std::chrono::minutes(1));
  log().end(gone, 1, 1);
  later(std::chrono::minutes(1));
  const Time before = now();
  log().flush();
  fixture_.engine().crash();
  fixture_.reopen();
  later(std::chrono::minutes(1));
  log().start();
  later(std::chrono::minutes(1));
  EXPECT_EQ(online(before), "mailto:ann@example.test");
  EXPECT_EQ(online(now()), "");
  EXPECT_EQ(names_of(read()), "started login login connection started");
}

TEST_F(VisitLogTest, CountsWhoFailsAgainAndAgain) {
  const auto ann = fixture_.create("ann@example.test");
  const Time begun = now();
  const std::uint64_t visit = comes("192.0.2.1");
  for (int i = 0; i < 3; ++i) fails(visit, "192.0.2.1", ann, "ann@example.test");
  for (int i = 0; i < 7; ++i, later(std::chrono::seconds(1))) fails(visit, "2001:db8::1");
  fails(visit, "192.0.2.7");
  is_in(visit, ann, "ann@example.test");
  const auto failures = store::repeated_failures(log(), begun, now() + std::chrono::hours(1), 3);
  ASSERT_TRUE(failures.ok());
  ASSERT_EQ(failures->size(), 2u);
  EXPECT_EQ((*failures)[0].peer, "2001:db8::1");
  EXPECT_EQ((*failures)[0].count, 7u);
  EXPECT_EQ((*failures)[0].first, begun);
  EXPECT_EQ((*failures)[0].last, begun + std::chrono::seconds(6));
  EXPECT_EQ((*failures)[1].name, "mailto:ann@example.test");
  EXPECT_EQ((*failures)[1].count, 3u);
  EXPECT_EQ(store::repeated_failures(log(), begun + std::chrono::seconds(5), now() + std::chrono::hours(1), 3).value().size(), 0u);
}

std::size_t dropped_so_far(const std::string& reason = "too many") {
  const std::string all = metrics::exposition();
  const std::string cell = "telepost_visit_records_dropped_total{reason=\"" + reason + "\"} ";
  const std::size_t at = all.find(cell);
  return at == std::string::npos ? 0 : std::stoul(all.substr(at + cell.size()));
}

// While a write stands nothing more is taken, so that there are at most as many on their way as may wait; the rest is counted.
TEST_F(VisitLogTest, IsBoundedInMemoryWhileTheDiskStands) {
  constexpr std::size_t kNoted = 3 * store::kMostWaitingVisits;
  log().flush();
  const std::size_t before = dropped_so_far();
  std::promise<void> goes_on;
  fixture_.engine().set_delay([go = goes_on.get_future().share()] { go.wait(); }, {});
  for (std::size_t i = 0; i < kNoted; ++i) log().note({.event = Event::connection, .peer = std::to_string(i)});
  const std::size_t dropped = dropped_so_far() - before;
  goes_on.set_value();
  const Records all = read();
  fixture_.engine().set_delay({}, {});
  EXPECT_GE(dropped, store::kMostWaitingVisits);
  EXPECT_EQ(all.size() + dropped, kNoted + 1);  // started
  ASSERT_GE(all.size(), store::kMostWaitingVisits);
  EXPECT_EQ(all[1].peer, "0");  // the newest go, not what waits
}

// Each connection, also one that is refused at the door, would be written into the room that is left for deleting.
TEST_F(VisitLogTest, WritesNothingIntoTheReserveOfTheDisk) {
  log().flush();
  store::Health& health = rooms_of(fixture_.store()).health;
  const std::size_t dropped = dropped_so_far("disk_full");
  fixture_.engine().set_disk({1u << 30, 0});
  health.refresh();
  for (int i = 0; i < 3; ++i) log().end(comes("192.0.2.1"), 1, 1);
  log().flush();
  EXPECT_EQ(names_of(read()), "started");
  EXPECT_EQ(dropped_so_far("disk_full") - dropped, 3u);
  fixture_.engine().set_disk({1u << 30, 1u << 30});
  health.refresh();
  log().end(comes("192.0.2.2"), 1, 1);
  EXPECT_EQ(names_of(read()), "started connection");
}

// Whichever operation fails, also those that look for the last number: what is not written is counted, and no number is given twice.
TEST_F(VisitLogTest, WhatCannotBeWrittenIsCounted) {
  for (const bool begins_anew : {false, true}) {
    for (std::uint64_t nth = 1; nth <= 14; ++nth) {
      const auto cursor = log().list({}, [](std::uint64_t, const VisitRecord&) { return true; });
      ASSERT_TRUE(cursor.ok());
      const std::size_t before = read().size(), dropped = dropped_so_far("not written");
      if (begins_anew) fixture_.reopen();
      fixture_.engine().fail_operation(nth, Errc::io);
      if (begins_anew) log().start();
      for (int i = 0; i < 2; ++i) {
        log().note({.event = Event::connection, .peer = std::to_string(i)});
        log().flush();
      }
      fixture_.engine().fail_operation(0, Errc::io);
      const Records more = read({.cursor = *cursor});
      const std::size_t noted = begins_anew ? 4 : 2;  // stopped and started
      EXPECT_EQ(more.size() + dropped_so_far("not written") - dropped, noted) << nth;
      EXPECT_EQ(read().size(), before + more.size()) << nth;
      EXPECT_TRUE(fixture_.verify_clean()) << nth;
    }
  }
}

TEST_F(VisitLogTest, WhatWasKeptForLongEnoughGoes) {
  log().end(comes("192.0.2.1"), 1, 1);
  log().flush();
  EXPECT_TRUE(fixture_.verify_clean());
  later(std::chrono::days(29));
  log().end(comes("192.0.2.2"), 1, 1);
  log().flush();
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(read().size(), 3u);
  later(std::chrono::days(3));
  ASSERT_TRUE(fixture_.sweep().ok());
  const Records left = read();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].peer, "192.0.2.2");
  EXPECT_TRUE(fixture_.verify_clean());
  log().stop();
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(VisitLogTest, VerifyNamesARecordThatLiesWhereNobodyLooks) {
  log().flush();
  VisitRecord record{.event = Event::stopped};
  const std::uint64_t number = schema::keys::first_visit_of(now());
  const auto other = schema::keys::visit_slice(schema::keys::first_visit_of(now() + std::chrono::hours(1)));
  fixture_.engine().damage(other, store::Space::queue, schema::keys::visit(number), encode(record));
  EXPECT_FALSE(fixture_.verify_clean());
  fixture_.engine().damage(other, store::Space::queue, schema::keys::visit(number), {});
}

std::string events_logged(const schema::VisitSettings& settings) {
  schema::Configuration configuration = test::StoreFixture::configuration();
  configuration.visits = settings;
  test::StoreFixture fixture(configuration);
  store::VisitLog& log = fixture.store().visits();
  log.start();
  const std::uint64_t visit = log.begin("jmap", "192.0.2.1");
  log.log_in(visit, {.method = "basic", .refused = "wrong"});
  log.log_in(visit, {.method = "basic", .account = fixture.create("ann@example.test"), .name = "ann@example.test"});
  log.end(visit, 1, 1);
  std::string events;
  EXPECT_TRUE(log.list({}, [&](std::uint64_t, const VisitRecord& record) {
    events.append(events.empty() ? "" : " ").append(name_of(record.event)).append("-").append(name_of(record.result));
    return true;
  }).ok());
  EXPECT_EQ(store::online_at(log, fixture.clock().now()).ok(), settings.connections);
  return events;
}

TEST(VisitLog, TellsWhatIsWanted) {
  const Duration keep = std::chrono::days(3);
  EXPECT_EQ(events_logged({keep, true, true, true}), "started-accepted login-refused login-accepted connection-accepted");
  EXPECT_EQ(events_logged({keep, true, false, false}), "started-accepted login-refused");
  EXPECT_EQ(events_logged({keep, false, true, false}), "started-accepted login-accepted");
  EXPECT_EQ(events_logged({keep, false, false, true}), "started-accepted connection-accepted");
  EXPECT_EQ(events_logged({Duration(0), true, true, true}), "");
}

TEST(VisitLog, OutsideOfAServerNobodyVisits) {
  test::StoreFixture fixture;
  store::VisitLog& log = fixture.store().visits();
  const std::uint64_t visit = log.begin("jmap", "192.0.2.1");
  EXPECT_EQ(visit, 0u);
  log.log_in(visit, {.peer = "192.0.2.1"});
  log.end(visit, 1, 1);
  log.note({.event = Event::connection});
  EXPECT_EQ(log.list({}, [](std::uint64_t, const VisitRecord&) { return ADD_FAILURE(), false; }).value(), "0");
}

}  // namespace
}  // namespace telepost
