// RFC 8621 sections 4.4.1 and 5: emails by their words, and what of them is shown.
#include <gtest/gtest.h>

#include "adapters/jmap/text_query.h"
#include "base/bytes.h"
#include "schema/search_records.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using adapters::jmap::fields_of;
using adapters::jmap::Json;
using adapters::jmap::json_of;
using adapters::jmap::marked;
using adapters::jmap::marked_section;
using adapters::jmap::stretches_of;
using adapters::jmap::text_query;
using store::SearchPhrase;
using test::JmapMail;

TEST(JmapText, IsWordsAndPhrases) {  // section 4.4.1
  const auto phrases = [](const char* text) { return text_query(text, fields_of("text"))->phrases; };
  using Phrases = std::vector<SearchPhrase>;
  EXPECT_EQ(phrases("Grüße an Bob"), (Phrases{{{"grusse"}, true}, {{"an"}, false}, {{"bob"}, true}}));
  EXPECT_EQ(phrases("\"the Word\" 'no 5'"), (Phrases{{{"the", "word"}, false}, {{"no", "5"}, false}}));
  EXPECT_EQ(phrases("ann@example.test"), (Phrases{{{"ann", "example", "test"}, true}}));
  EXPECT_EQ(phrases("a*"), (Phrases{{{"a"}, true}}));
  EXPECT_EQ(phrases("\"a*\""), (Phrases{{{"a"}, false}}));
  EXPECT_EQ(phrases("邮件"), (Phrases{{{"邮", "件"}, false}}));
  EXPECT_EQ(phrases("don't"), (Phrases{{{"don", "t"}, false}}));
  EXPECT_EQ(phrases("\"open"), (Phrases{{{"open"}, false}}));
  EXPECT_EQ(phrases(" !? "), Phrases{});
  EXPECT_EQ(fields_of("colour"), 0);
  EXPECT_FALSE(text_query(std::string(1'025, 'x'), 1));
  std::string many;
  for (int i = 0; i < 33; ++i) many += "w ";
  EXPECT_FALSE(text_query(many, 1));
}

// Section 5: escaped, whole words marked, 255 octets at most.
TEST(JmapSnippet, MarksWhatMatches) {
  const std::vector<SearchPhrase> foo = {{{"foo"}, true}}, two = {{{"open", "the"}, false}, {{"box"}, false}};
  EXPECT_EQ(marked("a foobar <b> & FOO", stretches_of(foo, "a foobar <b> & FOO")), "a <mark>foobar</mark> &lt;b&gt; &amp; <mark>FOO</mark>");
  EXPECT_EQ(marked("Open the box: open a box", stretches_of(two, "Open the box: open a box")), "<mark>Open the</mark> <mark>box</mark>: open a <mark>box</mark>");
  EXPECT_TRUE(stretches_of(foo, "nothing").empty());
  EXPECT_TRUE(stretches_of({}, "foo").empty());
  const std::string text = std::string(300, 'x') + " some words\r\n\tbefore foo and " + std::string(300, 'y');
  const std::string section = marked_section(text, stretches_of(foo, text), 255);
  EXPECT_EQ(section, "some words before <mark>foo</mark> and");
}

TEST(JmapSnippet, IsBoundedWhateverStandsThere) {
  const std::vector<SearchPhrase> foo = {{{"foo"}, true}};
  const std::string pieces[] = {"foo", "&&&&&&&&&&", "<", " ", "\n", "\xC3\xBC", "\xE4\xB8\xAD", "foo\xC3\xBC\xC3\xBC", "words and words ", std::string(80, 'o'), "foo" + std::string(500, 'o')};
  std::uint64_t seed = 5;
  for (int round = 0; round < 3'000; ++round) {
    std::string text;
    for (int i = static_cast<int>((seed = seed * 6364136223846793005u + 1) >> 33) % 60; i >= 0; --i) text += pieces[((seed = seed * 6364136223846793005u + 1) >> 33) % std::size(pieces)];
    const auto stretches = stretches_of(foo, text);
    const std::string section = marked_section(text, stretches, 255);
    EXPECT_LE(section.size(), 255u);
    EXPECT_TRUE(is_valid_utf8(section)) << section;
    EXPECT_EQ(section.find("<mark>") != std::string::npos, !stretches.empty()) << text;
    std::size_t open = 0, close = 0;
    for (std::size_t at = section.find("<mark>"); at != std::string::npos; at = section.find("<mark>", at + 1)) ++open;
    for (std::size_t at = section.find("</mark>"); at != std::string::npos; at = section.find("</mark>", at + 1)) ++close;
    EXPECT_EQ(open, close);
  }
}

class JmapSearch : public JmapMail {
 protected:
  schema::MessageId mail(const std::string& subject, const std::string& body, const std::string& more = "") {
    fixture_.clock().advance(1min);
    return deliver("From: Joe <joe@example.com>\r\nSubject: " + subject + "\r\nContent-Type: text/plain; charset=utf-8\r\n" + more + "\r\n" + body + "\r\n");
  }
  Json query(const char* filter, const char* more = "{}") {
    Json arguments = json_of(more);
    arguments["filter"] = json_of(filter);
    return call("Email/query", arguments);
  }
  Json found(const char* filter, const char* more = "{}") { return query(filter, more).value("ids", Json("none")); }
  static Json list(const std::vector<schema::MessageId>& emails) {
    Json all = Json::array();
    for (const auto& email : emails) all.push_back(id_of(email));
    return all;
  }
  Json snippet(schema::MessageId id, const char* filter) {
    const Json answer = call("SearchSnippet/get", {{"filter", json_of(filter)}, {"emailIds", {id_of(id)}}});
    return answer.value("list", Json::array()).empty() ? answer : answer["list"][0];
  }
};

TEST_F(JmapSearch, FindsEmailsByTheirWords) {  // section 4.4.1
  const auto a = mail("Rechnung 5", "Viele Grüße aus Wien", "To: Ann <ann@example.test>\r\nBcc: Zoë <zoe@example.net>\r\n");
  const auto b = mail("hello", "the quick brown fox", "Cc: carol@example.org\r\n");
  const auto c = mail("中文邮件", "ภาษาไทย quick");
  const std::pair<const char*, std::vector<schema::MessageId>> cases[] = {
      {R"({"text":"quick"})", {c, b}},
      {R"({"text":"qui"})", {c, b}},
      {R"({"text":"\"qui\""})", {}},
      {R"({"text":"quick fox"})", {b}},
      {R"({"text":"fox quick"})", {b}},
      {R"({"text":"\"quick brown\""})", {b}},
      {R"({"text":"\"brown quick\""})", {}},
      {R"({"text":"joe"})", {c, b, a}},
      {R"({"body":"joe"})", {}},
      {R"({"body":"grusse"})", {a}},
      {R"({"body":"GRÜSSE"})", {a}},
      {R"({"body":"gruße wien"})", {a}},
      {R"({"subject":"rech"})", {a}},
      {R"({"subject":"邮件"})", {c}},
      {R"({"subject":"件邮"})", {}},
      {R"({"text":"ไทย"})", {c}},
      {R"({"to":"ann@example.test"})", {a}},
      {R"({"bcc":"zoe"})", {a}},
      {R"({"cc":"carol@example"})", {b}},
      {R"({"from":"joe@example.com"})", {c, b, a}},
      {R"({"text":"!"})", {c, b, a}},
      {R"({"text":"quick","subject":"hello"})", {b}},
      {R"({"text":"quick","notKeyword":"$seen"})", {c, b}},
      {R"({"text":"quick","minSize":1,"inMailbox":"m1"})", {c, b}},
      {R"({"text":"quick","inMailbox":"m99"})", {}},
      {R"({"operator":"OR","conditions":[{"body":"wien"},{"body":"fox"}]})", {b, a}},
      {R"({"operator":"NOT","conditions":[{"text":"quick"}]})", {a}},
      {R"({"operator":"AND","conditions":[{"text":"quick"},{"operator":"NOT","conditions":[{"body":"fox"}]}]})", {c}},
      {R"({"operator":"AND","conditions":[{"text":"quick"},{"inMailbox":"m1"}]})", {c, b}},
  };
  for (const auto& [filter, expected] : cases) EXPECT_EQ(found(filter), list(expected)) << filter;
}

TEST_F(JmapSearch, SortsAndCutsWhatItFinds) {
  const auto a = mail("b", "word"), b = mail("c", "word word word"), c = mail("a", "word");
  mail("d", "other");
  const char* const filter = R"({"text":"word"})";
  EXPECT_EQ(found(filter, R"({"sort":[{"property":"receivedAt"}]})"), list({a, b, c}));
  EXPECT_EQ(found(filter, R"({"sort":[{"property":"subject"}]})"), list({c, a, b}));
  EXPECT_EQ(found(filter, R"({"position":1,"limit":1})"), list({b}));
  EXPECT_EQ(query(filter, R"({"calculateTotal":true,"limit":1})")["total"], 3);
  EXPECT_EQ(query(filter, (R"({"anchor":")" + id_of(b) + R"(","limit":1})").c_str())["position"], 1);
  EXPECT_EQ(found(filter, R"({"collapseThreads":true})"), list({c, b, a}));
}

TEST_F(JmapSearch, FollowsWhatChanges) {  // RFC 8620 section 5.6
  const auto a = mail("a", "word"), b = mail("b", "word");
  const Json before = query(R"({"text":"word"})");
  ASSERT_EQ(before["ids"], list({b, a}));
  const auto c = mail("c", "word");
  mail("d", "other");
  ASSERT_TRUE(store().changer().expunge(a).ok());
  EXPECT_EQ(found(R"({"text":"word"})"), list({c, b}));
  ASSERT_EQ(before["canCalculateChanges"], true);
  const Json changes = call("Email/queryChanges", {{"filter", {{"text", "word"}}}, {"sinceQueryState", before["queryState"]}});
  std::vector<std::string> ids = before["ids"];
  for (const auto& id : changes["removed"]) std::erase(ids, id.get<std::string>());
  for (const auto& added : changes["added"]) ids.insert(ids.begin() + added["index"].get<std::ptrdiff_t>(), added["id"].get<std::string>());
  EXPECT_EQ(Json(ids), list({c, b}));
}

TEST_F(JmapSearch, SaysWhatIsTooMuch) {
  const auto error = [&](Json filter) { return call("Email/query", {{"filter", std::move(filter)}}).value("type", ""); };
  EXPECT_EQ(error({{"text", std::string(5'000, 'x')}}), "unsupportedFilter");
  std::string many;
  for (int i = 0; i < 40; ++i) many += "w ";
  EXPECT_EQ(error({{"body", many}}), "unsupportedFilter");
  Json conditions = Json::array();
  for (int i = 0; i < 17; ++i) conditions.push_back({{"text", "word"}});
  EXPECT_EQ(error({{"operator", "OR"}, {"conditions", conditions}}), "unsupportedFilter");
  EXPECT_EQ(error({{"text", 5}}), "invalidArguments");
  EXPECT_EQ(error({{"text", nullptr}}), "");
  EXPECT_EQ(error({{"text", ""}}), "");
}

TEST_F(JmapSearch, ShowsWhatMatches) {  // section 5
  const auto a = mail("Of <cats> & dogs", "First line.\r\n\r\nHere the cats & the dogs <sleep>.");
  EXPECT_EQ(snippet(a, R"({"text":"cats"})"), (Json{{"emailId", id_of(a)}, {"subject", "Of &lt;<mark>cats</mark>&gt; &amp; dogs"}, {"preview", "First line. Here the <mark>cats</mark> &amp; the dogs &lt;sleep&gt;. "}}));
  EXPECT_EQ(snippet(a, R"({"body":"\"the dogs\""})")["preview"], "First line. Here the cats &amp; <mark>the dogs</mark> &lt;sleep&gt;. ");
  EXPECT_EQ(snippet(a, R"({"body":"dogs"})")["subject"], nullptr);
  EXPECT_EQ(snippet(a, R"({"subject":"dogs"})")["preview"], nullptr);
  EXPECT_EQ(snippet(a, R"({"hasKeyword":"$seen"})")["preview"], nullptr);
  EXPECT_EQ(snippet(a, R"({"operator":"NOT","conditions":[{"text":"cats"}]})")["subject"], nullptr);
  EXPECT_EQ(snippet(a, R"({"operator":"OR","conditions":[{"text":"cats"},{"hasKeyword":"$seen"}]})")["subject"], "Of &lt;<mark>cats</mark>&gt; &amp; dogs");
  EXPECT_EQ(snippet(a, R"({"colour":"red"})")["type"], "unsupportedFilter");
  EXPECT_EQ(call("SearchSnippet/get", {{"filter", {{"text", "x"}}}, {"emailIds", {"e99"}}})["notFound"], Json({"e99"}));
  const auto html = deliver("Subject: h\r\nContent-Type: text/html\r\n\r\n<p>One <b>b&amp;w</b> cat</p>");
  EXPECT_EQ(snippet(html, R"({"text":"cat"})")["preview"].get<std::string>().find("b&amp;w <mark>cat</mark>") != std::string::npos, true);
}

TEST_F(JmapSearch, ShowsATranscript) {
  const auto call_of = mail("Voice", "x");
  ASSERT_TRUE(store().changer().annotate({call_of, store().now(), "transcript", "en", "test", "please call back"}).ok());
  EXPECT_EQ(found(R"({"body":"\"call back\""})"), list({call_of}));
  EXPECT_EQ(snippet(call_of, R"({"text":"\"call back\""})")["preview"], "please <mark>call back</mark>");
}

}  // namespace
}  // namespace telepost
