// For the tests of verify: a store made by the real verbs, in which one thing is then broken behind its back.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/bytes.h"
#include "schema/document.h"
#include "schema/job_records.h"
#include "schema/keys.h"
#include "schema/message_records.h"
#include "schema/records.h"
#include "store/account_write.h"
#include "store/due_list.h"
#include "store/outbox.h"
#include "store/outbox_job.h"
#include "store/pieces.h"
#include "store/rooms.h"
#include "tests/support/store_fixture.h"

namespace telepost::test {

namespace keys = schema::keys;
using schema::LocalId;
using schema::MailboxId;
using schema::Partition;
using store::Space;

inline std::string with_attachment(const std::string& subject) {
  return "From: Bob <bob@example.net>\r\nSubject: " + subject + "\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n--b\r\n"
         "Content-Type: application/octet-stream\r\nContent-Disposition: attachment\r\n\r\n" + std::string(40'000, 'a') + "\r\n--b--\r\n";
}

class BrokenStore : public testing::Test {
 protected:
  // Two accounts; small messages, one that both have with a shared part, a copy in a second mailbox, a delivery key, a send
  // job, a tombstone. Then what deliveries left to be checked is checked.
  void SetUp() override {
    ann_ = fixture_.create("ann@example.test");
    bob_ = fixture_.create("bob@example.test");
    store::Store& store = fixture_.store();
    work_ = *store.mailboxes().create(ann_, "Work");
    small_ = deliver(ann_, "Subject: one\r\n\r\nfirst\r\n");
    copied_ = deliver(ann_, "Subject: two\r\n\r\nsecond\r\n");
    ASSERT_TRUE(store.changer().copy(copied_, work_).ok());
    ASSERT_TRUE(store.changer().set_keywords(copied_, {"$flagged"}, {}).ok());
    shared_ = deliver(ann_, with_attachment("to ann"));
    deliver(bob_, with_attachment("to bob"));
    const auto gone = deliver(ann_, "Subject: three\r\n\r\nthird\r\n");
    store::Incoming keyed;
    keyed.to = {{ann_, "mailto:ann@example.test", ""}};
    keyed.delivery_key = "k1";
    keyed.origin.identity = "peer";
    ASSERT_TRUE(fixture_.deliver(std::move(keyed), "Subject: four\r\n\r\nfourth\r\n")[0].ok());
    ASSERT_TRUE(store.changer().expunge(gone).ok());
    auto write = store::AccountWrite::begin(rooms_of(store), ann_, store::AccountWrite::Mode::with_reads);
    ASSERT_TRUE(write.ok());
    job_ = *store.outbox().enqueue(*write, {schema::Network::mail, "example.net", small_.local, {}, {}, "payload"});
    ASSERT_TRUE(write->commit().ok());
    fixture_.clock().advance(std::chrono::minutes(20));
    ASSERT_TRUE(fixture_.sweep().ok());
    ASSERT_TRUE(fixture_.verify_spotless());
  }

  schema::MessageId deliver(schema::AccountId account, const std::string& text) {
    const auto delivered = fixture_.deliver_to(account, text);
    EXPECT_TRUE(delivered.ok()) << to_string(delivered.error());
    return delivered.ok() ? delivered->id : schema::MessageId{};
  }

  std::optional<std::string> get(const Partition& partition, Space space, std::string_view key) {
    return *fixture_.engine().reader(partition)->get(space, key);
  }
  void put(const Partition& partition, Space space, std::string_view key, std::string_view value) {
    fixture_.engine().damage(partition, space, key, std::string(value));
  }
  void erase(const Partition& partition, Space space, std::string_view key) {
    ASSERT_TRUE(get(partition, space, key)) << "nothing to break";
    fixture_.engine().damage(partition, space, key, std::nullopt);
  }
  void write_hint(const store::CommitEntry& hint) {
    hint.batch.for_each([&](Space space, std::string_view key, std::string_view value) { put(hint.batch.partition(), space, key, value); },
                        [](Space, std::string_view) {});
  }
  template <typename Record, typename Change>
  void edit(Space space, const std::string& key, Result<Record> (*decode)(std::string_view), Change change) {
    edit_in(Partition::account(ann_), space, key, decode, change);
  }
  template <typename Record, typename Change>
  void edit_in(const Partition& partition, Space space, const std::string& key, Result<Record> (*decode)(std::string_view), Change change) {
    const auto bytes = get(partition, space, key);
    ASSERT_TRUE(bytes);
    Record record = *decode(*bytes);
    change(record);
    put(partition, space, key, encode(record));
  }
  void edit_mailbox(const std::function<void(schema::MailboxRecord&)>& change) {
    edit(Space::point, keys::mailbox(store::kInbox), schema::decode_MailboxRecord, change);
  }
  void edit_head(const std::function<void(schema::HeadRecord&)>& change) {
    edit(Space::point, std::string(keys::kHead), schema::decode_HeadRecord, change);
  }
  void edit_document(schema::MessageId id, const std::function<void(schema::Document&)>& change) {
    schema::Document document = *schema::read_document(*get(account(), Space::large, keys::document(id.local)));
    change(document);
    put(account(), Space::large, keys::document(id.local), schema::write_document(document));
  }
  schema::MessageRecord record(schema::MessageId id) {
    return *schema::decode_MessageRecord(*get(Partition::account(id.account), Space::point, keys::message(id.local)));
  }
  Partition account() const { return Partition::account(ann_); }
  Digest piece() {
    for (const schema::Segment& segment : record(shared_).segments) {
      if (segment.piece) return *segment.piece;
    }
    ADD_FAILURE() << "nothing is shared";
    return {};
  }
  std::string first_key(const Partition& partition, Space space, std::string_view prefix) {
    std::string found;
    EXPECT_TRUE(fixture_.engine().reader(partition)->scan(space, prefix, keys::after(prefix), [&](std::string_view key, std::string_view) {
      found = key;
      return false;
    }).ok());
    EXPECT_FALSE(found.empty());
    return found;
  }
  std::string due_key(char what) {
    std::string found;
    EXPECT_TRUE(fixture_.engine().reader(account())->scan(Space::queue, "D", keys::after("D"), [&](std::string_view key, std::string_view) {
      if (key[9] == what) found = key;
      return true;
    }).ok());
    return found;
  }

  void expect_damage(const std::string& check) { expect({{check, 0}}, {}); }
  // Among what else follows from it.
  void expect_damage_too(const std::string& check) {
    const auto report = store::verify(fixture_.store());
    ASSERT_TRUE(report.ok()) << to_string(report.error());
    EXPECT_TRUE(report->damage.contains(check));
  }
  void expect_debris(const std::string& check) { expect({}, {{check, 0}}); }

  StoreFixture fixture_;
  schema::AccountId ann_, bob_;
  MailboxId work_;
  schema::MessageId small_, copied_, shared_;
  std::uint64_t job_ = 0;

 private:
  using Counts = std::map<std::string, std::uint64_t>;
  void expect(const Counts& damage, const Counts& debris) {
    const auto report = store::verify(fixture_.store());
    ASSERT_TRUE(report.ok()) << to_string(report.error());
    std::string all;
    for (const store::Finding& finding : report->findings) all += to_string(finding) + "\n";
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    EXPECT_TRUE(std::equal(report->damage.begin(), report->damage.end(), damage.begin(), damage.end(), same)) << all;
    EXPECT_TRUE(std::equal(report->debris.begin(), report->debris.end(), debris.begin(), debris.end(), same)) << all;
  }
};

}  // namespace telepost::test
