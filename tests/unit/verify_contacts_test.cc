// What verify says of address books and cards: one thing is broken, and it is named.
#include "schema/contact_records.h"
#include "store/contacts_write.h"
#include "store/inspect.h"
#include "tests/unit/broken_store.h"

namespace telepost {
namespace {

using namespace test;

class VerifyContacts : public BrokenStore {
 protected:
  void SetUp() override {
    BrokenStore::SetUp();
    auto write = store::ContactsWrite::begin(fixture_.store(), ann_);
    ASSERT_TRUE(write.ok());
    schema::CardRecord card;
    card.uid = "one";
    card.kind = "individual";
    card.books = {1};
    card.text = "{}";
    card_ = write->put_card(card).value();
    card.uid = "two";
    ASSERT_TRUE(write->put_card(card).ok());
    ASSERT_TRUE(write->finish().ok());
    ASSERT_TRUE(fixture_.verify_clean());
  }
  schema::CardRecord card_;
};

TEST_F(VerifyContacts, NamesWhatIsMissingOrWrong) {
  struct Break {
    const char* check;
    std::function<void()> what;
  };
  const std::string key = keys::card(card_.number), change = keys::card_change(card_.modseq), uid = keys::card_by_uid("one");
  const auto put_card = [&](const std::function<void(schema::CardRecord&)>& edit_card) { edit(Space::scan, key, schema::decode_CardRecord, edit_card); };
  const std::vector<Break> breaks = {
      {"record", [&] { put(account(), Space::scan, key, "\x01junk"); }},
      {"record", [&] { put(account(), Space::point, keys::kContacts, "\x01junk"); }},
      {"contacts", [&] { erase(account(), Space::scan, uid); }},
      {"contacts", [&] { put(account(), Space::scan, keys::card_by_uid("three"), *get(account(), Space::scan, uid)); }},
      {"contacts", [&] { put_card([](schema::CardRecord& card) { card.books = {7}; }); }},
      {"contacts", [&] { put_card([](schema::CardRecord& card) { card.books.clear(); }); }},
      {"change", [&] { erase(account(), Space::scan, change); }},
      {"change", [&] { put_card([](schema::CardRecord& card) { card.modseq = schema::Modseq{1u << 20}; }); }},
      {"counter", [&] { put_card([](schema::CardRecord& card) { card.text += " "; }); }},
      {"contacts", [&] { edit(Space::point, std::string(keys::kContacts), schema::decode_ContactsRecord, [](schema::ContactsRecord& all) { all.default_book = 9; }); }},
      {"counter", [&] { edit(Space::point, std::string(keys::kContacts), schema::decode_ContactsRecord, [](schema::ContactsRecord& all) { ++all.books[0].cards; }); }}};
  for (std::size_t i = 0; i < breaks.size(); ++i) {
    const auto contacts = get(account(), Space::point, keys::kContacts), card = get(account(), Space::scan, key), told = get(account(), Space::scan, change),
               named = get(account(), Space::scan, uid);
    breaks[i].what();
    const auto report = store::verify(fixture_.store());
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->damage.contains(breaks[i].check)) << "break " << i;
    put(account(), Space::point, keys::kContacts, *contacts);
    put(account(), Space::scan, key, *card);
    put(account(), Space::scan, change, *told);
    put(account(), Space::scan, uid, *named);
    fixture_.engine().damage(account(), Space::scan, keys::card_by_uid("three"), std::nullopt);
    ASSERT_TRUE(fixture_.verify_clean()) << "break " << i;
  }
}

TEST_F(VerifyContacts, InspectNamesEachOfItsRecords) {
  std::set<std::string> layouts;
  ASSERT_TRUE(store::inspect(fixture_.store(), account(), [&](const store::Inspected& inspected) {
    EXPECT_TRUE(inspected.known()) << to_string(inspected);
    layouts.insert(inspected.layout);
    return true;
  }).ok());
  for (const char* layout : {"contacts", "card", "card_by_uid", "card_change"}) EXPECT_TRUE(layouts.contains(layout)) << layout;
}

}  // namespace
}  // namespace telepost
