// Holds that are placed while somebody else removes: two stores on one engine.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "schema/hold_record.h"
#include "store/holds.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::HoldRecord;
using store::Engine;
using test::mail;
using test::StoreFixture;

// Whatever batch of the removal the hold comes before: what is left then is whole and stays, and goes with the hold.
TEST(HoldsOfTwo, AHoldThatIsPlacedWhileAnAccountIsRemovedKeepsTheRestWhole) {
  bool placed = true;
  for (int commit = 1; placed; ++commit) {
    SCOPED_TRACE("before commit " + std::to_string(commit));
    StoreFixture fixture(StoreFixture::configuration(), 1, Engine::Writers::many);
    const AccountId ann = fixture.create("ann@example.test");
    std::map<schema::MessageId, std::string> sources;
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto delivered = fixture.deliver_to(ann, i == 1 ? test::mail_with("large", {test::random_lines(i, 50'000)}) : mail(std::to_string(i)));
      sources[delivered->id] = *fixture.store().reader().source_text(delivered->id);
    }
    fixture.clock().advance(20min);
    ASSERT_TRUE(fixture.sweep().ok());
    ASSERT_TRUE(fixture.store().accounts().remove(ann).ok());
    const auto other = fixture.open_another();
    std::optional<std::uint64_t> id;
    std::set<schema::MessageId> standing;  // at the moment from which the hold holds
    int commits = 0;
    fixture.engine().set_delay([&] {
      if (++commits != commit) return;
      HoldRecord record;
      record.reason = "case 17";
      record.when.sender = "*";
      const auto added = other->holds().add(record);
      ASSERT_TRUE(added.ok());
      id = *added;
      for (const auto& [message, source] : sources) {
        if (other->reader().find(message).ok()) standing.insert(message);
      }
    }, {});
    const auto swept = fixture.sweep();
    ASSERT_TRUE(swept.ok());
    EXPECT_EQ(swept->total().failed, 0u);
    fixture.engine().set_delay({}, {});
    placed = id.has_value();
    for (int hour = 0; hour < 3; ++hour) {
      fixture.clock().advance(1h);
      ASSERT_TRUE(fixture.sweep().ok());
    }
    for (const auto& [message, source] : sources) {
      if (!standing.contains(message) && !fixture.store().reader().find(message).ok()) continue;
      const auto text = fixture.store().reader().source_text(message);
      ASSERT_TRUE(text.ok()) << to_string(text.error());
      EXPECT_TRUE(*text == source);
    }
    EXPECT_TRUE(fixture.verify_clean());
    if (id) {
      ASSERT_TRUE(fixture.store().holds().release(*id).ok());
    }
    EXPECT_TRUE(fixture.empties_to_nothing());
  }
}

// Two stores on one engine: the second one places a hold while the first one's removal is on its way to the disk.
TEST(HoldsOfTwo, WhoHadNotHeardOfAHoldRemovesNothing) {
  StoreFixture fixture(StoreFixture::configuration(), 1, Engine::Writers::many);
  const AccountId ann = fixture.create("ann@example.test");
  const auto one = fixture.deliver_to(ann, mail("one"));
  const auto other = fixture.open_another();
  bool placed = false;
  fixture.engine().set_delay([&] {
    if (std::exchange(placed, true)) return;
    HoldRecord record;
    record.account = ann;
    record.reason = "case 17";
    ASSERT_TRUE(other->holds().add(record).ok());
  }, {});
  EXPECT_EQ(fixture.store().changer().expunge(one->id).error().kind, Errc::conflict);
  fixture.engine().set_delay({}, {});
  EXPECT_TRUE(fixture.store().reader().find(one->id).ok());
  ASSERT_TRUE(fixture.store().changer().expunge(one->id).ok());  // it has heard by now
  EXPECT_EQ(fixture.store().accounts().show(ann)->head.kept.messages, 1u);
  EXPECT_TRUE(fixture.verify_clean());
}

}  // namespace
}  // namespace telepost
