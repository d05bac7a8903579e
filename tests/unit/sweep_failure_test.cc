// Due work that fails for as long as something is away or damaged: it leaves nothing behind with each try, keeps nobody else waiting, and is
// done once that is mended. And a hint that was lost.
#include <gtest/gtest.h>

#include "schema/keys.h"
#include "store/calendar.h"
#include "store/rooms.h"
#include "tests/support/borrowed_engine.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::Partition;
using store::Space;
using test::mail;
using test::sources_of;
using test::StoreFixture;

class SweepFailureTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  void standard(const std::string& rules) { fixture_.store().set_classes(test::classes_of("<class name='standard'>" + rules + "</class>")); }
  std::vector<store::Hint> hints(AccountId account) {
    const Partition partition = Partition::account(account);
    auto all = store::Calendar::due(fixture_.engine(), schema::keys::calendar_slice(partition).slice(), fixture_.clock().now() + 1000h, 10'000);
    EXPECT_TRUE(all.ok());
    std::erase_if(*all, [&](const store::Hint& hint) { return hint.target != partition; });
    return *all;
  }
  // What the tries of so many seconds leave beside each other at most.
  std::size_t most_hints(AccountId account, int seconds) {
    std::size_t most = 0;
    for (int second = 0; second < seconds; ++second) {
      fixture_.clock().advance(1s);
      EXPECT_TRUE(fixture_.sweep().ok());
      most = std::max(most, hints(account).size());
    }
    return most;
  }
  StoreFixture fixture_;
};

TEST_F(SweepFailureTest, WhileTheArchiveIsAwayNoTryLeavesAHint) {
  const AccountId ann = fixture_.create("ann@example.test");
  standard("<allocation bytes='1MB'/><archive untouched='P30D'/>");
  std::vector<schema::MessageId> ids;
  for (std::uint64_t i = 0; i < 12; ++i) ids.push_back(fixture_.deliver_to(ann, test::mail_with("m", {test::random_lines(i + 1, 100'000)}))->id);
  fixture_.clock().advance(std::chrono::days(31));
  for (int round = 0; round < 3; ++round) ASSERT_TRUE(fixture_.sweep().ok());
  ASSERT_EQ(fixture_.store().reader().find(ids[0])->tier, schema::Tier::archived);
  const auto archived = [&] { return test::records_in(fixture_.archive_engine(), schema::PartitionKind::account, Space::scan); };
  const std::size_t before = archived();
  fixture_.set_archive_away(true);
  fixture_.archive_engine().crash();
  ASSERT_TRUE(fixture_.store().changer().expunge(ids[0]).ok());
  EXPECT_LE(most_hints(ann, 600), 3u) << "the next try, and what comes later";
  fixture_.archive_engine().restart();
  fixture_.set_archive_away(false);
  most_hints(ann, 120);
  EXPECT_EQ(archived(), before - 1);
}

TEST_F(SweepFailureTest, WhileAHeadIsDamagedNoTryLeavesAHint) {
  standard("<retention keep='PT1H'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("x")).ok());
  const auto whole = *fixture_.engine().reader(Partition::account(ann))->get(Space::point, schema::keys::kHead);
  fixture_.use_classes(test::classes_of("<class name='standard'><retention keep='PT1H'/></class>"));
  fixture_.engine().damage(Partition::account(ann), Space::point, schema::keys::kHead, "no head");
  fixture_.reopen();
  fixture_.clock().advance(1h);
  EXPECT_LE(most_hints(ann, 300), 3u);
  fixture_.engine().damage(Partition::account(ann), Space::point, schema::keys::kHead, whole);
  most_hints(ann, 70);
  EXPECT_TRUE(sources_of(fixture_.store(), ann).empty());
}

// As one whose commit was under way while the store's time leapt ahead, and that lies behind the calendar's cursor.
TEST_F(SweepFailureTest, AHintThatWasLostIsWrittenAgainWithTheNextDueWork) {
  standard("<retention keep='PT1H'/>");
  const AccountId ann = fixture_.create("ann@example.test");
  fixture_.clock().advance(24h);
  ASSERT_TRUE(fixture_.sweep().ok());
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("first")).ok());
  for (const store::Hint& hint : hints(ann)) {
    const Partition target = Partition::account(ann);
    fixture_.engine().damage(schema::keys::calendar_slice(target), Space::queue, schema::keys::hint(hint.time, target), std::nullopt);
  }
  fixture_.clock().advance(2h);
  ASSERT_TRUE(fixture_.sweep().ok());
  ASSERT_EQ(sources_of(fixture_.store(), ann).size(), 1u) << "nothing tells of it";
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("second")).ok());
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(sources_of(fixture_.store(), ann), std::vector<std::string>{mail("second")});
  fixture_.clock().advance(1h);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(sources_of(fixture_.store(), ann).empty());
}

// An engine that cannot read one account.
class NoReader final : public store::PartitionReader {
 public:
  Result<std::optional<std::string>> get(Space, std::string_view) const override { return kError; }
  Result<std::vector<std::optional<std::string>>> get_many(Space, const std::vector<std::string>&) const override { return kError; }
  Result<void> scan(Space, std::string_view, std::string_view, const Visitor&) const override { return kError; }

 private:
  const Error kError{Errc::io, "a sector that cannot be read"};
};

class BadSector final : public test::BorrowedEngine {
 public:
  explicit BadSector(test::MemoryEngine& engine) : BorrowedEngine(engine) {}
  void lies_in(std::optional<AccountId> account) { account_ = account; }
  std::unique_ptr<store::PartitionReader> reader(const Partition& partition) override {
    const bool is_bad = account_ && partition == Partition::account(*account_);
    return is_bad ? std::make_unique<NoReader>() : BorrowedEngine::reader(partition);
  }

 private:
  std::optional<AccountId> account_;
};

TEST_F(SweepFailureTest, AnAccountThatCannotBeDatedKeepsNobodyFromWhatIsDue) {
  const AccountId ann = fixture_.create("ann@example.test"), bob = fixture_.create("bob@example.test");
  for (const AccountId account : {ann, bob}) ASSERT_TRUE(fixture_.deliver_to(account, mail("x")).ok());
  fixture_.clock().advance(2h);
  store::Store::Options options;
  options.configuration = StoreFixture::configuration();
  auto engine = std::make_unique<BadSector>(fixture_.engine());
  BadSector& bad = *engine;
  auto store = std::move(*store::Store::open(std::move(options), std::move(engine), fixture_.clock(), fixture_.random()));
  const auto sweep = [&] {
    fixture_.clock().advance(1s);
    const auto swept = store->sweep().run({});
    EXPECT_TRUE(swept.ok()) << to_string(swept.error());
    return swept.ok() ? *swept : store::SweepReport{};
  };
  bad.lies_in(ann);
  store->set_classes(test::classes_of("<class name='standard'><retention keep='PT1H'/></class>"));
  EXPECT_GT(sweep().total().failed, 0u);
  sweep();
  EXPECT_TRUE(sources_of(*store, bob).empty()) << "whichever of the two stands first";
  bad.lies_in({});
  for (int round = 0; round < 3; ++round) sweep();
  EXPECT_TRUE(sources_of(*store, ann).empty()) << "it is dated as soon as it can be";
  store.reset();
  fixture_.reopen();
}

}  // namespace
}  // namespace telepost
