// Every layout of schema/keys.h is shown by name, what nobody knows in hexadecimal, and no content at all.
#include <gtest/gtest.h>

#include <set>

#include "base/bytes.h"
#include "schema/job_records.h"
#include "schema/keys.h"
#include "schema/lease_record.h"
#include "schema/message_records.h"
#include "schema/records.h"
#include "store/account_write.h"
#include "store/inspect.h"
#include "store/outbox.h"
#include "store/rooms.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

namespace keys = schema::keys;
using schema::Partition;
using store::Space;

std::vector<std::string> lines(store::Store& store, const Partition& partition) {
  std::vector<std::string> all;
  EXPECT_TRUE(store::inspect(store, partition, [&](const store::Inspected& inspected) {
    all.push_back(to_string(inspected));
    return true;
  }).ok());
  return all;
}

// The key and the first field of each, for layouts that no ordinary store shows at every moment.
std::string line(schema::PartitionKind kind, Space space, const std::string& key, const std::string& value) {
  return to_string(store::inspect_record(kind, space, key, value));
}

TEST(Inspect, ShowsEveryRecordOfARealStore) {
  test::StoreFixture fixture;
  const schema::AccountId ann = fixture.create("ann@example.test");
  ASSERT_TRUE(fixture.store().mailboxes().create(ann, "Work").ok());
  const auto secret = "Subject: secretsubject\r\n\r\nsecretbody " + std::string(40'000, 'x') + "\r\n";
  const auto delivered = fixture.deliver("ann@example.test", secret);
  ASSERT_TRUE(delivered.ok());
  const auto gone = fixture.deliver("ann@example.test", "Subject: gone\r\n\r\nx\r\n");
  ASSERT_TRUE(gone.ok());
  ASSERT_TRUE(fixture.store().changer().expunge(gone->id).ok());
  ASSERT_TRUE(fixture.store().accounts().set_password(ann, "secretpassword").ok());
  auto write = store::AccountWrite::begin(rooms_of(fixture.store()), ann, store::AccountWrite::Mode::with_reads);
  ASSERT_TRUE(write.ok());
  ASSERT_TRUE(fixture.store().outbox().enqueue(*write, {schema::Network::mail, "example.net", {}, {}, {}, "secretpayload"}).ok());
  ASSERT_TRUE(write->commit().ok());

  std::set<std::string> partitions;
  std::set<std::string> layouts;
  for (const auto& [place, value] : fixture.engine().dump()) {
    std::string_view key = place.second;
    const auto partition = Partition::take_from(key);
    ASSERT_TRUE(partition.ok());
    const auto named = store::partition_named(fixture.store(), partition->to_string());
    ASSERT_TRUE(named.ok()) << partition->to_string();
    EXPECT_EQ(*named, *partition);
    if (!partitions.insert(partition->to_string()).second) continue;
    EXPECT_TRUE(store::inspect(fixture.store(), *partition, [&](const store::Inspected& inspected) {
      EXPECT_TRUE(inspected.known()) << to_string(inspected);
      EXPECT_EQ(to_string(inspected).find("secret"), std::string::npos) << to_string(inspected);
      layouts.insert(inspected.layout);
      return true;
    }).ok());
  }
  const std::set<std::string> expected = {"account", "address", "cdr", "cdr_hint", "change", "document", "due", "gone", "head", "hint",
      "job", "job_name", "job_of_destination", "job_of_network", "job_to_check", "link", "listed_account", "mailbox", "mailbox_name",
      "message", "piece", "piece_bytes", "received", "segment", "store", "summary"};
  EXPECT_EQ(layouts, expected);
}

TEST(Inspect, TellsTheFieldsOfAKeyAndItsRecord) {
  test::StoreFixture fixture;
  const schema::AccountId ann = fixture.create("ann@example.test");
  const auto all = lines(fixture.store(), *store::partition_named(fixture.store(), "ann@example.test"));
  EXPECT_EQ(all.at(0), "account: state=active created=2027-01-15T08:00:00.000Z class=standard addresses=mailto:ann@example.test name= password=false");
  EXPECT_EQ(all.at(2), "mailbox_name parent=0 name=INBOX: mailbox=1");
  EXPECT_EQ(lines(fixture.store(), keys::directory_slice("mailto:ann@example.test")).at(0),
            "address address=mailto:ann@example.test: account=" + to_string(ann));
}

TEST(Inspect, KnowsTheLayoutsThatAreRare) {
  using Kind = schema::PartitionKind;
  const schema::MessageId id{{1}, {2}};
  EXPECT_EQ(line(Kind::account, Space::point, keys::delivery_key("k"), schema::encode(schema::DeliveryKeyRecord{{2}, from_millis(0)})).find("delivery_key key="), 0u);
  EXPECT_EQ(line(Kind::account, Space::point, keys::intent({2}), schema::encode(schema::IntentRecord{{{id, "mailto:a@b"}}, "k"})),
            "intent local=2: recipients=mailto:a@b " + to_string(id) + " delivery_key=true");
  EXPECT_EQ(line(Kind::account, Space::scan, keys::block({1}, 0, std::string(16, '\xff')), schema::encode(schema::BlockRecord{256, 0})),
            "block mailbox=1 level=0 upper=ffffffffffffffffffffffffffffffff: messages=256 blocks=0");
  EXPECT_EQ(line(Kind::account, Space::large, keys::annotation({2}, {9}), "<x/>"), "annotation local=2 modseq=9: size=4");
  EXPECT_EQ(line(Kind::account, Space::scan, keys::received({1}, from_millis(0), {2}), std::string("\0\0\0\7", 4)),
            "received mailbox=1 time=1970-01-01T00:00:00.000Z local=2: uid=7");
  EXPECT_EQ(line(Kind::piece, Space::point, std::string(keys::kOrphan), schema::encode(schema::OrphanRecord{3, from_millis(0)})),
            "orphan: generation=3 reclaim=1970-01-01T00:00:00.000Z");
  EXPECT_EQ(line(Kind::calendar, Space::point, std::string(keys::kCalendarCursor), "T"), "calendar_cursor: bytes=54");
  EXPECT_EQ(line(Kind::calendar, Space::point, std::string(keys::kCalendarLease), schema::encode(schema::LeaseRecord{3, 2, 1, Duration(30'000), from_millis(0)})),
            "calendar_lease: owner=3 epoch=2 renewal=1 length_ms=30000 until=1970-01-01T00:00:00.000Z");
  EXPECT_EQ(line(Kind::account, Space::queue, keys::due(from_millis(0), 'u', std::string(16, '\0')), std::string(32, '\1')),
            "due time=1970-01-01T00:00:00.000Z what=u id=00000000000000000000000000000000: pieces=" + to_hex(std::string(32, '\1')));
}

TEST(Inspect, ShowsInHexadecimalWhatNobodyKnows) {
  EXPECT_EQ(line(schema::PartitionKind::account, Space::scan, "Z\x01", "\x02\x03"), "unknown scan key=5a01: bytes=0203");
  EXPECT_EQ(line(schema::PartitionKind::account, Space::point, keys::message({2}), "junk"), "unknown point key=4d0000000000000002: bytes=6a756e6b");
  EXPECT_EQ(line(schema::PartitionKind::account, Space::point, "M", ""), "unknown point key=4d: bytes=");
}

TEST(Inspect, RefusesPartitionsThatAreNone) {
  test::StoreFixture fixture;
  EXPECT_EQ(store::partition_named(fixture.store(), "calendar 64").error().kind, Errc::invalid);
  EXPECT_EQ(store::partition_named(fixture.store(), "calendar x").error().kind, Errc::invalid);
  EXPECT_EQ(store::partition_named(fixture.store(), "piece 12").error().kind, Errc::invalid);
  EXPECT_EQ(store::partition_named(fixture.store(), "nobody@example.test").error().kind, Errc::not_found);
  EXPECT_EQ(*store::partition_named(fixture.store(), "meta"), Partition::meta());
}

}  // namespace
}  // namespace telepost
