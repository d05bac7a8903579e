// Due work: expiry by the class's retention, the change log's end, the calendar and its cursor; and the export of CDRs.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/bytes.h"
#include "schema/keys.h"
#include "schema/quantity.h"
#include "store/cdr_export.h"
#include "store/rooms.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::Modseq;
using schema::PartitionKind;
using test::mail;
using test::sources_of;
using test::StoreFixture;

class SweepTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  void pass(Duration time) {
    fixture_.clock().advance(time);
    const auto swept = fixture_.sweep();
    ASSERT_TRUE(swept.ok());
    EXPECT_EQ(swept->total().failed, 0u);
  }
  void keep_for(std::optional<Duration> retention) {
    const std::string keep = retention ? schema::to_iso8601(*retention) : "forever";
    fixture_.store().set_classes(test::classes_of("<class name='standard'><retention keep='" + keep + "'><when kind='email'/></retention></class>"));
  }
  std::size_t messages(AccountId account) { return sources_of(fixture_.store(), account).size(); }
  StoreFixture fixture_;
};

TEST_F(SweepTest, AMessageExpiresWhenItsClassSays) {
  keep_for(std::chrono::days(10));
  const AccountId ann = fixture_.create("ann@example.test");
  const auto first = fixture_.deliver_to(ann, test::mail_with("large", {test::random_lines(1, 50'000)}));
  pass(std::chrono::days(5));
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("second")).ok());
  pass(std::chrono::days(5) - 1s);
  EXPECT_EQ(messages(ann), 2u);
  pass(2s);
  EXPECT_EQ(sources_of(fixture_.store(), ann), std::vector<std::string>{mail("second")});
  const auto changes = fixture_.store().reader().changes(ann, Modseq{0}, 100);
  EXPECT_TRUE(std::any_of(changes->begin(), changes->end(), [&](const store::Change& change) {
    return change.record.id == first->id.local.value && change.record.reason == schema::Removal::expired;
  }));
  for (int hour = 0; hour < 3; ++hour) pass(1h);
  EXPECT_EQ(test::records_in(fixture_.engine(), PartitionKind::piece, store::Space::large), 0u);
  pass(std::chrono::days(5));
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(SweepTest, ThePolicyOfTheMomentDecidesWhatExpires) {
  keep_for(std::chrono::days(10));
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("kept longer")).ok());
  keep_for(std::chrono::days(20));
  pass(std::chrono::days(15));
  EXPECT_EQ(messages(ann), 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  pass(std::chrono::days(6));
  EXPECT_EQ(messages(ann), 0u);
  keep_for(std::chrono::days(10));
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("kept for ever")).ok());
  keep_for(std::nullopt);
  pass(std::chrono::days(100));
  EXPECT_EQ(messages(ann), 1u);
}

// A reader that comes back learns of whatever may still come back itself.
TEST_F(SweepTest, TombstonesStayForAsLongAsUndelete) {
  fixture_.store().set_classes(test::classes_of("<class name='standard'><undelete keep='P120D'/></class>"));
  const AccountId ann = fixture_.create("ann@example.test");
  const auto id = fixture_.deliver_to(ann, mail("x"))->id;
  const Modseq before = fixture_.store().accounts().show(ann)->head.modseq;
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  pass(std::chrono::days(119));
  EXPECT_TRUE(fixture_.store().reader().changes(ann, before, 10).ok());
  pass(std::chrono::days(2));
  EXPECT_EQ(fixture_.store().reader().changes(ann, before, 10).error().kind, Errc::unsupported);
}

TEST_F(SweepTest, TombstonesGoAfterTheirTimeAndTheFloorRises) {
  const AccountId ann = fixture_.create("ann@example.test");
  const auto modseq = [&] { return fixture_.store().accounts().show(ann)->head.modseq; };
  const auto first = fixture_.deliver_to(ann, mail("first"));
  const auto second = fixture_.deliver_to(ann, mail("second"));
  const Modseq before_first = modseq();
  ASSERT_TRUE(fixture_.store().changer().expunge(first->id).ok());
  const Modseq after_first = modseq();
  pass(std::chrono::days(30));
  ASSERT_TRUE(fixture_.store().changer().expunge(second->id).ok());
  pass(std::chrono::days(59));
  EXPECT_TRUE(fixture_.store().reader().changes(ann, before_first, 10).ok());
  pass(std::chrono::days(2));
  EXPECT_EQ(fixture_.store().reader().changes(ann, before_first, 10).error().kind, Errc::unsupported);
  const auto since = fixture_.store().reader().changes(ann, after_first, 10);
  ASSERT_TRUE(since.ok());
  ASSERT_EQ(since->size(), 1u);
  EXPECT_EQ((*since)[0].record.id, second->id.local.value);
  EXPECT_EQ(fixture_.store().accounts().show(ann)->head.floor, after_first);
  pass(std::chrono::days(30));
  EXPECT_EQ(fixture_.store().reader().changes(ann, after_first, 10).error().kind, Errc::unsupported);
  EXPECT_TRUE(fixture_.store().reader().changes(ann, modseq(), 10)->empty());
}

TEST_F(SweepTest, TheCursorNeverPassesAHint) {
  std::mt19937_64 random(5);
  std::string classes;
  for (int name = 0; name < 8; ++name) {
    const Duration keep(1000 + random() % 100'000'000);
    classes += "<class name='keep" + std::to_string(name) + "'><retention keep='" + schema::to_iso8601(keep) + "'/></class>";
  }
  fixture_.store().set_classes(test::classes_of(classes));
  std::vector<AccountId> accounts;
  for (int i = 0; i < 40; ++i) {
    accounts.push_back(fixture_.create("user" + std::to_string(i) + "@example.test"));
    ASSERT_TRUE(fixture_.store().accounts().set_class(accounts.back(), "keep" + std::to_string(i % 8)).ok());
  }
  for (int step = 0; step < 60; ++step) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(fixture_.deliver_to(accounts[random() % 40], mail("x")).ok());
    pass(Duration(random() % 20'000'000));
    // Every hint that stands lies at its slice's cursor or behind it.
    std::map<std::string, std::string> cursors;
    const auto records = fixture_.engine().dump();
    for (const auto& [place, value] : records) {
      if (place.second[0] == static_cast<char>(PartitionKind::calendar) && place.first == store::Space::point && place.second[3] == 'C') {
        cursors[place.second.substr(0, 3)] = value;
      }
    }
    for (const auto& [place, value] : records) {
      if (place.second[0] != static_cast<char>(PartitionKind::calendar) || place.first != store::Space::queue) continue;
      const auto cursor = cursors.find(place.second.substr(0, 3));
      if (cursor != cursors.end()) {
        EXPECT_GE(place.second.substr(3), cursor->second);
      }
    }
    ASSERT_TRUE(fixture_.verify_clean());
  }
  pass(std::chrono::days(3));
  for (const AccountId account : accounts) EXPECT_EQ(messages(account), 0u);
}

// Two accounts whose hints lie in one slice.
std::pair<AccountId, AccountId> neighbours(StoreFixture& fixture) {
  const auto slice_of = [](AccountId account) { return schema::keys::calendar_slice(schema::Partition::account(account)); };
  const AccountId first = fixture.create("first@example.test");
  for (int i = 0;; ++i) {
    const AccountId next = fixture.create("next" + std::to_string(i) + "@example.test");
    if (slice_of(next) == slice_of(first)) return {first, next};
  }
}

// At each read of a sweep in turn another account gets something due, and time passes before the sweep moves its cursor.
TEST_F(SweepTest, AHintThatIsWrittenWhileItsSliceIsReadIsNotPassed) {
  const auto [first, other] = neighbours(fixture_);
  pass(1h);
  bool met = true;
  for (std::uint64_t read = 1; met && !HasFailure(); read += 2) {
    SCOPED_TRACE("read " + std::to_string(read));
    const auto mine = fixture_.deliver_to(first, test::mail_with("mine", {test::random_lines(read, 40'000)}));
    const auto others = fixture_.deliver_to(other, test::mail_with("other's", {test::random_lines(1000 + read, 40'000)}));
    pass(20min);
    ASSERT_TRUE(fixture_.store().changer().expunge(mine->id).ok());
    fixture_.clock().advance(1s);
    std::atomic<std::uint64_t> reads{0};
    fixture_.engine().set_delay({}, [&, id = others->id] {
      if (++reads != read) return;
      EXPECT_TRUE(fixture_.store().changer().expunge(id).ok());
      fixture_.clock().advance(1min);
    });
    ASSERT_TRUE(fixture_.sweep().ok());
    fixture_.engine().set_delay({}, {});
    met = reads >= read;
    if (!met) {
      ASSERT_TRUE(fixture_.store().changer().expunge(others->id).ok());
    }
    for (int half_hour = 0; half_hour < 5; ++half_hour) pass(30min);
    EXPECT_EQ(test::records_in(fixture_.engine(), PartitionKind::piece, store::Space::large), 0u);
    EXPECT_TRUE(fixture_.verify_clean());
  }
}

// More hints than are read at once, and a crash between: the cursor stays before what was not followed.
TEST_F(SweepTest, ACrashBetweenTheHintsOfASlicePassesNone) {
  keep_for(1h);
  const AccountId ann = fixture_.create("ann@example.test");
  pass(20min);
  const auto slice = schema::keys::calendar_slice(schema::Partition::account(ann));
  std::vector<store::CommitList> lists(1);
  for (std::uint64_t id = 1; lists[0].size() < 600; ++id) {
    const auto nobody = schema::Partition::account(AccountId{id});
    if (schema::keys::calendar_slice(nobody) == slice) lists[0].push_back(store::Calendar::write(fixture_.clock().now(), nobody));
  }
  std::vector<Result<void>> results(1);
  fixture_.engine().commit(lists, results);
  ASSERT_TRUE(results[0].ok());
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("expires")).ok());
  fixture_.clock().advance(2h);
  for (std::uint64_t batch = 1; messages(ann) > 0 && batch < 4000; batch += 400) {
    fixture_.engine().crash_before_batch(batch);
    (void)fixture_.sweep();
    fixture_.reopen();
    keep_for(1h);
    EXPECT_TRUE(fixture_.verify_clean());
  }
  EXPECT_EQ(messages(ann), 0u);
}

TEST_F(SweepTest, ManyHintsOfOneMomentAreAllFollowed) {
  keep_for(1h);
  for (int i = 0; i < 3000; ++i) {
    const AccountId account = fixture_.create("u" + std::to_string(i) + "@example.test");
    if (i % 10 == 0) {
      ASSERT_TRUE(fixture_.deliver_to(account, mail("x")).ok());
    }
  }
  pass(61min);
  EXPECT_EQ(test::records_in(fixture_.engine(), PartitionKind::account, store::Space::large), 0u);
  pass(1s);
  EXPECT_TRUE(fixture_.verify_spotless());
}

// Everything early: repairs alone are taken before their time, and what stays keeps its hint.
TEST_F(SweepTest, EverythingTakesRepairsEarlyAndLeavesTheRestItsTime) {
  keep_for(std::chrono::days(10));
  const AccountId ann = fixture_.create("ann@example.test");
  const auto gone = fixture_.deliver_to(ann, test::mail_with("large", {test::random_lines(1, 50'000)}));
  ASSERT_TRUE(fixture_.deliver(test::incoming_for(fixture_.store(), {ann}, store::Incoming::Reply::one_for_each, "key"), mail("kept"))[0].ok());
  ASSERT_TRUE(fixture_.store().changer().expunge(gone->id).ok());
  const AccountId bob = fixture_.create("bob@example.test");
  ASSERT_TRUE(fixture_.deliver_to(bob, test::mail_with("large", {test::random_lines(2, 50'000)})).ok());
  ASSERT_TRUE(fixture_.store().accounts().remove(bob).ok());
  fixture_.clock().advance(1s);
  store::SweepOptions everything;
  everything.depth = store::SweepOptions::Depth::everything;
  ASSERT_TRUE(fixture_.store().sweep().run(everything).ok());
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_EQ(test::records_in(fixture_.engine(), PartitionKind::piece, store::Space::large), 0u);
  EXPECT_EQ(messages(ann), 1u);
  pass(std::chrono::days(8));
  EXPECT_EQ(messages(ann), 1u);
  pass(std::chrono::days(3));
  EXPECT_EQ(messages(ann), 0u);
}

class CdrExportTest : public SweepTest {
 protected:
  // What comes behind a cursor, by CDR id; the cursor is moved on.
  std::vector<std::string> next(std::string& cursor) {
    std::vector<std::string> ids;
    const auto moved = fixture_.store().cdrs().run(cursor, [&](AccountId, const schema::CdrRecord& cdr) {
      ids.push_back(cdr.id);
      return true;
    });
    EXPECT_TRUE(moved.ok()) << to_string(moved.error());
    if (moved.ok()) cursor = *moved;
    return ids;
  }
};

TEST_F(CdrExportTest, ACursorGoesOnAndRepeatsNothing) {
  const AccountId ann = fixture_.create("ann@example.test");
  const AccountId bob = fixture_.create("bob@example.test");
  std::string cursor;
  EXPECT_TRUE(next(cursor).empty());
  std::set<std::string> all;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(fixture_.deliver_to(round % 2 == 0 ? ann : bob, mail("x")).ok());
    for (const std::string& id : next(cursor)) EXPECT_TRUE(all.insert(id).second);
    EXPECT_TRUE(next(cursor).empty());
    if (round == 2) fixture_.reopen();
  }
  EXPECT_EQ(all.size(), 15u);
  std::string from_the_beginning;
  EXPECT_EQ(next(from_the_beginning).size(), 15u);
  EXPECT_EQ(fixture_.store().cdrs().run("1.2", [](AccountId, const schema::CdrRecord&) { return true; }).error().kind, Errc::invalid);
}

TEST_F(CdrExportTest, AgreesWithDeliveriesThatGoOnMeanwhile) {
  std::vector<AccountId> accounts;
  for (int i = 0; i < 6; ++i) accounts.push_back(fixture_.create("user" + std::to_string(i) + "@example.test"));
  std::atomic<int> running{4};
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (unsigned i = 0; i < 150; ++i) EXPECT_TRUE(fixture_.deliver_to(accounts[(i + thread) % 6], mail("x")).ok());
      --running;
    });
  }
  std::string cursor;
  std::vector<std::string> ids;
  do {
    const auto more = next(cursor);
    ids.insert(ids.end(), more.begin(), more.end());
  } while (running > 0);
  for (std::thread& thread : threads) thread.join();
  const auto last = next(cursor);
  ids.insert(ids.end(), last.begin(), last.end());
  EXPECT_EQ(ids.size(), 600u);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 600u);
}

TEST(CdrExportCrash, NothingIsLeftOutOrRepeatedWhateverMomentACrashTakes) {
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed; ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    const AccountId ann = fixture.create("ann@example.test");
    const AccountId bob = fixture.create("bob@example.test");
    std::vector<std::string> exported;
    std::string cursor;
    const auto export_on = [&] {
      std::vector<std::string> ids;
      const auto moved = fixture.store().cdrs().run(cursor, [&](AccountId, const schema::CdrRecord& cdr) {
        ids.push_back(cdr.id);
        return true;
      });
      if (!moved.ok()) return;
      cursor = *moved;
      exported.insert(exported.end(), ids.begin(), ids.end());
    };
    fixture.engine().crash_before_batch(batch);
    std::size_t acknowledged = 0;
    for (int round = 0; round < 3; ++round) {
      acknowledged += fixture.deliver_to(ann, mail("x")).ok() ? 1u : 0u;
      export_on();
      acknowledged += fixture.deliver_to(bob, mail("x")).ok() ? 1u : 0u;
    }
    crashed = fixture.engine().crashed();
    fixture.reopen();
    acknowledged += fixture.deliver_to(ann, mail("x")).ok() ? 1u : 0u;
    export_on();
    EXPECT_EQ(exported.size(), acknowledged);
    EXPECT_EQ(std::set<std::string>(exported.begin(), exported.end()).size(), exported.size());
    EXPECT_TRUE(fixture.verify_clean());
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace telepost
