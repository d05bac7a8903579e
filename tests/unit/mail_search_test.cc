// Which messages a search finds, against a model that reads them all; and how the full text comes to stand where the account is.
#include "store/mail_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "schema/keys.h"
#include "store/inspect.h"
#include "store/rooms.h"
#include "store/search_index.h"
#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::LocalId;
using schema::SearchField;
using store::MailSearch;
using store::SearchPhrase;
using store::SearchQuery;
using test::StoreFixture;

constexpr std::uint8_t kEverywhere = 0xff;

SearchQuery words(const std::vector<std::string>& list, std::uint8_t fields = kEverywhere) {
  SearchQuery query{fields, {}};
  for (const std::string& word : list) query.phrases.push_back({{word}, false});
  return query;
}
SearchQuery phrase(const std::vector<std::string>& list, bool last_is_begin = false, std::uint8_t fields = kEverywhere) { return {fields, {{list, last_is_begin}}}; }

class MailSearchTest : public testing::Test {
 protected:
  void SetUp() override { ann_ = fixture_.create("ann@example.test"); }
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }

  LocalId mail(const std::string& text, std::optional<Time> received = {}) {
    const auto delivered = fixture_.deliver_to(ann_, text, received);
    EXPECT_TRUE(delivered.ok()) << to_string(delivered.error());
    return delivered.ok() ? delivered->id.local : LocalId{};
  }
  std::vector<LocalId> find(const SearchQuery& query) {
    const auto search = MailSearch::open(fixture_.store(), ann_);
    EXPECT_TRUE(search.ok()) << to_string(search.error());
    const auto hits = search->find(query);
    EXPECT_TRUE(hits.ok()) << to_string(hits.error());
    std::vector<LocalId> locals;
    for (const auto& hit : *hits) locals.push_back(hit.local);
    return locals;
  }
  void read_all() {
    for (bool done = false; !done;) done = *index().read_on();
  }
  void pass_all() {
    for (bool done = false; !done;) done = *index().pass();
  }
  store::SearchIndex index() { return store::SearchIndex(rooms_of(fixture_.store()), ann_); }
  schema::SearchRecord record() {
    return *store::SearchIndex::record(*fixture_.engine().reader(schema::Partition::account(ann_)));
  }
  std::size_t postings() {
    std::size_t count = 0;
    EXPECT_TRUE(fixture_.engine().reader(schema::Partition::account(ann_))->scan(store::Space::scan, "W", "X", [&](std::string_view, std::string_view) { return ++count > 0; }).ok());
    return count;
  }
  std::map<std::string, std::string> records(store::Space space, std::string_view prefix) {
    std::map<std::string, std::string> all;
    EXPECT_TRUE(fixture_.engine().reader(schema::Partition::account(ann_))->scan(space, prefix, schema::keys::after(prefix), [&](std::string_view key, std::string_view value) {
      return all.emplace(key, value).second;
    }).ok());
    return all;
  }

  StoreFixture fixture_;
  schema::AccountId ann_;
};

// RFC 8621 section 4.4.1: any text/* part, and the addresses and the subject.
TEST_F(MailSearchTest, FindsWordsWhereverTheyStand) {
  const auto a = mail("From: Bob Müller <bob@example.net>\r\nTo: ann@example.test\r\nCc: carol@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus Wien\r\n\r\nDie Rechnungsnummer steht unten.\r\n");
  const auto b = mail("From: joe@example.com\r\nSubject: b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nplain words\r\n"
                      "--b\r\nContent-Type: text/html\r\n\r\n<p>html <b>bold</b> <script>hidden</script></p>\r\n"
                      "--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=\"Umsatz 2026.csv\"\r\n\r\ncolumn;value\r\n"
                      "--b\r\nContent-Type: application/octet-stream\r\n\r\nbinary\r\n"
                      "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: forwarded\r\n\r\ninner text\r\n--b--\r\n");
  const auto c = mail("Subject: c\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xE4\xB8\xAD\xE6\x96\x87\xE9\x82\xAE\xE4\xBB\xB6 \xE0\xB8\xA0\xE0\xB8\xB2\xE0\xB8\xA9\xE0\xB8\xB2\xE0\xB9\x84\xE0\xB8\x97\xE0\xB8\xA2\r\n");
  for (const bool is_indexed : {false, true}) {
    if (is_indexed) read_all();
    const auto in = [](SearchField field) { return schema::bit(field); };
    EXPECT_EQ(find(words({"grusse"})), std::vector{a});
    EXPECT_EQ(find(words({"grusse"}, in(SearchField::subject))), std::vector{a});
    EXPECT_EQ(find(words({"grusse"}, in(SearchField::body))), std::vector<LocalId>{});
    EXPECT_EQ(find(words({"muller"}, in(SearchField::from))), std::vector{a});
    EXPECT_EQ(find(phrase({"bob", "example", "net"}, false, in(SearchField::from))), std::vector{a});
    EXPECT_EQ(find(words({"carol"}, in(SearchField::cc))), std::vector{a});
    EXPECT_EQ(find(words({"carol"}, in(SearchField::to))), std::vector<LocalId>{});
    EXPECT_EQ(find(phrase({"rechnung"}, true)), std::vector{a});
    EXPECT_EQ(find(words({"rechnung"})), std::vector<LocalId>{});
    for (const char* word : {"plain", "html", "bold", "column", "umsatz", "inner"}) EXPECT_EQ(find(words({word})), std::vector{b}) << word;
    for (const char* word : {"hidden", "binary"}) EXPECT_EQ(find(words({word})), std::vector<LocalId>{}) << word;
    EXPECT_EQ(find(words({"umsatz"}, in(SearchField::attachment))), std::vector{b});
    EXPECT_EQ(find(phrase({"html", "bold"})), std::vector{b});
    EXPECT_EQ(find(phrase({"words", "html"})), std::vector<LocalId>{});  // the one text ends there
    EXPECT_EQ(find(phrase({"\xE6\x96\x87", "\xE9\x82\xAE"})), std::vector{c});
    EXPECT_EQ(find(words({"\xE0\xB9\x84\xE0\xB8\x97\xE0\xB8\xA2"})), std::vector{c});
    EXPECT_EQ(find(words({"b", "joe"})), std::vector{b});
    EXPECT_EQ(find(words({"grusse", "joe"})), std::vector<LocalId>{});
  }
}

TEST_F(MailSearchTest, FindsWhatIsLearnedLaterAndWhatOtherKindsSay) {
  store::Incoming incoming = test::incoming_for(fixture_.store(), {ann_});
  incoming.origin.identity = "trunk";
  const auto delivered = fixture_.deliver(std::move(incoming), "Telepost-Kind: voice\r\nTelepost-Caller: tel:+15550199\r\nContent-Type: audio/basic\r\n\r\nx\r\n")[0];
  ASSERT_TRUE(delivered.ok());
  const LocalId call = delivered->id.local;
  EXPECT_EQ(find(words({"15550199"}, schema::bit(SearchField::from))), std::vector{call});
  read_all();
  const std::uint32_t before = record().next;
  ASSERT_TRUE(fixture_.store().changer().set_keywords(delivered->id, {"$seen"}, {}).ok());
  read_all();
  EXPECT_EQ(record().next, before) << "keywords are no words";
  ASSERT_TRUE(fixture_.store().changer().annotate({delivered->id, fixture_.store().now(), "transcript", "de", "test", "bitte zurückrufen"}).ok());
  for (const bool is_indexed : {false, true}) {
    if (is_indexed) read_all();
    EXPECT_EQ(find(words({"zuruckrufen"}, schema::bit(SearchField::annotation))), std::vector{call});
    EXPECT_EQ(find(words({"15550199"})), std::vector{call});
  }
  EXPECT_EQ(record().next, before + 1);
  EXPECT_EQ(record().dead, 1u);
}

TEST_F(MailSearchTest, GivesTheNewestFirst) {
  const Time begin = from_millis(1'700'000'000'000);
  const auto a = mail("\r\nx\r\n", begin + 2min), b = mail("\r\nx\r\n", begin + 3min), c = mail("\r\nx\r\n", begin + 1min), d = mail("\r\nx\r\n", begin + 3min);
  EXPECT_EQ(find(words({"x"})), (std::vector{d, b, a, c}));
  read_all();
  const auto e = mail("\r\nx\r\n", begin);
  EXPECT_EQ(find(words({"x"})), (std::vector{d, b, a, c, e}));
}

TEST_F(MailSearchTest, FindsNothingOfWhatIsGone) {
  const auto a = mail("\r\nsecret one\r\n"), b = mail("\r\nsecret two\r\n");
  read_all();
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, a}).ok());
  EXPECT_EQ(find(words({"secret"})), std::vector{b});
  read_all();
  EXPECT_EQ(find(words({"secret"})), std::vector{b});
  EXPECT_TRUE(store::SearchIndex::wants_pass(record()));
  EXPECT_FALSE(records(store::Space::scan, schema::keys::postings_of("one")).empty());
  pass_all();
  EXPECT_TRUE(records(store::Space::scan, schema::keys::postings_of("one")).empty()) << "its words stay";
  EXPECT_EQ(find(words({"secret"})), std::vector{b});
  EXPECT_TRUE(fixture_.verify_clean());
}

// What is indexed of an account that was emptied is what is indexed of one that never had anything.
TEST_F(MailSearchTest, AnEmptiedAccountHasNothingOfItLeft) {
  for (int i = 0; i < 300; ++i) mail("Subject: s" + std::to_string(i) + "\r\n\r\nword\r\n");
  read_all();
  EXPECT_GT(postings(), 300u);
  const auto page = *fixture_.store().reader().list_by_uid(ann_, store::kInbox, {1}, {UINT32_MAX}, 1000);
  for (const auto& listed : page.messages) {
    ASSERT_TRUE(fixture_.store().changer().expunge({ann_, listed.summary.local}).ok());
  }
  for (int day = 0; day < 200; ++day) {
    ASSERT_TRUE(fixture_.sweep().ok());
    fixture_.clock().advance(23h);
  }
  EXPECT_EQ(postings(), 0u);
  EXPECT_TRUE(records(store::Space::scan, schema::keys::kSearchDocuments).empty());
  EXPECT_TRUE(records(store::Space::point, "S").empty());
  EXPECT_EQ(record().live + record().dead, 0u);
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(MailSearchTest, WhatComesBackIsFoundAgain) {
  fixture_.store().set_classes(test::classes_of("<class name='standard'><undelete keep='P1D'/></class>"));
  const auto a = mail("\r\nback\r\n"), b = mail("\r\nagain\r\n");
  read_all();
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, a}).ok());
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, b}).ok());
  read_all();
  EXPECT_EQ(find(words({"back"})), std::vector<LocalId>{});
  ASSERT_TRUE(fixture_.store().undelete().restore({ann_, a}).ok());
  EXPECT_EQ(find(words({"back"})), std::vector{a});
  // Gone and back before anybody read of it.
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, a}).ok());
  ASSERT_TRUE(fixture_.store().undelete().restore({ann_, a}).ok());
  EXPECT_EQ(find(words({"back"})), std::vector{a});
  read_all();
  EXPECT_EQ(find(words({"back"})), std::vector{a});
  // Gone for good before anybody read of it.
  ASSERT_TRUE(fixture_.store().changer().expunge({ann_, a}).ok());
  fixture_.clock().advance(48h);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(find(words({"back"})), std::vector<LocalId>{});
  EXPECT_TRUE(fixture_.verify_clean());
}

// A long tail is read on by whoever asks, as far as a request may take; due work reads it where nobody does.
TEST_F(MailSearchTest, DueWorkReadsWhereTheTailIsLong) {
  for (int i = 0; i < 700; ++i) mail("\r\nword" + std::to_string(i % 10) + "\r\n");
  EXPECT_EQ(record(), schema::SearchRecord{}) << "deliveries write nothing for it";
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_GE(record().live, 500u);
  EXPECT_EQ(find(words({"word3"})).size(), 70u);
}

TEST_F(MailSearchTest, BoundsWhatOneMessageMayCost) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += "w" + std::to_string(i) + (i % 10 == 9 ? "\r\n" : " ");
  const auto hostile = mail("Subject: distinct\r\n\r\n" + body);
  std::string same;
  for (int i = 0; i < 300'000; ++i) same += i % 30 == 29 ? "aa\r\n" : "aa ";
  const auto repeated = mail("Subject: repeated\r\n\r\n" + same);
  const auto after = mail("Subject: after\r\n\r\nw5\r\n");
  read_all();
  EXPECT_EQ(find(words({"w5"})), (std::vector{after, hostile}));
  EXPECT_EQ(find(words({"aa"})), std::vector{repeated});
  EXPECT_EQ(find(words({"w99999"})), std::vector<LocalId>{});
  std::uint64_t words_of_hostile = 0;
  for (const auto& [key, value] : records(store::Space::point, "S")) words_of_hostile = std::max<std::uint64_t>(words_of_hostile, schema::decode_SearchedMessageRecord(value)->words);
  EXPECT_EQ(words_of_hostile, store::kMostWordsOfMessage);
}

// The model: what a message says is known as it is made, so that no code under test reads it.
class Model {
 public:
  struct Message {
    std::vector<std::string> subject, body;
  };
  std::map<LocalId, Message> messages;

  static bool has(const std::vector<std::string>& text, const SearchPhrase& phrase) {
    for (std::size_t at = 0; at + phrase.words.size() <= text.size(); ++at) {
      bool all = true;
      for (std::size_t i = 0; i < phrase.words.size() && all; ++i) {
        const bool is_begin = phrase.last_is_begin && i + 1 == phrase.words.size();
        all = is_begin ? text[at + i].starts_with(phrase.words[i]) : text[at + i] == phrase.words[i];
      }
      if (all) return true;
    }
    return false;
  }
  std::set<LocalId> find(const SearchQuery& query) const {
    std::set<LocalId> found;
    for (const auto& [local, message] : messages) {
      const bool all = std::all_of(query.phrases.begin(), query.phrases.end(), [&](const SearchPhrase& each) {
        return ((query.fields & bit(SearchField::subject)) != 0 && has(message.subject, each)) || ((query.fields & bit(SearchField::body)) != 0 && has(message.body, each));
      });
      if (all) found.insert(local);
    }
    return found;
  }
};

TEST_F(MailSearchTest, FindsWhatAModelFindsWhateverHappens) {
  std::mt19937 engine(11);
  const auto random = [&] { return static_cast<unsigned>(engine()); };
  Model model;
  // Few words are in most messages, many in few.
  const auto word = [&] {
    std::string text = "w";
    for (unsigned n = random() % 7 == 0 ? random() % 400 : random() % 6, i = 0; i < 3; ++i, n /= 8) text.push_back(static_cast<char>('a' + n % 8));
    return text;
  };
  const auto text = [&](unsigned most) {
    std::vector<std::string> list;
    for (unsigned i = random() % most; i > 0; --i) list.push_back(word());
    return list;
  };
  const auto joined = [](const std::vector<std::string>& list) {
    std::string all;
    for (std::size_t i = 0; i < list.size(); ++i) all += list[i] + (i % 8 == 7 ? "\r\n" : " ");
    return all;
  };
  for (int round = 0; round < 40; ++round) {
    SCOPED_TRACE(round);
    for (unsigned i = random() % 60; i > 0; --i) {
      Model::Message message{text(6), text(40)};
      const LocalId local = mail("Subject: " + joined(message.subject) + "\r\n\r\n" + joined(message.body) + "\r\n");
      model.messages[local] = std::move(message);
    }
    for (unsigned i = model.messages.empty() ? 0 : random() % 20; i > 0 && !model.messages.empty(); --i) {
      const auto gone = std::next(model.messages.begin(), static_cast<std::ptrdiff_t>(random() % model.messages.size()));
      ASSERT_TRUE(fixture_.store().changer().expunge({ann_, gone->first}).ok());
      model.messages.erase(gone);
    }
    switch (random() % 4) {
      case 0: read_all(); break;
      case 1: read_all(); (void)index().pass(); break;
      case 2: pass_all(); break;
      default: break;
    }
    for (int question = 0; question < 25; ++question) {
      SearchQuery query{static_cast<std::uint8_t>(random() % 3 == 0 ? bit(SearchField::subject) : random() % 2 ? bit(SearchField::body) : 0xff), {}};
      for (unsigned i = 1 + random() % 3; i > 0; --i) {
        SearchPhrase& one = query.phrases.emplace_back();
        for (unsigned k = random() % 3 == 0 ? 2 + random() % 2 : 1; k > 0; --k) one.words.push_back(word());
        one.last_is_begin = random() % 3 == 0;
        if (one.last_is_begin) one.words.back().resize(2 + random() % 2);
      }
      const auto found = find(query);
      EXPECT_EQ(std::set<LocalId>(found.begin(), found.end()), model.find(query));
      EXPECT_EQ(std::set<LocalId>(found.begin(), found.end()).size(), found.size());
    }
    if (HasFailure()) break;
    if (round % 8 == 7) {
      EXPECT_TRUE(fixture_.verify_clean());
    }
  }
}

TEST_F(MailSearchTest, ACrashBetweenAnyTwoBatchesCostsNothing) {
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed && !HasFailure(); ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    StoreFixture fixture;
    const auto ann = fixture.create("ann@example.test");
    const auto search_all = [&]() -> Result<void> {
      store::SearchIndex index(rooms_of(fixture.store()), ann);
      for (bool done = false; !done;) {
        TELEPOST_ASSIGN(done, index.read_on());
      }
      for (bool done = false; !done;) {
        TELEPOST_ASSIGN(done, index.pass());
      }
      return {};
    };
    std::vector<schema::MessageId> mails;
    for (int i = 0; i < 600; ++i) mails.push_back(fixture.deliver_to(ann, "Subject: n" + std::to_string(i) + "\r\n\r\nall some" + std::to_string(i % 7) + "\r\n")->id);
    ASSERT_TRUE(store::SearchIndex(rooms_of(fixture.store()), ann).read_on().ok());
    for (std::size_t i = 0; i < mails.size(); i += 3) ASSERT_TRUE(fixture.store().changer().expunge(mails[i]).ok());
    fixture.engine().crash_before_batch(batch);
    crashed = !search_all().ok();
    EXPECT_EQ(crashed, fixture.engine().crashed());
    fixture.reopen();
    EXPECT_TRUE(fixture.verify_clean());
    {
      const auto search = MailSearch::open(fixture.store(), ann);
      ASSERT_TRUE(search.ok());
      EXPECT_EQ(search->find(words({"all"}))->size(), 400u);
      EXPECT_EQ(search->find(phrase({"n59"}, true))->size(), 8u);  // n59, n590 to n599 without those that three divides
      EXPECT_EQ(search->find(words({"n0"}))->size(), 0u);
    }
    ASSERT_TRUE(search_all().ok());
    EXPECT_TRUE(fixture.verify_clean());
    EXPECT_TRUE(fixture.empties_to_nothing());
    ASSERT_LT(batch, 40u);
  }
}

TEST_F(MailSearchTest, APassMakesFewLongBlocksOfManyShortOnes) {
  for (int i = 0; i < 4'200; ++i) {
    mail("\r\ncommon rare" + std::to_string(i) + "\r\n");
    if (i % 50 == 49) read_all();
  }
  const std::size_t before = records(store::Space::scan, schema::keys::postings_of("common")).size();
  EXPECT_GE(before, 80u);
  ASSERT_TRUE(store::SearchIndex::wants_pass(record()));
  pass_all();
  EXPECT_LE(records(store::Space::scan, schema::keys::postings_of("common")).size(), before / 5);
  EXPECT_EQ(find(words({"common"})).size(), 4'200u);
  EXPECT_EQ(find(words({"common", "rare77"})).size(), 1u);
  EXPECT_FALSE(store::SearchIndex::wants_pass(record()));
}

TEST_F(MailSearchTest, InspectKnowsItsRecordsAndTellsNoWord) {
  mail("Subject: confidential\r\n\r\nx\r\n");
  read_all();
  std::set<std::string> layouts;
  EXPECT_TRUE(store::inspect(fixture_.store(), schema::Partition::account(ann_), [&](const store::Inspected& inspected) {
    EXPECT_TRUE(inspected.known()) << to_string(inspected);
    EXPECT_EQ(to_string(inspected).find("confidential"), std::string::npos);
    layouts.insert(inspected.layout);
    return true;
  }).ok());
  for (const char* layout : {"search", "searched_message", "search_documents", "postings"}) EXPECT_TRUE(layouts.contains(layout)) << layout;
}

TEST_F(MailSearchTest, AnAccountThatIsNotThereIsNotFound) {
  EXPECT_EQ(MailSearch::open(fixture_.store(), {12345}).error().kind, Errc::not_found);
}

}  // namespace
}  // namespace telepost
