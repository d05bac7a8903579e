// Address books and cards in the store: what is counted, told and found, and that nothing of it is left behind.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/contacts_write.h"
#include "tests/support/spaced_hex.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using schema::CardRecord;
using store::ContactsWrite;
using test::unhexed;

class Contacts : public testing::Test {
 protected:
  ~Contacts() override {
    EXPECT_TRUE(fixture_.verify_clean());
    EXPECT_TRUE(fixture_.empties_to_nothing());
  }
  static CardRecord card(const std::string& uid, std::vector<std::uint32_t> books = {1}, std::vector<std::string> members = {}) {
    CardRecord record;
    record.uid = uid;
    record.books = std::move(books);
    record.kind = members.empty() ? "individual" : "group";
    record.members = std::move(members);
    if (record.members.empty()) record.addresses = {"mailto:" + uid + "@example.com"};
    record.text = R"({"uid":")" + uid + "\"}";
    return record;
  }
  ContactsWrite write() { return ContactsWrite::begin(fixture_.store(), account_).value(); }
  store::Contacts contacts() { return store::Contacts::open(fixture_.store(), account_).value(); }
  std::uint64_t put(CardRecord record) {
    ContactsWrite one = write();
    const auto kept = one.put_card(std::move(record));
    EXPECT_TRUE(kept.ok()) << to_string(kept.error());
    EXPECT_TRUE(one.finish().ok());
    return kept->number;
  }
  std::uint32_t make_book(const std::string& name) {
    ContactsWrite one = write();
    schema::AddressBookRecord book;
    book.name = name;
    const auto made = one.put_book(book);
    EXPECT_TRUE(made.ok() && one.finish().ok());
    return made->number;
  }
  std::vector<std::string> members_of(const std::string& uid) {
    std::vector<std::string> uids;
    const auto found = contacts().members_of(uid);
    EXPECT_TRUE(found.ok()) << to_string(found.error());
    for (const store::GroupMember& member : found->members) uids.push_back(member.uid);
    return uids;
  }

  test::StoreFixture fixture_;
  const schema::AccountId account_ = fixture_.create("mailto:ann@example.test");
};

TEST(ContactRecords, LieOnDiskAsTheyDidInVersionOne) {
  schema::ContactsRecord contacts;
  contacts.books = {{1, "A", "d", 4, true, 2, schema::Modseq{3}, schema::Modseq{5}}};
  contacts.default_book = 1;
  contacts.next_book = 2;
  contacts.cards = 2;
  contacts.bytes = 30;
  const std::string golden = unhexed("01 01 01 01 41 01 64 04 01 02 03 05 01 02 02 1e");
  EXPECT_EQ(to_hex(encode(contacts)), to_hex(golden));
  EXPECT_EQ(schema::decode_ContactsRecord(golden).value(), contacts);
  const CardRecord card{7, schema::Modseq{1}, schema::Modseq{2}, {1, 3}, "u", "group", {"m"}, {"tel:1"}, "{}"};
  const std::string golden_card = unhexed("01 07 01 02 02 01 03 01 75 05 67726f7570 01 01 6d 01 05 74656c3a31 02 7b7d");
  EXPECT_EQ(to_hex(encode(card)), to_hex(golden_card));
  EXPECT_EQ(schema::decode_CardRecord(golden_card).value(), card);
  EXPECT_EQ(schema::decode_CardChangeRecord(unhexed("01 05 03")).value(), (schema::CardChangeRecord{5, schema::Modseq{3}}));
  EXPECT_FALSE(schema::decode_CardRecord(unhexed("01 07")).ok());
}

TEST_F(Contacts, OneBookIsThereBeforeAnybodyWrote) {
  const auto before = contacts();
  ASSERT_EQ(before.books().books.size(), 1u);
  EXPECT_EQ(before.books().default_book, before.books().books[0].number);
  ContactsWrite nothing = write();
  const auto step = nothing.finish();
  ASSERT_TRUE(step.ok());
  EXPECT_EQ(step->before, step->after);
  EXPECT_EQ(contacts().modseq(), before.modseq());
}

TEST_F(Contacts, CountsCardsAndBytes) {
  const std::uint32_t book = make_book("Work");
  const std::uint64_t one = put(card("one", {1, book})), two = put(card("two", {book}));
  EXPECT_EQ(contacts().books().cards, 2u);
  EXPECT_EQ(contacts().book(1)->cards, 1u);
  EXPECT_EQ(contacts().book(book)->cards, 2u);
  CardRecord changed = *contacts().card(one).value();
  changed.books = {1};
  changed.text = R"({"uid":"one","more":"text"})";
  EXPECT_EQ(put(changed), one);
  EXPECT_EQ(contacts().book(book)->cards, 1u);
  ContactsWrite last = write();
  EXPECT_TRUE(last.remove_card(two).ok() && last.finish().ok());
  EXPECT_EQ(contacts().books().cards, 1u);
  EXPECT_EQ(contacts().card_by_uid("one").value(), one);
  EXPECT_FALSE(contacts().card_by_uid("two").value());
}

TEST_F(Contacts, RefusesWhatIsOutOfBounds) {
  put(card("one"));
  ContactsWrite one = write();
  EXPECT_EQ(one.put_card(card("one")).error().kind, Errc::exists);
  EXPECT_EQ(one.put_card(card("two", {})).error().kind, Errc::invalid);
  EXPECT_EQ(one.put_card(card("two", {9})).error().kind, Errc::invalid);
  CardRecord large = card("two");
  large.text.resize(store::kMostCardBytes + 1);
  EXPECT_EQ(one.put_card(large).error().kind, Errc::too_large);
  CardRecord missing = card("three");
  missing.number = 99;
  EXPECT_EQ(one.put_card(missing).error().kind, Errc::not_found);
  EXPECT_EQ(one.remove_book(1, ContactsWrite::Cards::go).error().kind, Errc::refused);
  EXPECT_EQ(one.remove_book(9, ContactsWrite::Cards::go).error().kind, Errc::not_found);
  EXPECT_EQ(one.put_book({}).error().kind, Errc::invalid);
  for (std::size_t i = 1; i < store::kMostAddressBooks; ++i) {
    schema::AddressBookRecord book;
    book.name = std::to_string(i);
    ASSERT_TRUE(one.put_book(book).ok());
  }
  schema::AddressBookRecord book;
  book.name = "one more";
  EXPECT_EQ(one.put_book(book).error().kind, Errc::too_many);
}

TEST_F(Contacts, ManyLargeCardsGoInSeveralBatches) {
  const std::uint32_t book = make_book("Large");
  ContactsWrite many = write();
  for (int i = 0; i < 40; ++i) {
    CardRecord large = card("card" + std::to_string(i), {book});
    large.text = "\"" + std::string(store::kMostCardBytes - 2, 'x') + "\"";
    ASSERT_TRUE(many.make_room().ok());
    ASSERT_TRUE(many.put_card(large).ok());
  }
  const auto step = many.finish();
  ASSERT_TRUE(step.ok());
  EXPECT_TRUE(step->is_whole);
  EXPECT_EQ(contacts().book(book)->cards, 40u);
  const schema::Modseq before = contacts().modseq();
  ContactsWrite all = write();
  EXPECT_EQ(all.remove_book(book, ContactsWrite::Cards::stay).error().kind, Errc::refused);
  ASSERT_TRUE(all.remove_book(book, ContactsWrite::Cards::go).ok());
  ASSERT_TRUE(all.finish().ok());
  EXPECT_EQ(contacts().books().cards, 0u);
  EXPECT_EQ(contacts().books().bytes, 0u);
  const auto told = contacts().card_changes(before, 1'000);
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(told->changes.size(), 40u);
  EXPECT_EQ(contacts().book_changes(before)->changes.size(), 1u);
}

// Members lie in a card's text and beside it.
TEST_F(Contacts, ACardOfAnAlmostFullAccountGrowsByWhatIsLeft) {
  ContactsWrite one = write();
  CardRecord last;
  for (int i = 0; i < 256; ++i) {  // 255 of 256 KiB and a smaller one: about 140 KiB are left
    CardRecord large = card("large" + std::to_string(i));
    large.text = std::string(i < 255 ? store::kMostCardBytes : 100'000, 'x');
    ASSERT_TRUE(one.make_room().ok());
    auto kept = one.put_card(std::move(large));
    ASSERT_TRUE(kept.ok()) << i << ": " << to_string(kept.error());
    last = *std::move(kept);
  }
  ASSERT_TRUE(one.make_room().ok());
  last.text = std::string(200'000, 'x');
  EXPECT_TRUE(one.put_card(last).ok()) << "its old text makes room for the new one";
  last.text = std::string(store::kMostCardBytes, 'x');
  EXPECT_EQ(one.put_card(last).error().kind, Errc::over_quota);
  EXPECT_TRUE(one.finish().ok());
}

TEST_F(Contacts, LargeGroupsFitIntoTheirBatches) {
  ContactsWrite many = write();
  for (int i = 0; i < 20; ++i) {
    CardRecord group = card("group" + std::to_string(i), {1}, {std::string(store::kMostCardBytes - 100, 'm')});
    group.text = "\"" + std::string(store::kMostCardBytes - 2, 'x') + "\"";
    ASSERT_TRUE(many.make_room().ok());
    ASSERT_TRUE(many.put_card(group).ok());
  }
  for (std::size_t i = 1; i < store::kMostAddressBooks; ++i) {
    schema::AddressBookRecord book;
    book.name = std::string(store::kMostBookNameBytes, 'n');
    book.description = std::string(store::kMostBookDescriptionBytes, 'd');
    ASSERT_TRUE(many.make_room().ok());
    ASSERT_TRUE(many.put_book(book).ok());
  }
  ASSERT_TRUE(many.finish().ok());
  EXPECT_EQ(contacts().books().cards, 20u);
}

TEST_F(Contacts, TellsChangesUpToAState) {
  const schema::Modseq start = contacts().modseq();
  const std::uint64_t one = put(card("one"));
  put(card("two"));
  ContactsWrite last = write();
  ASSERT_TRUE(last.remove_card(one).ok() && last.finish().ok());
  EXPECT_EQ(contacts().card_changes(start, 10)->changes.size(), 1u) << "what came and went is nobody's news";
  const schema::Modseq then = contacts().modseq();
  for (int i = 0; i < 5; ++i) put(card("more" + std::to_string(i)));
  const auto cut = contacts().card_changes(then, 3);
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->changes.size(), 3u);
  EXPECT_LT(cut->until, contacts().modseq());
  EXPECT_EQ(contacts().card_changes(cut->until, 3)->changes.size(), 2u);
}

TEST_F(Contacts, AGroupLeadsToItsMembersOnce) {
  put(card("ann"));
  put(card("bob"));
  put(card("inner", {1}, {"bob", "outer", "mailto:list@example.com"}));
  put(card("outer", {1}, {"ann", "inner", "nobody", "outer"}));
  EXPECT_EQ(members_of("outer"), (std::vector<std::string>{"ann", "bob", "mailto:list@example.com"}));
  const auto outer = contacts().members_of("outer").value();
  EXPECT_EQ(outer.unknown, std::vector<std::string>{"nobody"});
  EXPECT_EQ(outer.members[0].addresses, std::vector<std::string>{"mailto:ann@example.com"});
  EXPECT_EQ(outer.members[2].card, 0u);
  EXPECT_EQ(contacts().members_of("ann").error().kind, Errc::invalid);
  EXPECT_EQ(contacts().members_of("nobody").error().kind, Errc::not_found);
}

TEST_F(Contacts, AGroupThatLeadsToTooManyIsRefused) {
  std::vector<std::string> members;
  for (std::size_t i = 0; i < store::kMostGroupMembers; ++i) members.push_back("m" + std::to_string(i));
  put(card("crowd", {1}, members));
  EXPECT_EQ(contacts().members_of("crowd").error().kind, Errc::too_many);
}

TEST_F(Contacts, TombstonesEndWithThoseOfTheAccount) {
  const std::uint64_t one = put(card("one"));
  const schema::Modseq before = contacts().modseq();
  ContactsWrite last = write();
  ASSERT_TRUE(last.remove_card(one).ok() && last.finish().ok());
  EXPECT_EQ(contacts().card_changes(before, 10)->changes.size(), 1u);
  fixture_.clock().advance(std::chrono::hours(24 * 100));
  ASSERT_TRUE(fixture_.sweep().ok());
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_GT(contacts().floor(), before);
}

}  // namespace
}  // namespace telepost
