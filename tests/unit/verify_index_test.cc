// What verify says of an account's index in which one thing is broken.
#include "schema/index_records.h"
#include "tests/unit/broken_store.h"

namespace telepost {
namespace {

using namespace test;
using schema::ThreadId;

class VerifyIndex : public BrokenStore {
 protected:
  void SetUp() override {
    BrokenStore::SetUp();
    reply_ = deliver(ann_, "Message-ID: <b@x>\r\nReferences: <a@x>\r\n\r\nx\r\n");
    answer_ = deliver(ann_, "Message-ID: <c@x>\r\nReferences: <a@x>\r\n\r\nx\r\n");
    gone_ = deliver(ann_, "Message-ID: <d@x>\r\n\r\nx\r\n");
    store::Incoming text;
    text.to = {{ann_, "mailto:ann@example.test", ""}};
    text.origin.identity = "peer";
    ASSERT_TRUE(fixture_.deliver(std::move(text), "Telepost-Kind: sms\r\nTelepost-Caller: tel:+15550199\r\n\r\nx\r\n")[0].ok());
    ASSERT_TRUE(fixture_.store().view(ann_).ok());
    ASSERT_TRUE(fixture_.store().changer().expunge(gone_).ok());
    ASSERT_TRUE(fixture_.store().view(ann_).ok());
    ASSERT_TRUE(fixture_.verify_spotless());
  }
  void edit_thread(schema::MessageId id, const std::function<void(schema::ThreadRecord&)>& change) {
    edit(Space::point, keys::thread({id.local.value}), schema::decode_ThreadRecord, change);
  }
  void edit_order(MailboxId order, const std::function<void(schema::OrderRecord&)>& change) {
    edit(Space::point, keys::order(order), schema::decode_OrderRecord, change);
  }
  schema::MessageId reply_, answer_, gone_;
};

TEST_F(VerifyIndex, FindsAMessageWithoutThread) {
  erase(account(), Space::point, keys::indexed_message(small_.local));
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAMessageThatIsHeldToBeGone) {
  edit(Space::point, keys::indexed_message(small_.local), schema::decode_IndexedMessageRecord, [](schema::IndexedMessageRecord& record) { record.gone = true; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAMessageThatIsNotThere) {
  put(account(), Space::point, keys::indexed_message({77}), schema::encode(schema::IndexedMessageRecord{{77}, false}));
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAMessageOfAnotherThread) {
  edit(Space::point, keys::indexed_message(answer_.local), schema::decode_IndexedMessageRecord, [&](schema::IndexedMessageRecord& record) { record.thread = {small_.local.value}; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAThreadThatMissesAMessage) {
  edit_thread(reply_, [](schema::ThreadRecord& thread) { thread.members.pop_back(); });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsOtherFactsOfAMessage) {
  edit_thread(reply_, [](schema::ThreadRecord& thread) { thread.members[0].unread = false; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAMessageWhereItDoesNotLie) {
  edit_thread(reply_, [&](schema::ThreadRecord& thread) { thread.members[0].mailboxes = {store::kInbox, work_}; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAThreadThatIsMissing) {
  erase(account(), Space::point, keys::thread({small_.local.value}));
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAnOrderWithoutAMessage) {
  for (const MailboxId order : {keys::kAllMail, keys::threads_of(keys::kAllMail), keys::threads_of(store::kInbox)}) {
    const std::string key = keys::received(order, record(small_).received, small_.local);
    erase(account(), Space::scan, key);
    expect_damage("index");
    put(account(), Space::scan, key, "");
  }
  EXPECT_TRUE(fixture_.verify_clean());
}
TEST_F(VerifyIndex, FindsAnEntryTooMany) {
  put(account(), Space::scan, keys::received(keys::threads_of(keys::kAllMail), record(reply_).received, reply_.local), "");
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAnOrderOfNothing) {
  put(account(), Space::scan, keys::received(keys::threads_of({99}), record(reply_).received, reply_.local), "");
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAnOrderThatCountsOtherwise) {
  edit_order(keys::kAllMail, [](schema::OrderRecord& order) { ++order.messages; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAnOrderThatCountsOtherUnreadThreads) {
  edit_order(keys::threads_of(store::kInbox), [](schema::OrderRecord& order) { --order.unread; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsARecountThatNobodyCanReadOn) {
  put(account(), Space::point, std::string(keys::kRecount), "garbage");
  expect_damage("record");
}
TEST_F(VerifyIndex, FindsAFrontThatCountsOtherwise) {
  edit_order(keys::threads_of(store::kInbox), [](schema::OrderRecord& order) { ++order.front.block_messages; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsABlockOfNoOrder) {
  put(account(), Space::scan, keys::block(keys::threads_of({99}), 0, std::string(16, '\xff')), schema::encode(schema::BlockRecord{1, 0}));
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAMessageIdThatLeadsElsewhere) {
  const std::string key = first_key(account(), Space::point, "N");
  const auto value = get(account(), Space::point, key);
  put(account(), Space::point, key, keys::thread({small_.local.value}).substr(1));
  expect_damage("index");
  erase(account(), Space::point, key);
  expect_damage("index");
  put(account(), Space::point, key, *value);
  EXPECT_TRUE(fixture_.verify_clean());
}
TEST_F(VerifyIndex, FindsAConversationOfAnother) {
  const std::string key = first_key(account(), Space::point, "P");
  edit(Space::point, key, schema::decode_PartnerRecord, [&](schema::PartnerRecord& record) { record.threads[0].thread = {small_.local.value}; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAThreadThatIsNotInTheLog) {
  erase(account(), Space::scan, first_key(account(), Space::scan, "N"));
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsAnEntryOfTheLogThatWasTrimmedOtherwise) {
  edit_head([](schema::HeadRecord& head) { head.floor = head.modseq; });
  expect_damage_too("index");
}
TEST_F(VerifyIndex, FindsAPositionThatNobodyCanHave) {
  edit_head([](schema::HeadRecord& head) { ++head.indexed.value; });
  expect_damage("index");
}
TEST_F(VerifyIndex, FindsDamagedRecords) {
  for (const char letter : std::string("VYPC")) {
    const std::string key = first_key(account(), Space::point, std::string(1, letter));
    const auto value = get(account(), Space::point, key);
    put(account(), Space::point, key, "junk");
    expect_damage_too("record");
    put(account(), Space::point, key, *value);
  }
  EXPECT_TRUE(fixture_.verify_clean());
}

}  // namespace
}  // namespace telepost
