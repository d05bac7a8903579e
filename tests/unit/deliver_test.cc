// The one door in: delivery keys, recipients and their accounts, and what a crash anywhere in a delivery leaves.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "store/rooms.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using schema::PartitionKind;
using store::Delivered;
using store::Incoming;
using test::incoming_for;
using test::mail;
using test::sources_of;
using test::StoreFixture;
using Reply = Incoming::Reply;
using Sources = std::vector<std::string>;

class DeliverTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  Result<Delivered> deliver_with_key(AccountId account, const std::string& key, const std::string& text) {
    return fixture_.deliver(incoming_for(fixture_.store(), {account}, Reply::one_for_each, key), text)[0];
  }
  Sources sources(AccountId account) { return sources_of(fixture_.store(), account); }
  StoreFixture fixture_;
};

TEST_F(DeliverTest, TheSameKeyGivesTheSameIdAndStoresNothing) {
  const AccountId ann = fixture_.create("ann@example.test");
  const auto first = deliver_with_key(ann, "key 1", mail("one"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->how, Delivered::How::stored);
  for (int time = 0; time < 3; ++time) {
    const auto again = deliver_with_key(ann, "key 1", mail("another text"));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->id, first->id);
    EXPECT_EQ(again->how, Delivered::How::already_there);
    fixture_.reopen();
  }
  EXPECT_EQ(sources(ann), Sources{mail("one")});
  EXPECT_NE(deliver_with_key(ann, "key 2", mail("two"))->id, first->id);
  EXPECT_EQ(sources(ann).size(), 2u);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(DeliverTest, TheSameKeyMeetsADeliveryThatIsStillOnItsWayToTheDisk) {
  const AccountId ann = fixture_.create("ann@example.test");
  std::promise<void> opened;
  const std::shared_future<void> gate = opened.get_future().share();
  fixture_.engine().set_delay([gate] { gate.wait(); }, {});
  std::vector<std::future<Result<Delivered>>> deliveries;
  for (int i = 0; i < 4; ++i) {
    deliveries.push_back(std::async(std::launch::async, [&] { return deliver_with_key(ann, "key", mail("one")); }));
  }
  opened.set_value();
  int stored = 0;
  std::set<std::uint64_t> ids;
  for (auto& delivery : deliveries) {
    const auto delivered = delivery.get();
    ASSERT_TRUE(delivered.ok());
    ids.insert(delivered->id.local.value);
    stored += delivered->how == Delivered::How::stored ? 1 : 0;
  }
  fixture_.engine().set_delay({}, {});
  EXPECT_EQ(stored, 1);
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(sources(ann), Sources{mail("one")});
}

TEST_F(DeliverTest, AKeyWhoseDeliveryFailedIsNotKnown) {
  const AccountId ann = fixture_.create("ann@example.test");
  fixture_.engine().crash_before_batch(1);
  EXPECT_FALSE(deliver_with_key(ann, "key", mail("one")).ok());
  fixture_.reopen();
  EXPECT_EQ(deliver_with_key(ann, "key", mail("one"))->how, Delivered::How::stored);
  EXPECT_EQ(sources(ann), Sources{mail("one")});
}

TEST_F(DeliverTest, ForgetsAKeyAfterSevenDays) {
  const AccountId ann = fixture_.create("ann@example.test");
  const auto first = deliver_with_key(ann, "key", mail("one"));
  fixture_.clock().advance(std::chrono::days(7) - 1s);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(deliver_with_key(ann, "key", mail("one"))->id, first->id);
  fixture_.clock().advance(2s);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_NE(deliver_with_key(ann, "key", mail("one"))->id, first->id);
  EXPECT_EQ(sources(ann).size(), 2u);
}

TEST_F(DeliverTest, TwoAddressesOfOneAccountGetOneCopy) {
  for (const Reply reply : {Reply::one_for_each, Reply::one_for_all}) {
    const std::string name = reply == Reply::one_for_each ? "each" : "all";
    const AccountId ann = fixture_.create(name + "@example.test");
    const AccountId bob = fixture_.create(name + "2@example.test");
    ASSERT_TRUE(fixture_.store().accounts().add_address(ann, name + ".alias@example.test").ok());
    Incoming incoming = incoming_for(fixture_.store(), {ann, bob}, reply);
    incoming.to.push_back({ann, "mailto:" + name + ".alias@example.test", ""});
    const auto delivered = fixture_.deliver(std::move(incoming), mail("one"));
    ASSERT_EQ(delivered.size(), 3u);
    ASSERT_TRUE(delivered[0].ok() && delivered[1].ok() && delivered[2].ok());
    EXPECT_EQ(delivered[0]->id, delivered[2]->id);
    EXPECT_EQ(sources(ann), Sources{mail("one")});
    EXPECT_EQ(sources(bob), Sources{mail("one")});
  }
}

TEST_F(DeliverTest, EachRecipientsResultIsItsOwn) {
  const AccountId ann = fixture_.create("ann@example.test");
  const AccountId shut = fixture_.create("shut@example.test");
  const AccountId off = fixture_.create("off@example.test");
  const AccountId gone = fixture_.create("gone@example.test");
  ASSERT_TRUE(fixture_.store().accounts().set_state(shut, schema::AccountState::closed).ok());
  ASSERT_TRUE(fixture_.store().accounts().set_state(off, schema::AccountState::disabled).ok());
  Incoming incoming = incoming_for(fixture_.store(), {ann, shut, off, gone, AccountId{42}});
  ASSERT_TRUE(fixture_.store().accounts().remove(gone).ok());
  const auto delivered = fixture_.deliver(std::move(incoming), mail("one"));
  EXPECT_TRUE(delivered[0].ok());
  EXPECT_EQ(delivered[1].error().kind, Errc::refused);
  EXPECT_TRUE(delivered[2].ok()) << "disabled: no log-in, still receives";
  EXPECT_EQ(delivered[3].error().kind, Errc::not_found);
  EXPECT_EQ(delivered[4].error().kind, Errc::not_found);
  EXPECT_EQ(sources(off).size(), 1u);
  EXPECT_TRUE(sources(shut).empty() && sources(gone).empty());
  EXPECT_EQ(fixture_.resolve("mailto:shut@example.test").error().kind, Errc::refused);
}

TEST_F(DeliverTest, NobodyOvershootsAQuota) {
  fixture_.store().set_classes(test::classes_of("<class name='small'><quota messages='5'/></class>"));
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.store().accounts().set_class(ann, "small").ok());
  std::vector<std::future<Result<Delivered>>> deliveries;
  for (int i = 0; i < 16; ++i) {
    deliveries.push_back(std::async(std::launch::async, [&] { return fixture_.deliver_to(ann, mail("one")); }));
  }
  int stored = 0;
  for (auto& delivery : deliveries) {
    const auto delivered = delivery.get();
    stored += delivered.ok() ? 1 : 0;
    EXPECT_TRUE(delivered.ok() || delivered.error().kind == Errc::over_quota);
  }
  EXPECT_EQ(stored, 5);
  EXPECT_EQ(sources(ann).size(), 5u);
}

TEST_F(DeliverTest, AnAddressIsFreeAsSoonAsItsAccountIsDeleted) {
  const auto first = fixture_.deliver("mailto:ann@example.test", mail("one"));
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(fixture_.deliver("mailto:ann@example.test", mail("two")).ok());
  ASSERT_TRUE(fixture_.store().accounts().remove(first->id.account).ok());
  const auto next = fixture_.deliver("mailto:ann@example.test", mail("three"));
  ASSERT_TRUE(next.ok()) << to_string(next.error());
  EXPECT_NE(next->id.account, first->id.account);
  EXPECT_EQ(sources(next->id.account), Sources{mail("three")});
}

TEST_F(DeliverTest, FirstMessagesToOneNewAddressMakeOneAccount) {
  for (int round = 0; round < 20; ++round) {
    const std::string address = "mailto:new" + std::to_string(round) + "@example.test";
    std::vector<std::future<Result<Delivered>>> deliveries;
    for (int i = 0; i < 2; ++i) {
      deliveries.push_back(std::async(std::launch::async, [&] { return fixture_.deliver(address, mail("hello")); }));
    }
    std::set<std::uint64_t> accounts;
    for (auto& delivery : deliveries) {
      const auto delivered = delivery.get();
      ASSERT_TRUE(delivered.ok()) << to_string(delivered.error());
      accounts.insert(delivered->id.account.value);
    }
    EXPECT_EQ(accounts.size(), 1u);
    EXPECT_EQ(sources(AccountId{*accounts.begin()}).size(), 2u);
  }
  for (int sweep = 0; sweep < 2; ++sweep) {  // the first finds that they are reachable by nobody, the second removes them
    fixture_.clock().advance(20min);
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_EQ(test::records_in(fixture_.engine(), PartitionKind::account_list, store::Space::scan), 20u);
}

TEST(DeliverLimits, APeerMakesSoManyAccountsAnHourAndNoMore) {
  schema::Configuration settings = StoreFixture::configuration();
  settings.create_per_peer_hour = 3;
  StoreFixture fixture(settings);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(fixture.resolve("mailto:new" + std::to_string(i) + "@example.test").ok());
  EXPECT_EQ(fixture.resolve("mailto:new3@example.test").error().kind, Errc::too_many);
  EXPECT_TRUE(fixture.resolve("mailto:new1@example.test").ok()) << "it is there";
  const auto other_peer = store::wait_for<store::Recipient>(
      [&](auto done) { fixture.store().deliver().resolve("mailto:new3@example.test", {"other peer"}, std::move(done)); });
  EXPECT_TRUE(other_peer.ok());
  EXPECT_EQ(fixture.resolve("mailto:x@elsewhere.test").error().kind, Errc::not_found);
  fixture.clock().advance(1h);
  EXPECT_TRUE(fixture.resolve("mailto:new4@example.test").ok());
}

TEST(DeliverCrash, AnAccountIsMadeAsAWholeOrItsDebrisGoes) {
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed; ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    fixture.engine().crash_before_batch(batch);
    const auto made = fixture.resolve("mailto:new@example.test");
    crashed = fixture.engine().crashed();
    EXPECT_NE(made.ok(), crashed);
    fixture.reopen();
    EXPECT_TRUE(fixture.verify_clean());
    const auto delivered = fixture.deliver("mailto:new@example.test", mail("one"));
    ASSERT_TRUE(delivered.ok()) << to_string(delivered.error());
    for (int sweep = 0; sweep < 2; ++sweep) {
      fixture.clock().advance(20min);
      ASSERT_TRUE(fixture.sweep().ok());
    }
    EXPECT_TRUE(fixture.verify_spotless());
    EXPECT_EQ(sources_of(fixture.store(), delivered->id.account), Sources{mail("one")});
    EXPECT_EQ(test::records_in(fixture.engine(), PartitionKind::account_list, store::Space::scan), 1u);
    EXPECT_TRUE(fixture.empties_to_nothing());
  }
}

TEST_F(DeliverTest, TellsReadersAfterTheCommitAndNeverBefore) {
  const AccountId ann = fixture_.create("ann@example.test");
  std::map<std::uint64_t, std::uint64_t> told;
  std::mutex mutex;
  const auto subscription = fixture_.store().changes().subscribe([&](AccountId account, schema::Modseq modseq) {
    const std::lock_guard lock(mutex);
    told[account.value] = modseq.value;
  });
  std::size_t told_before_commit = 99;
  fixture_.engine().set_delay([&] {
    const std::lock_guard lock(mutex);
    told_before_commit = told.size();
  }, {});
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("one")).ok());
  fixture_.engine().set_delay({}, {});
  EXPECT_EQ(told_before_commit, 0u);
  EXPECT_EQ(told[ann.value], fixture_.store().accounts().show(ann)->head.modseq.value);
  told.clear();
  fixture_.engine().crash_before_batch(1);
  EXPECT_FALSE(fixture_.deliver_to(ann, mail("two")).ok());
  EXPECT_TRUE(told.empty());
  fixture_.store().changes().unsubscribe(subscription);
  fixture_.reopen();
}

TEST_F(DeliverTest, ReadingOnInTheIndexIsNoNews) {
  const AccountId ann = fixture_.create("ann@example.test");
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("one")).ok());
  std::atomic<int> told{0};
  const auto subscription = fixture_.store().changes().subscribe([&](AccountId, schema::Modseq) { ++told; });
  ASSERT_TRUE(fixture_.store().view(ann).ok());
  const auto head = fixture_.store().accounts().show(ann)->head;
  EXPECT_EQ(head.indexed, head.modseq);
  EXPECT_EQ(told, 0);
  ASSERT_TRUE(fixture_.deliver_to(ann, mail("two")).ok());
  EXPECT_EQ(told, 1);
  fixture_.store().changes().unsubscribe(subscription);
}

TEST_F(DeliverTest, ReceivedTimesNeverRunBackwards) {
  const AccountId ann = fixture_.create("ann@example.test");
  std::vector<Time> received;
  const Time start = fixture_.clock().now();
  for (const Duration at : {Duration(0), Duration(5000), Duration(-60'000), Duration(4000), Duration(7000)}) {
    fixture_.clock().jump_to(start + at);
    received.push_back(fixture_.store().reader().find(fixture_.deliver_to(ann, mail("x"))->id)->received);
  }
  EXPECT_EQ(received, (std::vector<Time>{start, start + 5s, start + 5s, start + 5s, start + 7s}));
}

TEST_F(DeliverTest, TheTraceBlockComesBeforeWhatArrived) {
  const AccountId ann = fixture_.create("ann@example.test");
  Incoming incoming = incoming_for(fixture_.store(), {ann});
  const std::string trace = "Return-Path: <sender@example.net>\r\nReceived: from mx.test (192.0.2.1)\r\n\tby here; Fri, 20 Nov 2026 16:25:30 +0000\r\n";
  incoming.trace_block = trace;
  const std::string arrived = mail("one") + "\tbare \x80 bytes\r\n";
  const auto delivered = fixture_.deliver(std::move(incoming), arrived)[0];
  ASSERT_TRUE(delivered.ok());
  EXPECT_EQ(sources(ann), Sources{trace + arrived});
  for (const std::size_t offset : {std::size_t{0}, std::size_t{3}, trace.size() - 1, trace.size(), trace.size() + arrived.size()}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, trace.size() + 5, std::size_t{1} << 40}) {
      std::string range;
      ASSERT_TRUE(fixture_.store().reader().source(delivered->id, offset, size, {}, [&](std::string_view bytes) {
        range.append(bytes);
        return true;
      }).ok());
      EXPECT_EQ(range, (trace + arrived).substr(offset, size));
    }
  }
}

TEST_F(DeliverTest, AnEncodedWordInTheTraceBlockStaysAsThePeerWroteIt) {  // RFC 2047 section 5: not in trace fields
  const AccountId ann = fixture_.create("ann@example.test");
  Incoming incoming = incoming_for(fixture_.store(), {ann});
  incoming.trace_block = "Return-Path: <=?utf-8?q?boss?=@example.net>\r\n";
  const auto delivered = fixture_.deliver(std::move(incoming), mail("one"))[0];
  ASSERT_TRUE(delivered.ok());
  const std::string document = fixture_.store().reader().document(delivered->id).value();
  EXPECT_NE(document.find("=?utf-8?q?boss?=@example.net"), std::string::npos) << document;
}

TEST_F(DeliverTest, OnlyAPeerWithAProvedIdentityStatesFacts) {
  const AccountId ann = fixture_.create("ann@example.test");
  const std::string voice = "Telepost-Kind: voice\r\nTelepost-Caller: tel:+15550199\r\nTelepost-Duration: 12.5\r\n"
                            "Content-Type: audio/basic\r\nSubject: call\r\n\r\nx\r\n";
  const std::string fax = "Telepost-Kind: fax\r\nTelepost-Pages: 3\r\nContent-Type: image/tiff\r\nSubject: fax\r\n\r\nx\r\n";
  const auto summary_of = [&](const std::string& text, std::optional<std::string> identity) {
    Incoming incoming = incoming_for(fixture_.store(), {ann});
    incoming.origin.identity = std::move(identity);
    return *fixture_.store().reader().summary(fixture_.deliver(std::move(incoming), text)[0]->id);
  };
  const auto stranger = summary_of(voice, std::nullopt);
  EXPECT_EQ(stranger.summary.kind, schema::Kind::email);
  EXPECT_FALSE(stranger.summary.duration);
  const auto trunk = summary_of(voice, "trunk");
  EXPECT_EQ(trunk.summary.kind, schema::Kind::voice);
  EXPECT_EQ(trunk.summary.duration, Duration(12'500));
  EXPECT_EQ(trunk.summary.from, "tel:+15550199");
  EXPECT_EQ(summary_of(fax, std::nullopt).summary.kind, schema::Kind::email);
  EXPECT_EQ(summary_of(fax, "trunk").summary.pages, 3u);

  Incoming incoming = incoming_for(fixture_.store(), {ann});
  incoming.origin.identity = "trunk";
  EXPECT_EQ(fixture_.deliver(std::move(incoming), "Telepost-Pages: many\r\n\r\n")[0].error().kind, Errc::invalid);
}

}  // namespace
}  // namespace telepost
