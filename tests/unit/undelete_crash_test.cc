// Undelete, cut at every batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "store/audit.h"
#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::MessageId;
using store::Undelete;
using test::mail;
using test::sources_of;
using test::StoreFixture;
using std::chrono::days;

constexpr const char* kKeepAWeek = "<class name='standard'><undelete keep='P7D'/></class>";

// Whatever moment a crash takes, a message is in a mailbox, or kept, or gone with everything it had; the audit log knows each step.
class UndeleteCrash : public testing::Test {
 protected:
  // What is done, and what must be so once all of it was, however often it was begun.
  template <typename Act>
  void cut_everywhere(const std::string& classes, Act act) {
    bool crashed = true;
    for (std::uint64_t batch = 1; crashed && !HasFailure(); ++batch) {
      SCOPED_TRACE("crash before batch " + std::to_string(batch));
      StoreFixture fixture;
      fixture.store().set_classes(test::classes_of(classes));
      const AccountId ann = fixture.create("ann@example.test");
      std::vector<MessageId> ids;
      for (int i = 0; i < 3; ++i) {
        const auto delivered = fixture.deliver_to(ann, i == 0 ? test::mail_with("large", {test::random_lines(1, 40'000)}) : mail(std::to_string(i)));
        ASSERT_TRUE(delivered.ok());
        ids.push_back(delivered->id);
      }
      fixture.clock().advance(20min);
      ASSERT_TRUE(fixture.sweep().ok());
      crashed = act(fixture, ann, ids, batch, classes);
      EXPECT_TRUE(fixture.verify_clean());
      EXPECT_TRUE(fixture.empties_to_nothing());
    }
  }
  static void reopen(StoreFixture& fixture, const std::string& classes) {
    fixture.reopen();
    fixture.store().set_classes(test::classes_of(classes));
    EXPECT_TRUE(fixture.verify_clean());
  }
  // The same work twice: cut before the batch, then whole.
  static bool cut(StoreFixture& fixture, const std::string& classes, std::uint64_t batch, const std::function<void()>& work) {
    fixture.engine().crash_before_batch(batch);
    work();
    const bool crashed = fixture.engine().crashed();
    reopen(fixture, classes);
    work();
    return crashed;
  }
  static std::size_t told(StoreFixture& fixture, AccountId ann, schema::AuditRecord::Action action, MessageId id) {
    std::size_t count = 0;
    EXPECT_TRUE(fixture.store().audit().list("", ann, [&](const schema::AuditRecord& record) {
      const bool is = record.action == action && std::count(record.messages.begin(), record.messages.end(), id.local) > 0;
      count += is ? 1u : 0u;
      return true;
    }).ok());
    return count;
  }
  static std::size_t kept(StoreFixture& fixture, AccountId ann) {
    std::size_t count = 0;
    EXPECT_TRUE(fixture.store().undelete().list(ann, {}, [&](const Undelete::Deleted&) { return ++count > 0; }).ok());
    return count;
  }
};

TEST_F(UndeleteCrash, AnExpiryIsWholeOrNotYet) {
  cut_everywhere("<class name='standard'><undelete keep='P7D'/><retention keep='P1D'/></class>",
                 [](StoreFixture& fixture, AccountId ann, const std::vector<MessageId>& ids, std::uint64_t batch, const std::string& classes) {
    fixture.clock().advance(days(1));
    const bool crashed = cut(fixture, classes, batch, [&] { (void)fixture.sweep(); });
    EXPECT_TRUE(sources_of(fixture.store(), ann).empty());
    EXPECT_EQ(kept(fixture, ann), ids.size());
    for (const MessageId& id : ids) EXPECT_GE(told(fixture, ann, schema::AuditRecord::Action::expired, id), 1u);
    for (const MessageId& id : ids) EXPECT_TRUE(fixture.store().undelete().restore(id).ok());
    EXPECT_EQ(sources_of(fixture.store(), ann).size(), ids.size());
    return crashed;
  });
}

TEST_F(UndeleteCrash, AnUndeleteIsWholeOrNotYet) {
  cut_everywhere(kKeepAWeek, [](StoreFixture& fixture, AccountId ann, const std::vector<MessageId>& ids, std::uint64_t batch, const std::string& classes) {
    const auto work = fixture.store().mailboxes().create(ann, "Work");
    EXPECT_TRUE(fixture.store().changer().move(ids[0], store::kInbox, *work).ok());
    EXPECT_TRUE(fixture.store().mailboxes().remove(ann, *work).ok());
    EXPECT_TRUE(fixture.store().changer().expunge(ids[1]).ok());
    const bool crashed = cut(fixture, classes, batch, [&] {
      (void)fixture.store().undelete().restore_since(ann, {}, [](const Undelete::Restored&) { return true; });
    });
    EXPECT_EQ(sources_of(fixture.store(), ann).size(), ids.size());
    EXPECT_EQ(kept(fixture, ann), 0u);
    for (const std::size_t i : {0u, 1u}) EXPECT_GE(told(fixture, ann, schema::AuditRecord::Action::restored, ids[i]), 1u);
    return crashed;
  });
}

TEST_F(UndeleteCrash, APurgeIsWholeOrNotYet) {
  cut_everywhere(kKeepAWeek, [](StoreFixture& fixture, AccountId ann, const std::vector<MessageId>& ids, std::uint64_t batch, const std::string& classes) {
    for (const MessageId& id : ids) EXPECT_TRUE(fixture.store().changer().expunge(id).ok());
    fixture.clock().advance(days(7));
    const bool crashed = cut(fixture, classes, batch, [&] {
      for (int hour = 0; hour < 4; ++hour) {  // it goes, then its links, then the piece is nobody's, then that goes
        (void)fixture.sweep();
        fixture.clock().advance(1h);
      }
    });
    EXPECT_EQ(kept(fixture, ann), 0u);
    for (const MessageId& id : ids) {
      EXPECT_EQ(fixture.store().undelete().restore(id).error().kind, Errc::not_found);
      EXPECT_GE(told(fixture, ann, schema::AuditRecord::Action::purged, id), 1u);
    }
    EXPECT_EQ(test::records_in(fixture.engine(), schema::PartitionKind::piece, store::Space::large), 0u);
    return crashed;
  });
}

}  // namespace
}  // namespace telepost
