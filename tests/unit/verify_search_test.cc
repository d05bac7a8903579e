// What verify says of an account's full text in which one thing is broken.
#include "schema/search_records.h"
#include "store/search_index.h"
#include "tests/unit/broken_store.h"

namespace telepost {
namespace {

using namespace test;

class VerifySearch : public BrokenStore {
 protected:
  void SetUp() override {
    BrokenStore::SetUp();
    gone_ = deliver(ann_, "Subject: gone\r\n\r\nwill go\r\n");
    store::SearchIndex index(rooms_of(fixture_.store()), ann_);
    ASSERT_TRUE(*index.read_on());
    ASSERT_TRUE(fixture_.store().changer().expunge(gone_).ok());
    ASSERT_TRUE(*index.read_on());
    ASSERT_EQ(search().dead, 1u);
    ASSERT_TRUE(fixture_.verify_clean());
  }
  schema::SearchRecord search() { return *schema::decode_SearchRecord(*get(account(), Space::point, keys::kSearch)); }
  schema::SearchNumber number_of(schema::MessageId id) {
    return schema::decode_SearchedMessageRecord(*get(account(), Space::point, keys::searched_message(id.local)))->number;
  }
  void edit_search(const std::function<void(schema::SearchRecord&)>& change) { edit(Space::point, std::string(keys::kSearch), schema::decode_SearchRecord, change); }
  void edit_documents(const std::function<void(schema::SearchDocuments&)>& change) { edit(Space::scan, keys::search_documents(0), schema::decode_SearchDocuments, change); }
  schema::MessageId gone_;
};

TEST_F(VerifySearch, FindsAMessageWithoutItsWords) {
  erase(account(), Space::point, keys::searched_message(small_.local));
  expect_damage("search");
}
TEST_F(VerifySearch, FindsWordsOfAMessageThatIsNotThere) {
  put(account(), Space::point, keys::searched_message({77}), schema::encode(schema::SearchedMessageRecord{0, {}, 1, 1}));
  expect_damage("search");
}
TEST_F(VerifySearch, FindsAPostingThatIsMissing) {
  erase(account(), Space::scan, first_key(account(), Space::scan, keys::postings_of("first")));
  expect_damage("search");
}
TEST_F(VerifySearch, FindsAPostingAtAnotherPlace) {
  const std::string key = first_key(account(), Space::scan, keys::postings_of("first"));
  schema::PostingBlock block;
  block.add({number_of(small_), schema::bit(schema::SearchField::body), "\x01\x05"});
  put(account(), Space::scan, key, block.take());
  expect_damage("search");
}
TEST_F(VerifySearch, FindsAPostingOfAnotherWord) {
  const std::string key = first_key(account(), Space::scan, keys::postings_of("first"));
  const std::string value = *get(account(), Space::scan, key);
  erase(account(), Space::scan, key);
  put(account(), Space::scan, keys::postings("fist", keys::posting_key(key)->last), value);
  expect_damage("search");
}
TEST_F(VerifySearch, FindsAPostingOfNoDocument) {
  schema::PostingBlock block;
  block.add({9'999, 1, "\x01\x01"});
  put(account(), Space::scan, keys::postings("nobody", 9'999), block.take());
  expect_damage("search");
}
TEST_F(VerifySearch, FindsABlockThatIsNone) {
  put(account(), Space::scan, first_key(account(), Space::scan, keys::postings_of("first")), "\x01\x7f");
  expect_damage("search");
}
TEST_F(VerifySearch, FindsAnotherMessagesDocument) {
  edit(Space::point, keys::searched_message(small_.local), schema::decode_SearchedMessageRecord, [&](schema::SearchedMessageRecord& record) { record.number = number_of(copied_); });
  expect_damage("search");
}
TEST_F(VerifySearch, FindsDocumentsThatAreMissing) {
  erase(account(), Space::scan, keys::search_documents(0));
  expect_damage("search");
}
TEST_F(VerifySearch, FindsADocumentAtAnotherTime) {
  edit_documents([&](schema::SearchDocuments& documents) { documents.list[number_of(small_)].received += std::chrono::hours(1); });
  expect_damage("search");
}
TEST_F(VerifySearch, FindsADocumentThatIsHeldToBeGone) {
  edit_documents([&](schema::SearchDocuments& documents) { documents.list[number_of(small_)] = {{}, {}, {1}}; });
  expect_damage("search");
}
TEST_F(VerifySearch, FindsThatItCountsOtherwise) {
  edit_search([](schema::SearchRecord& record) { ++record.dead; });
  expect_damage("search");
}
TEST_F(VerifySearch, FindsThatItHasReadTooFar) {
  edit_search([](schema::SearchRecord& record) { record.position.value += 100; });
  expect_damage("search");
}

}  // namespace
}  // namespace telepost
