// RFC 8621 section 4.4: which emails a query gives, in which order; and what changed since (sections 4.3 and 4.5).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "adapters/jmap/email_scan.h"
#include "adapters/jmap/search_codec.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using adapters::jmap::base_subject;
using adapters::jmap::Json;
using adapters::jmap::json_of;
using test::JmapMail;

class JmapEmailQuery : public JmapMail {
 protected:
  // At minute `minute` of an hour.
  schema::MessageId mail(const std::string& subject, int minute, const std::string& more = "", const std::string& body = "x") {
    return deliver("From: joe@example.com\r\nSubject: " + subject + "\r\n" + more + "\r\n" + body, at(minute));
  }
  static Time at(int minute) { return from_millis(1'700'000'000'000) + std::chrono::minutes(minute); }
  Json query(Json arguments) { return call("Email/query", std::move(arguments)); }
  Json ids(Json arguments) { return query(std::move(arguments)).value("ids", Json("none")); }
  Json filtered(const Json& filter) { return ids({{"filter", filter}, {"sort", json_of(R"([{"property":"receivedAt"}])")}}); }
  static Json list(const std::vector<schema::MessageId>& emails) {
    Json all = Json::array();
    for (const auto& email : emails) all.push_back(id_of(email));
    return all;
  }
  void keyword(schema::MessageId id, const std::string& word) { ASSERT_TRUE(store().changer().set_keywords(id, {word}, {}).ok()); }
};

TEST_F(JmapEmailQuery, OrdersAMailboxByReceivedTimeInBothDirections) {  // section 4.4.2
  const auto a = mail("a", 1), b = mail("b", 2), c = mail("c", 3);
  const Json inbox = {{"inMailbox", "m1"}};
  EXPECT_EQ(ids({{"filter", inbox}}), list({c, b, a}));
  EXPECT_EQ(ids({{"filter", inbox}, {"sort", json_of(R"([{"property":"receivedAt","isAscending":false}])")}}), list({c, b, a}));
  EXPECT_EQ(ids({{"filter", inbox}, {"sort", json_of(R"([{"property":"receivedAt"}])")}}), list({a, b, c}));
  EXPECT_EQ(ids(Json::object()), list({c, b, a}));
  EXPECT_EQ(ids({{"filter", {{"inMailbox", "m99"}}}}), Json::array());
  EXPECT_EQ(ids({{"filter", {{"inMailbox", "nothing"}}}}), Json::array());
}

TEST_F(JmapEmailQuery, BoundsHowManyConditionsLookAtOtherEmails) {
  Json sets = Json::array();
  for (int i = 2; i < 18; ++i) sets.push_back(json_of(R"({"inMailboxOtherThan":["m)" + std::to_string(i) + "\"]}"));
  const auto error_with = [&](const char* one_more) {
    Json conditions = sets;
    if (one_more != nullptr) conditions.push_back(json_of(one_more));
    return error_of("Email/query", {{"filter", {{"operator", "OR"}, {"conditions", conditions}}}});
  };
  EXPECT_EQ(error_with(nullptr), "");
  EXPECT_EQ(error_with(R"({"inMailboxOtherThan":["m18"]})"), "unsupportedFilter");
  EXPECT_EQ(error_with(R"({"allInThreadHaveKeyword":"$seen"})"), "unsupportedFilter");
  EXPECT_EQ(error_with(R"({"hasKeyword":"$seen"})"), "") << "that is the email's own";
}

TEST_F(JmapEmailQuery, AMailboxThatCameBehindTheViewHoldsNothing) {
  const auto a = mail("a", 1);
  const auto view = store().view(account_);
  ASSERT_TRUE(view.ok());
  const std::string later = adapters::jmap::to_id(make_mailbox("Later"));
  const Json object = json_of(R"({"filter":{"operator":"OR","conditions":[{"inMailbox":")" + later + R"("},{"inMailboxOtherThan":["m99"]}]}})");
  adapters::jmap::Arguments arguments(object);
  const auto asked = adapters::jmap::read_query(arguments);
  ASSERT_TRUE(asked.ok());
  const auto filter = adapters::jmap::EmailFilter::read(asked->filter);
  const auto sort = adapters::jmap::EmailSort::read({});
  adapters::jmap::EmailScan scan(store(), account_, *view, std::get<adapters::jmap::EmailFilter>(filter), std::get<adapters::jmap::EmailSort>(sort));
  const auto found = scan.run();
  ASSERT_TRUE(found.ok()) << to_string(found.error());
  EXPECT_EQ(*found, (adapters::jmap::LocalSet{a.local}));
}

TEST_F(JmapEmailQuery, GivesAnyWindowOfAResult) {  // RFC 8620 section 5.5
  std::vector<schema::MessageId> emails;
  for (int i = 0; i < 10; ++i) emails.insert(emails.begin(), mail("n", i));
  for (const Json& sort : {Json(nullptr), json_of(R"([{"property":"size"},{"property":"receivedAt","isAscending":false}])")}) {  // by order, by look
    const auto window = [&](Json more) {
      more["filter"] = {{"inMailbox", "m1"}};
      more["sort"] = sort;
      return query(more);
    };
    EXPECT_EQ(window({{"position", 3}, {"limit", 2}})["ids"], list({emails[3], emails[4]}));
    EXPECT_EQ(window({{"position", -2}})["ids"], list({emails[8], emails[9]}));
    EXPECT_EQ(window({{"position", -2}})["position"], 8);
    EXPECT_EQ(window({{"position", -99}, {"limit", 1}})["position"], 0);
    EXPECT_EQ(window({{"position", 99}})["ids"], Json::array());
    EXPECT_EQ(window({{"anchor", id_of(emails[5])}, {"anchorOffset", -1}, {"limit", 3}})["ids"], list({emails[4], emails[5], emails[6]}));
    EXPECT_EQ(window({{"anchor", id_of(emails[0])}, {"anchorOffset", -5}})["position"], 0);
    EXPECT_EQ(window({{"anchor", "e99"}})["type"], "anchorNotFound");
    EXPECT_EQ(window({{"limit", 0}, {"calculateTotal", true}})["total"], 10);
    EXPECT_FALSE(window({{"limit", 0}}).contains("total"));
    EXPECT_EQ(window({{"limit", -1}})["type"], "invalidArguments");
  }
}

TEST_F(JmapEmailQuery, FindsByEveryConditionThatItHas) {  // section 4.4.1
  const auto work = make_mailbox("Work"), old = make_mailbox("Old");
  const auto a = mail("Invoice No 5", 1, "To: Bob <bob@example.org>\r\nX-Tag: blue\r\n");
  const auto b = mail("hello", 2, "Cc: carol@example.org\r\n", std::string(5000, 'b'));
  const auto c = deliver("From: \"Zo\xC3\xAB\" <zoe@example.net>\r\nSubject: =?utf-8?q?Stra=C3=9Fe?=\r\nContent-Type: image/png\r\nContent-Disposition: attachment\r\n\r\nAAAA", at(3));
  ASSERT_TRUE(store().changer().copy(b, work).ok());
  ASSERT_TRUE(store().changer().move(c, store::kInbox, old).ok());
  keyword(a, "$seen");
  const std::pair<const char*, std::vector<schema::MessageId>> cases[] = {
      {R"({"inMailbox":"m1"})", {a, b}},
      {R"({"inMailboxOtherThan":["m1"]})", {b, c}},
      {R"({"inMailboxOtherThan":[]})", {a, b, c}},
      {R"({"before":"2023-11-14T22:16:20Z"})", {a, b}},  // received at 22:14:20, 22:15:20, 22:16:20
      {R"({"after":"2023-11-14T22:15:20Z"})", {b, c}},
      {R"({"minSize":5000})", {b}},
      {R"({"maxSize":5000})", {a, c}},
      {R"({"hasKeyword":"$Seen"})", {a}},
      {R"({"notKeyword":"$seen"})", {b, c}},
      {R"({"hasAttachment":true})", {c}},
      {R"({"hasAttachment":false})", {a, b}},
      {R"({"from":"zoë"})", {c}},
      {R"({"from":"JOE@example"})", {a, b}},
      {R"({"to":"bob"})", {a}},
      {R"({"cc":"carol@example.org"})", {b}},
      {R"({"bcc":"carol"})", {}},
      {R"({"subject":"5 invoice"})", {a}},      // words in any order
      {R"({"subject":"\"no 5\""})", {a}},       // a phrase
      {R"({"subject":"\"5 no\""})", {}},
      {R"({"subject":"STRASSE"})", {c}},        // folded as Unicode has it
      {R"({"header":["X-Tag"]})", {a}},
      {R"({"header":["x-tag","BLUE"]})", {a}},
      {R"({"header":["x-tag","red"]})", {}},
      {R"({})", {a, b, c}},
      {R"({"inMailbox":"m1","notKeyword":"$seen"})", {b}},
      {R"({"operator":"OR","conditions":[{"hasKeyword":"$seen"},{"minSize":5000}]})", {a, b}},
      {R"({"operator":"NOT","conditions":[{"hasKeyword":"$seen"},{"minSize":5000}]})", {c}},
      {R"({"operator":"AND","conditions":[{"inMailbox":"m1"},{"operator":"NOT","conditions":[{"from":"zoe"}]}]})", {a, b}},
      {R"({"operator":"AND","conditions":[]})", {a, b, c}},
      {R"({"operator":"OR","conditions":[]})", {}},
  };
  for (const auto& [filter, expected] : cases) EXPECT_EQ(filtered(json_of(filter)), list(expected)) << filter;
}

TEST_F(JmapEmailQuery, SaysWhatItCannotSearch) {  // section 4.4; RFC 8620 section 5.5
  mail("a", 1);
  const auto error = [&](const char* filter) { return query({{"filter", json_of(filter)}}).value("type", ""); };
  EXPECT_EQ(error(R"({"colour":"red"})"), "unsupportedFilter");
  EXPECT_EQ(error(R"({"before":"yesterday"})"), "invalidArguments");
  EXPECT_EQ(error(R"({"minSize":-1})"), "invalidArguments");
  EXPECT_EQ(error(R"({"header":[]})"), "invalidArguments");
  EXPECT_EQ(error(R"({"hasAttachment":"yes"})"), "invalidArguments");
  EXPECT_EQ(query({{"sort", json_of(R"([{"property":"colour"}])")}})["type"], "unsupportedSort");
  EXPECT_EQ(query({{"sort", json_of(R"([{"property":"subject","collation":"i;klingon"}])")}})["type"], "unsupportedSort");
  EXPECT_EQ(query({{"sort", json_of(R"([{"property":"hasKeyword"}])")}})["type"], "invalidArguments");
  EXPECT_EQ(query({{"collapse", true}})["type"], "invalidArguments");
}

TEST_F(JmapEmailQuery, SortsByEveryPropertyThatItOffers) {  // section 4.4.2
  const auto a = deliver("From: Zed <a@example.com>\r\nTo: bob@x.test\r\nSubject: Re: [list] apple\r\nDate: Thu, 3 Oct 2014 14:12:00 +0000\r\n\r\nxx", at(1));
  const auto b = deliver("From: b@example.com\r\nTo: Ann <z@x.test>\r\nSubject: cherry\r\nDate: Thu, 1 Oct 2014 14:12:00 +0000\r\n\r\n", at(2));
  const auto c = deliver("From: \"adam\" <c@example.com>\r\nTo: zoe@x.test\r\nSubject: fwd: Banana (fwd)\r\nDate: Thu, 2 Oct 2014 14:12:00 +0000\r\n\r\n" + std::string(100, 'x'), at(3));
  keyword(b, "$flagged");
  const auto sorted = [&](const std::string& comparator) { return ids({{"sort", json_of("[" + comparator + "]")}}); };
  EXPECT_EQ(sorted(R"({"property":"size"})"), list({b, a, c}));
  EXPECT_EQ(sorted(R"({"property":"from"})"), list({c, b, a}));
  EXPECT_EQ(sorted(R"({"property":"from","collation":"i;octet"})"), list({a, c, b}));
  EXPECT_EQ(sorted(R"({"property":"to"})"), list({b, a, c}));
  EXPECT_EQ(sorted(R"({"property":"subject"})"), list({a, c, b}));
  EXPECT_EQ(sorted(R"({"property":"sentAt","isAscending":false})"), list({a, c, b}));
  EXPECT_EQ(sorted(R"({"property":"hasKeyword","keyword":"$flagged","isAscending":false},{"property":"receivedAt"})"), list({b, a, c}));
  EXPECT_EQ(sorted(R"({"property":"someInThreadHaveKeyword","keyword":"$flagged"},{"property":"size"})"), list({a, c, b}));
}

TEST_F(JmapEmailQuery, TakesWhatMakesRepliesOffASubject) {  // RFC 5256 section 2.1
  for (const char* subject : {"hello", "Re: hello", "RE : hello", "[x] re[4]: Fwd: hello", "hello (fwd)", "[fwd: Re: hello]", " re:\t hello", "[list] hello"}) {
    EXPECT_EQ(base_subject(subject), "hello") << subject;
  }
  EXPECT_EQ(base_subject("[only]"), "[only]");
  EXPECT_EQ(base_subject("regarding"), "regarding");
  EXPECT_EQ(base_subject("Re:"), "");
}

class JmapEmailThreads : public JmapEmailQuery {
 protected:
  // Two threads: a1 a2 a3, and b.
  const schema::MessageId a1_ = mail("a", 1, "Message-ID: <a1@x>\r\n"), b_ = mail("b", 2, "Message-ID: <b@x>\r\n"),
                          a2_ = mail("Re: a", 3, "Message-ID: <a2@x>\r\nIn-Reply-To: <a1@x>\r\n"), a3_ = mail("Re: a", 4, "Message-ID: <a3@x>\r\nReferences: <a1@x> <a2@x>\r\n");
};

TEST_F(JmapEmailThreads, ShowsEachThreadOnceByItsFirstEmailInTheOrder) {  // section 4.4.3
  EXPECT_EQ(ids({{"collapseThreads", true}}), list({a3_, b_}));
  EXPECT_EQ(ids({{"collapseThreads", true}, {"sort", json_of(R"([{"property":"receivedAt"}])")}}), list({a1_, b_}));
  EXPECT_EQ(ids({{"collapseThreads", true}, {"filter", {{"subject", "a"}}}}), list({a3_}));
  EXPECT_EQ(query({{"collapseThreads", true}, {"calculateTotal", true}})["total"], 2);
}

TEST_F(JmapEmailThreads, AsksWhatAllOfAThreadHave) {  // section 4.4.1
  keyword(a1_, "$seen");
  keyword(b_, "$seen");
  EXPECT_EQ(filtered(json_of(R"({"allInThreadHaveKeyword":"$seen"})")), list({b_}));
  EXPECT_EQ(filtered(json_of(R"({"someInThreadHaveKeyword":"$seen"})")), list({a1_, b_, a2_, a3_}));
  EXPECT_EQ(filtered(json_of(R"({"noneInThreadHaveKeyword":"$seen"})")), Json::array());
  keyword(a2_, "$seen");
  keyword(a3_, "$seen");
  EXPECT_EQ(filtered(json_of(R"({"inMailbox":"m1","allInThreadHaveKeyword":"$seen"})")), list({a1_, b_, a2_, a3_}));
  const Json answer = query({{"filter", {{"allInThreadHaveKeyword", "$seen"}}}});
  EXPECT_EQ(answer["canCalculateChanges"], false);
  EXPECT_EQ(error_of("Email/queryChanges", {{"filter", {{"allInThreadHaveKeyword", "$seen"}}}, {"sinceQueryState", answer["queryState"]}}), "cannotCalculateChanges");
}

TEST_F(JmapEmailThreads, GivesThreadsWithTheirEmails) {  // section 3.1
  const std::string thread = property(a1_, "threadId");
  EXPECT_EQ(property(a3_, "threadId"), thread);
  const Json answer = call("Thread/get", {{"ids", {thread, "t0", "t99"}}});
  EXPECT_EQ(answer["list"], Json::array({{{"id", thread}, {"emailIds", list({a1_, a2_, a3_})}}}));
  EXPECT_EQ(answer["notFound"], Json({"t0", "t99"}));
  const std::string since = answer["state"];
  ASSERT_TRUE(store().changer().expunge(a2_).ok());
  const Json changes = call("Thread/changes", {{"sinceState", since}});
  EXPECT_EQ(changes["updated"], Json({thread}));
  EXPECT_EQ(changes["created"], Json::array());
  EXPECT_EQ(error_of("Thread/changes", {{"sinceState", "99999999"}}), "cannotCalculateChanges");
}

// A client that has a whole result, and applies what it is told (RFC 8620 section 5.6).
class Follower {
 public:
  explicit Follower(Json query) : query_(std::move(query)) {}
  const Json& query() const { return query_; }
  std::vector<std::string> ids;
  std::string state;
  void apply(const Json& changes) {
    for (const auto& id : changes["removed"]) std::erase(ids, id.get<std::string>());
    for (const auto& added : changes["added"]) {
      ASSERT_LE(added["index"].get<std::size_t>(), ids.size()) << changes;
      ids.insert(ids.begin() + added["index"].get<std::ptrdiff_t>(), added["id"].get<std::string>());
    }
    state = changes["newQueryState"];
  }

 private:
  Json query_;
};

TEST_F(JmapEmailQuery, LetsAClientFollowAResultByItsChangesAlone) {  // section 4.5
  const auto work = make_mailbox("Work");
  std::mt19937 random(7);
  std::vector<schema::MessageId> emails;
  std::vector<Follower> followers;
  const char* const queries[] = {R"({"filter":{"inMailbox":"m1"}})", R"({"filter":{"inMailbox":"m1"},"sort":[{"property":"receivedAt"}]})", R"({"collapseThreads":true})",
                                 R"({"filter":{"inMailbox":"m1"},"collapseThreads":true})", R"({"filter":{"notKeyword":"$seen"},"sort":[{"property":"subject"}]})",
                                 R"({"filter":{"inMailbox":"m2"},"collapseThreads":true,"sort":[{"property":"receivedAt"}]})",
                                 R"({"sort":[{"property":"hasKeyword","keyword":"$seen"},{"property":"size","isAscending":false}]})"};
  for (const char* text : queries) {
    Follower& one = followers.emplace_back(json_of(text));
    const Json answer = query(one.query());
    EXPECT_EQ(answer["canCalculateChanges"], true) << text;
    one.state = answer["queryState"];
  }
  for (int step = 0; step < 120; ++step) {
    const std::size_t at = emails.empty() ? 0 : random() % emails.size();
    switch (emails.empty() ? 0 : random() % 6) {
      case 0:
      case 1: {
        const std::string id = "<" + std::to_string(step) + "@x>";
        const std::string reply = emails.empty() || random() % 2 ? "" : "In-Reply-To: <" + std::to_string(random() % (static_cast<unsigned>(step) + 1)) + "@x>\r\n";
        emails.push_back(mail("s" + std::to_string(random() % 5), static_cast<int>(random() % 50), "Message-ID: " + id + "\r\n" + reply, std::string(random() % 50, 'x')));
        break;
      }
      case 2: ASSERT_TRUE(store().changer().expunge(emails[at]).ok()); emails.erase(emails.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 3: (void)store().changer().move(emails[at], store::kInbox, work); break;
      case 4: (void)store().changer().copy(emails[at], store::kInbox); break;
      default: ASSERT_TRUE(store().changer().set_keywords(emails[at], {random() % 2 ? "$seen" : "x"}, {random() % 2 ? "$seen" : "y"}).ok());
    }
    if (step % 4 != 3) continue;
    for (Follower& one : followers) {
      Json arguments = one.query();
      arguments["sinceQueryState"] = one.state;
      const Json changes = call("Email/queryChanges", arguments);
      ASSERT_TRUE(changes.contains("added")) << changes;
      one.apply(changes);
      ASSERT_EQ(Json(one.ids), query(one.query())["ids"]) << one.query() << " at step " << step;
    }
  }
}

TEST_F(JmapEmailQuery, SaysWhenItCannotTellWhatChanged) {  // RFC 8620 section 5.6
  mail("a", 1);
  const std::string since = query(Json::object())["queryState"];
  mail("b", 2);
  mail("c", 3);
  EXPECT_EQ(error_of("Email/queryChanges", {{"sinceQueryState", "x"}}), "cannotCalculateChanges");
  EXPECT_EQ(error_of("Email/queryChanges", {{"sinceQueryState", "9999999"}}), "cannotCalculateChanges");
  EXPECT_EQ(error_of("Email/queryChanges", {{"sinceQueryState", since}, {"maxChanges", 1}}), "tooManyChanges");
  EXPECT_EQ(call("Email/queryChanges", {{"sinceQueryState", since}, {"maxChanges", 2}, {"calculateTotal", true}})["total"], 3);
}

TEST_F(JmapEmailQuery, TellsWhichEmailsChangedSinceAState) {  // section 4.3
  const auto a = mail("a", 1), b = mail("b", 2);
  const std::string since = state();
  keyword(a, "$seen");
  ASSERT_TRUE(store().changer().expunge(b).ok());
  const auto c = mail("c", 3), gone = mail("d", 4);
  ASSERT_TRUE(store().changer().expunge(gone).ok());
  const Json changes = call("Email/changes", {{"sinceState", since}});
  EXPECT_EQ(changes["created"], list({c}));
  EXPECT_EQ(changes["updated"], list({a}));
  EXPECT_EQ(changes["destroyed"], list({b}));
  EXPECT_EQ(changes["newState"], state());
  EXPECT_EQ(changes["hasMoreChanges"], false);
  std::vector<std::string> told;
  std::string from = since;
  for (bool more = true; more;) {
    const Json page = call("Email/changes", {{"sinceState", from}, {"maxChanges", 1}});
    for (const char* kind : {"created", "updated", "destroyed"}) {
      for (const auto& id : page[kind]) told.push_back(id);
    }
    from = page["newState"];
    more = page["hasMoreChanges"];
  }
  EXPECT_EQ(told, (std::vector<std::string>{id_of(a), id_of(b), id_of(c)}));
  EXPECT_EQ(from, state());
  EXPECT_EQ(error_of("Email/changes", {{"sinceState", "99999999"}}), "cannotCalculateChanges");
  EXPECT_EQ(error_of("Email/changes", {{"sinceState", "01"}}), "cannotCalculateChanges");
}

}  // namespace
}  // namespace telepost
