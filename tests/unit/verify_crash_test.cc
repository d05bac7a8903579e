// What a crash between any two batches leaves is debris at most, and sweeps take it away; what was acknowledged is there.
#include <gtest/gtest.h>

#include "store/account_write.h"
#include "store/outbox.h"
#include "store/rooms.h"
#include "tests/unit/broken_store.h"

namespace telepost {
namespace {

using test::StoreFixture;

// Repeats the work with a crash before its first, second, … batch until one run is not cut.
void crash_everywhere(const std::function<bool(StoreFixture&)>& prepare, const std::function<bool(StoreFixture&)>& work) {
  bool acknowledged = false;
  for (std::uint64_t batch = 1; !acknowledged; ++batch) {
    ASSERT_LT(batch, 100u) << "never ends";
    StoreFixture fixture;
    ASSERT_TRUE(prepare(fixture));
    fixture.engine().crash_before_batch(batch);
    acknowledged = work(fixture);
    fixture.engine().crash();
    fixture.reopen();
    EXPECT_TRUE(fixture.verify_clean()) << "crash before batch " << batch;
    for (int round = 0; round < 3; ++round) {
      fixture.clock().advance(std::chrono::hours(2));
      ASSERT_TRUE(fixture.sweep().ok());
    }
    EXPECT_TRUE(fixture.verify_spotless()) << "crash before batch " << batch;
    EXPECT_TRUE(fixture.empties_to_nothing()) << "crash before batch " << batch;
  }
}

bool nothing(StoreFixture&) { return true; }

bool has_two_accounts(StoreFixture& fixture) {
  fixture.create("ann@example.test");
  fixture.create("bob@example.test");
  return fixture.deliver("ann@example.test", test::with_attachment("first")).ok();
}

store::Incoming to_both(StoreFixture& fixture) {
  store::Incoming incoming;
  for (const char* address : {"ann@example.test", "bob@example.test"}) incoming.to.push_back(*fixture.resolve(address));
  return incoming;
}

TEST(VerifyAfterCrash, FindsNoDamageWhereAnAccountWasBeingMade) {
  crash_everywhere(nothing, [](StoreFixture& fixture) {
    return fixture.store().accounts().create({{"ann@example.test", "+15550100"}, "", ""}).ok();
  });
}

TEST(VerifyAfterCrash, FindsNoDamageWhereAnAddressWasGivenAndTaken) {
  crash_everywhere(has_two_accounts, [](StoreFixture& fixture) {
    store::Accounts& accounts = fixture.store().accounts();
    const auto ann = accounts.find("ann@example.test");
    return ann.ok() && accounts.add_address(*ann, "+15550100").ok() && accounts.remove_address(*ann, "ann@example.test").ok();
  });
}

TEST(VerifyAfterCrash, FindsNoDamageWhereAMessageCameForEach) {
  crash_everywhere(has_two_accounts, [](StoreFixture& fixture) {
    const auto all = fixture.deliver(to_both(fixture), test::with_attachment("to both"));
    return all[0].ok() && all[1].ok();
  });
}

TEST(VerifyAfterCrash, ServesAllRecipientsOfWhatWasAcknowledgedOnce) {
  crash_everywhere(has_two_accounts, [](StoreFixture& fixture) {
    store::Incoming incoming = to_both(fixture);
    incoming.reply = store::Incoming::Reply::one_for_all;
    return fixture.deliver(std::move(incoming), test::with_attachment("to both"))[0].ok();
  });
}

TEST(VerifyAfterCrash, FindsNoDamageWhereMessagesWereCopiedAndExpunged) {
  crash_everywhere(has_two_accounts, [](StoreFixture& fixture) {
    store::Store& store = fixture.store();
    const auto ann = store.accounts().find("ann@example.test");
    const auto bob = store.accounts().find("bob@example.test");
    if (!ann.ok() || !bob.ok()) return false;
    const auto page = store.reader().list_by_uid(*ann, store::kInbox, {1}, {1}, 1);
    if (!page.ok() || page->messages.empty()) return false;
    const schema::MessageId id{*ann, page->messages[0].summary.local};
    return store.changer().copy_to_account(id, *bob, store::kInbox).ok() && store.changer().expunge(id).ok();
  });
}

TEST(VerifyAfterCrash, FindsNoDamageWhereAnAccountWasBeingRemoved) {
  crash_everywhere(has_two_accounts, [](StoreFixture& fixture) {
    const auto ann = fixture.store().accounts().find("ann@example.test");
    if (!ann.ok() || !fixture.store().accounts().remove(*ann).ok()) return false;
    const auto swept = fixture.sweep();
    return swept.ok() && swept->total().failed == 0;
  });
}

TEST(VerifyAfterCrash, FindsNoDamageWhereSweepsWereCut) {
  crash_everywhere([](StoreFixture& fixture) {
    if (!has_two_accounts(fixture)) return false;
    fixture.clock().advance(std::chrono::minutes(20));
    return true;
  }, [](StoreFixture& fixture) {
    const auto swept = fixture.sweep();
    return swept.ok() && swept->total().failed == 0;
  });
}

TEST(VerifyAfterCrash, FindsNoDamageWhereAJobWasSent) {
  crash_everywhere(has_two_accounts, [](StoreFixture& fixture) {
    store::Outbox& outbox = fixture.store().outbox();
    const auto ann = fixture.store().accounts().find("ann@example.test");
    if (!ann.ok()) return false;
    auto write = store::AccountWrite::begin(rooms_of(fixture.store()), *ann, store::AccountWrite::Mode::with_reads);
    if (!write.ok()) return false;
    const auto id = outbox.enqueue(*write, {schema::Network::sms, "smsc", {}, {}, {}, ""});
    if (!id.ok() || !write->commit().ok()) return false;
    const auto jobs = outbox.claim({schema::Network::sms, {}, 1, "test", std::chrono::minutes(5)});
    return jobs.ok() && jobs->size() == 1 && outbox.finish(jobs->front()).ok();
  });
}

}  // namespace
}  // namespace telepost
