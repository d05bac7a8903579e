// RFC 8621 section 2: Mailbox over the store.
#include <gtest/gtest.h>

#include "adapters/jmap/types.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"
#include "tests/support/store_content.h"

namespace telepost::adapters::jmap {
namespace {

class JmapMailbox : public test::JmapMail {
 protected:
  Json set(const std::string& arguments) { return call("Mailbox/set", json_of(arguments)); }
  std::string make(const std::string& properties) {
    const Json done = set(R"({"create":{"k":)" + properties + "}}");
    EXPECT_TRUE(done["notCreated"].is_null()) << done;
    return done["created"]["k"].value("id", "");
  }
  Json get(const std::string& id) { return call("Mailbox/get", {{"ids", {id}}})["list"].at(0); }
  std::string mailboxes_state() { return call("Mailbox/get", {{"ids", Json::array()}})["state"]; }
  Json changes(const std::string& since) { return call("Mailbox/changes", {{"sinceState", since}}); }
  void keyword(schema::MessageId id, const std::string& word) { EXPECT_TRUE(store().changer().set_keywords(id, {word}, {}).ok()); }
};

TEST_F(JmapMailbox, Section2InboxIsThereWithItsRights) {
  const Json got = call("Mailbox/get", {{"ids", nullptr}});
  ASSERT_EQ(got["list"].size(), 1u);
  EXPECT_EQ(got["list"][0], json_of(R"({"id":"m1","name":"INBOX","parentId":null,"role":"inbox","sortOrder":0,"totalEmails":0,"unreadEmails":0,"totalThreads":0,
      "unreadThreads":0,"isSubscribed":true,"myRights":{"mayReadItems":true,"mayAddItems":true,"mayRemoveItems":true,"maySetSeen":true,"maySetKeywords":true,
      "mayCreateChild":true,"mayRename":false,"mayDelete":false,"maySubmit":true}})"));
  EXPECT_EQ(got["notFound"], Json::array());
}

TEST_F(JmapMailbox, Section2_1GivesWhatIsAskedFor) {
  const Json got = call("Mailbox/get", {{"ids", {"m1", "m9", "x", "m01"}}, {"properties", {"name"}}});
  EXPECT_EQ(got["list"], json_of(R"([{"id":"m1","name":"INBOX"}])"));
  EXPECT_EQ(got["notFound"], json_of(R"(["m9","x","m01"])"));
  EXPECT_EQ(error_of("Mailbox/get", {{"properties", {"size"}}}), "invalidArguments");
  EXPECT_EQ(error_of("Mailbox/get", {{"ids", {"a b"}}}), "invalidArguments");
  context_.settings.max_objects_in_get = 1;
  EXPECT_EQ(error_of("Mailbox/get", {{"ids", {"m1", "m2"}}}), "requestTooLarge");
}

TEST_F(JmapMailbox, Section2UnreadIsWhatIsNeitherSeenNorDraft) {
  const auto first = deliver(test::mail("1"));
  deliver(test::mail("2"));
  const auto draft = deliver(test::mail("3"));
  keyword(draft, "$draft");
  EXPECT_EQ(get("m1")["totalEmails"], 3);
  EXPECT_EQ(get("m1")["unreadEmails"], 2);
  keyword(first, "$seen");
  keyword(draft, "$seen");
  EXPECT_EQ(get("m1")["unreadEmails"], 1);
  ASSERT_TRUE(store().changer().set_keywords(draft, {}, {"$seen"}).ok());
  EXPECT_EQ(get("m1")["unreadEmails"], 1);
  ASSERT_TRUE(store().changer().expunge(draft).ok());
  EXPECT_EQ(get("m1")["unreadEmails"], 1);
}

TEST_F(JmapMailbox, Section2_5Creates) {
  const Json done = set(R"({"create":{"k1":{"name":"Work","sortOrder":7,"isSubscribed":false},"k2":{"name":"2026","parentId":"#k1","role":"archive"}}})");
  const std::string work = done["created"]["k1"]["id"], year = done["created"]["k2"]["id"];
  EXPECT_FALSE(done["created"]["k1"].contains("name"));           // what the client said is not said again
  EXPECT_EQ(done["created"]["k1"]["parentId"], Json(nullptr));    // defaults are
  EXPECT_EQ(done["created"]["k1"]["totalThreads"], 0);
  EXPECT_EQ(done["created"]["k2"]["isSubscribed"], true);
  EXPECT_EQ(get(work)["sortOrder"], 7);
  EXPECT_EQ(get(work)["isSubscribed"], false);
  EXPECT_EQ(get(year)["parentId"], work);
  EXPECT_EQ(get(year)["role"], "archive");
  EXPECT_EQ(done["newState"], mailboxes_state());
}

TEST_F(JmapMailbox, Section2_5RefusesToCreateWhatIsWrong) {
  make(R"({"name":"Work","role":"archive"})");
  const auto wrong = [&](const std::string& properties) { return set(R"({"create":{"k":)" + properties + "}}")["notCreated"]["k"]; };
  const auto properties = [&](const std::string& text) { return wrong(text).value("properties", Json()); };
  EXPECT_EQ(properties("{}"), json_of(R"(["name"])"));
  EXPECT_EQ(properties(R"({"name":""})"), json_of(R"(["name"])"));
  EXPECT_EQ(properties(R"({"name":"a/b"})"), json_of(R"(["name"])"));
  EXPECT_EQ(properties(R"({"name":"Work"})"), json_of(R"(["name"])"));    // a sibling of that name
  EXPECT_EQ(properties(R"({"name":"inbox"})"), json_of(R"(["name"])"));
  EXPECT_EQ(properties(R"({"name":1})"), json_of(R"(["name"])"));
  EXPECT_EQ(properties(R"({"name":"x","role":"archive"})"), json_of(R"(["role"])"));  // no two of one role
  EXPECT_EQ(properties(R"({"name":"x","role":"chief"})"), json_of(R"(["role"])"));
  EXPECT_EQ(properties(R"({"name":"x","parentId":"m99"})"), json_of(R"(["parentId"])"));
  EXPECT_EQ(properties(R"({"name":"x","sortOrder":-1})"), json_of(R"(["sortOrder"])"));
  EXPECT_EQ(properties(R"({"name":"x","sortOrder":2147483648})"), json_of(R"(["sortOrder"])"));
  EXPECT_EQ(properties(R"({"name":"x","isSubscribed":null,"id":"m7"})"), json_of(R"(["isSubscribed","id"])"));
  EXPECT_EQ(properties(R"({"name":")" + std::string(256, 'x') + "\"}"), json_of(R"(["name"])"));
  EXPECT_EQ(wrong("{}")["type"], "invalidProperties");
  EXPECT_EQ(call("Mailbox/get", {})["list"].size(), 2u);
}

TEST_F(JmapMailbox, Section2_5Updates) {
  const std::string a = make(R"({"name":"a"})"), b = make(R"({"name":"b","parentId":")" + a + "\"}");
  Json done = set(R"({"update":{")" + b + R"(":{"name":"c","parentId":null,"role":"sent","sortOrder":3,"isSubscribed":false}}})");
  EXPECT_EQ(done["updated"], Json({{b, nullptr}}));
  EXPECT_EQ(get(b)["name"], "c");
  EXPECT_EQ(get(b)["role"], "sent");
  EXPECT_EQ(get(b)["sortOrder"], 3);
  EXPECT_EQ(store().mailboxes().find(account_, "c").value().value, mailbox_from(b)->value);
  done = set(R"({"update":{")" + b + R"(":{"role":null,"sortOrder":null}}})");  // back to the defaults
  EXPECT_EQ(get(b)["role"], Json(nullptr));
  EXPECT_EQ(get(b)["sortOrder"], 0);
  Json whole = get(b);  // a whole object is a patch; what the server sets may be there as it is
  whole["name"] = "d";
  done = call("Mailbox/set", {{"update", {{b, whole}}}});
  EXPECT_TRUE(done["notUpdated"].is_null()) << done;
  EXPECT_EQ(get(b)["name"], "d");
}

TEST_F(JmapMailbox, Section2_5RefusesWrongUpdates) {
  const std::string a = make(R"({"name":"a"})"), b = make(R"({"name":"b","parentId":")" + a + "\"}");
  const auto wrong = [&](const std::string& id, const std::string& patch) { return set(R"({"update":{")" + id + "\":" + patch + "}}")["notUpdated"][id]; };
  EXPECT_EQ(wrong(a, R"({"parentId":")" + b + "\"}")["properties"], json_of(R"(["parentId"])"));  // no loop
  EXPECT_EQ(wrong(a, R"({"totalEmails":5})")["properties"], json_of(R"(["totalEmails"])"));
  EXPECT_EQ(wrong(a, R"({"myRights/mayRename":false})")["type"], "invalidProperties");
  EXPECT_EQ(wrong(a, R"({"name":null})")["properties"], json_of(R"(["name"])"));
  EXPECT_EQ(wrong(a, R"({"name/x":1})")["type"], "invalidPatch");
  EXPECT_EQ(wrong("m99", R"({"name":"x"})")["type"], "notFound");
  EXPECT_EQ(wrong("#k", R"({"name":"x"})")["type"], "notFound");
  EXPECT_EQ(wrong("m1", R"({"name":"x"})")["type"], "forbidden");
  EXPECT_TRUE(wrong("m1", R"({"sortOrder":1})").is_null());
}

TEST_F(JmapMailbox, Rfc8620Section5_3TwoMailboxesExchangeTheirNames) {
  const std::string a = make(R"({"name":"a","role":"sent"})"), b = make(R"({"name":"b"})");
  const Json done = set(R"({"update":{")" + a + R"(":{"name":"b","role":null},")" + b + R"(":{"name":"a","role":"sent"}}})");
  EXPECT_TRUE(done["notUpdated"].is_null()) << done;
  EXPECT_EQ(get(a)["name"], "b");
  EXPECT_EQ(get(b)["role"], "sent");
  EXPECT_EQ(store().mailboxes().find(account_, "a").value().value, mailbox_from(b)->value);
}

TEST_F(JmapMailbox, MailboxesLieAtMost16Deep) {
  std::string parent = "null";
  for (int depth = 1; depth <= 16; ++depth) parent = "\"" + make(R"({"name":"x","parentId":)" + parent + "}") + "\"";
  EXPECT_EQ(set(R"({"create":{"k":{"name":"x","parentId":)" + parent + "}}}")["notCreated"]["k"]["properties"], json_of(R"(["parentId"])"));
  const std::string other = make(R"({"name":"y"})");
  const std::string top = to_id(*store().mailboxes().find(account_, "x"));
  const Json done = set(R"({"update":{")" + top + R"(":{"parentId":")" + other + "\"}}}");  // all below it count
  EXPECT_EQ(done["notUpdated"][top]["properties"], json_of(R"(["parentId"])"));
}

TEST_F(JmapMailbox, Section2_5DestroysOnlyWhatIsEmptyUnlessTold) {
  const std::string work = make(R"({"name":"Work"})"), year = make(R"({"name":"2026","parentId":")" + work + "\"}");
  const auto mail = deliver(test::mail("1"));
  ASSERT_TRUE(store().changer().move(mail, store::kInbox, *mailbox_from(year)).ok());
  EXPECT_EQ(set(R"({"destroy":[")" + work + R"("]})")["notDestroyed"][work]["type"], "mailboxHasChild");
  EXPECT_EQ(set(R"({"destroy":[")" + year + R"("]})")["notDestroyed"][year]["type"], "mailboxHasEmail");
  EXPECT_EQ(set(R"({"destroy":["m1"]})")["notDestroyed"]["m1"]["type"], "forbidden");
  EXPECT_EQ(set(R"({"destroy":["m77"]})")["notDestroyed"]["m77"]["type"], "notFound");
  const Json done = set(R"({"onDestroyRemoveEmails":true,"destroy":[")" + work + "\",\"" + year + "\"]}");
  EXPECT_EQ(done["destroyed"].size(), 2u) << done;
  EXPECT_EQ(store().reader().find(mail).error().kind, Errc::not_found);
}

TEST_F(JmapMailbox, Rfc8620Section5_3IfInStateAndStates) {
  const std::string before = mailboxes_state();
  const Json done = set(R"({"ifInState":")" + before + R"(","create":{"k":{"name":"a"}}})");
  EXPECT_EQ(done["oldState"], before);
  EXPECT_EQ(done["newState"], mailboxes_state());
  EXPECT_EQ(error_of("Mailbox/set", {{"ifInState", before}, {"create", {{"k", {{"name", "b"}}}}}}), "stateMismatch");
  EXPECT_EQ(error_of("Mailbox/set", {{"destroy", {"m1"}}, {"onDestroyRemoveMessages", true}}), "invalidArguments");
  context_.settings.max_objects_in_set = 1;
  EXPECT_EQ(error_of("Mailbox/set", {{"destroy", {"m1", "m2"}}}), "requestTooLarge");
}

TEST_F(JmapMailbox, Section2_2TellsWhetherOnlyCountsChanged) {
  const std::string work = make(R"({"name":"Work"})");
  const std::string before = mailboxes_state();
  const auto mail = deliver(test::mail("1"));
  Json since = changes(before);
  EXPECT_EQ(since["updated"], json_of(R"(["m1"])"));
  EXPECT_EQ(since["updatedProperties"], json_of(R"(["totalEmails","unreadEmails","totalThreads","unreadThreads"])"));
  EXPECT_EQ(since["newState"], mailboxes_state());
  EXPECT_EQ(since["oldState"], before);
  keyword(mail, "$seen");
  EXPECT_EQ(changes(since["newState"])["updated"], json_of(R"(["m1"])"));
  set(R"({"update":{")" + work + R"(":{"name":"Labour"}}})");
  EXPECT_EQ(changes(before)["updatedProperties"], Json(nullptr));
  const std::string made = make(R"({"name":"New"})");
  set(R"({"destroy":[")" + work + R"("]})");
  since = changes(before);
  EXPECT_EQ(since["created"], Json::array({made}));
  EXPECT_EQ(since["destroyed"], Json::array({work}));
  EXPECT_EQ(since["hasMoreChanges"], false);
}

TEST_F(JmapMailbox, Section2_2TellsWhereAThreadWasReadInAnotherMailbox) {
  const schema::MailboxId work = store().mailboxes().create(account_, "Work").value();
  const auto mail = [&](const std::string& fields) { return fixture_.deliver_to(account_, "From: ben@sender.test\r\n" + fields + "\r\ntext\r\n")->id; };
  keyword(mail("Message-ID: <1@sender.test>\r\n"), "$seen");
  const auto reply = mail("Message-ID: <2@sender.test>\r\nReferences: <1@sender.test>\r\n");
  ASSERT_TRUE(store().changer().move(reply, store::kInbox, work).ok());
  EXPECT_EQ(get("m1")["totalThreads"], 1);
  EXPECT_EQ(get("m1")["unreadEmails"], 0);
  EXPECT_EQ(get("m1")["unreadThreads"], 1);  // section 2: an unread email of the thread lies in any mailbox
  const std::string before = mailboxes_state();
  keyword(reply, "$seen");
  const Json since = changes(before);
  EXPECT_EQ(since["updated"].size(), 2u) << since;
  EXPECT_EQ(since["updatedProperties"], json_of(R"(["totalEmails","unreadEmails","totalThreads","unreadThreads"])"));
  EXPECT_EQ(get("m1")["unreadThreads"], 0);
  EXPECT_EQ(changes(since["newState"])["updated"], Json::array());
}

TEST_F(JmapMailbox, Rfc8620Section5_2RefusesStatesThatItDoesNotKnow) {
  for (const char* const since : {"999999", "abc", "", "-1", "18446744073709551615"}) EXPECT_EQ(error_of("Mailbox/changes", {{"sinceState", since}}), "cannotCalculateChanges") << since;
  EXPECT_EQ(error_of("Mailbox/changes", {{"sinceState", "0"}, {"maxChanges", 0}}), "invalidArguments");
}

std::vector<std::string> names_of(const Json& ids, const std::map<std::string, std::string>& names) {
  std::vector<std::string> list;
  for (const Json& id : ids) list.push_back(names.at(id));
  return list;
}

class JmapMailboxQuery : public JmapMailbox {
 protected:
  JmapMailboxQuery() {
    names_["m1"] = "INBOX";
    add("beta", "null", 1);
    add("Alpha", "null", 2);
    add("child", quoted("beta"), 0);
    add("Deep", quoted("child"), 0);
    add("gamma", quoted("Alpha"), 5);
  }
  std::string id_of(const std::string& name) {
    for (const auto& [id, known] : names_) {
      if (known == name) return id;
    }
    return "";
  }
  std::string quoted(const std::string& name) { return "\"" + id_of(name) + "\""; }
  void add(const std::string& name, const std::string& parent, int order) {
    names_[make(R"({"name":")" + name + R"(","parentId":)" + parent + R"(,"sortOrder":)" + std::to_string(order) + "}")] = name;
  }
  std::vector<std::string> query(const std::string& arguments) { return names_of(call("Mailbox/query", json_of(arguments))["ids"], names_); }
  using List = std::vector<std::string>;
  std::map<std::string, std::string> names_;
};

TEST_F(JmapMailboxQuery, Section2_3Sorts) {
  EXPECT_EQ(query(R"({"sort":[{"property":"name"}]})"), (List{"Alpha", "beta", "child", "Deep", "gamma", "INBOX"}));
  EXPECT_EQ(query(R"({"sort":[{"property":"name","collation":"i;octet"}]})"), (List{"Alpha", "Deep", "INBOX", "beta", "child", "gamma"}));
  EXPECT_EQ(query(R"({"sort":[{"property":"sortOrder","isAscending":false},{"property":"name"}]})"), (List{"gamma", "Alpha", "beta", "child", "Deep", "INBOX"}));
  EXPECT_EQ(query(R"({"sort":[{"property":"name"}],"sortAsTree":true})"), (List{"Alpha", "gamma", "beta", "child", "Deep", "INBOX"}));
  EXPECT_EQ(query(R"({"sort":[{"property":"name","isAscending":false}],"sortAsTree":true})"), (List{"INBOX", "beta", "child", "Deep", "Alpha", "gamma"}));
}

TEST_F(JmapMailboxQuery, Section2_3Filters) {
  EXPECT_EQ(query(R"({"filter":{"name":"A"},"sort":[{"property":"name"}]})"), (List{"Alpha", "beta", "gamma"}));
  EXPECT_EQ(query(R"({"filter":{"role":"inbox"}})"), (List{"INBOX"}));
  EXPECT_EQ(query(R"({"filter":{"hasAnyRole":true}})"), (List{"INBOX"}));
  EXPECT_EQ(query(R"({"filter":{"parentId":)" + quoted("beta") + "}}"), (List{"child"}));
  EXPECT_EQ(query(R"({"filter":{"parentId":null,"role":null},"sort":[{"property":"name"}]})"), (List{"Alpha", "beta"}));
  EXPECT_EQ(query(R"({"filter":{"isSubscribed":false}})"), List());
  EXPECT_EQ(query(R"({"filter":{"name":"e"},"filterAsTree":true,"sort":[{"property":"name"}]})"), (List{"beta"}));  // Deep lies in child, which has none
  EXPECT_EQ(query(R"({"filter":{"operator":"NOT","conditions":[{"name":"a"},{"role":"inbox"}]},"sort":[{"property":"name"}]})"), (List{"child", "Deep"}));
}

TEST_F(JmapMailboxQuery, Rfc8620Section5_5Pages) {
  const Json page = call("Mailbox/query", json_of(R"({"sort":[{"property":"name"}],"position":1,"limit":2,"calculateTotal":true})"));
  EXPECT_EQ(names_of(page["ids"], names_), (List{"beta", "child"}));
  EXPECT_EQ(page["position"], 1);
  EXPECT_EQ(page["total"], 6);
  EXPECT_EQ(page["canCalculateChanges"], true);
  EXPECT_EQ(query(R"({"sort":[{"property":"name"}],"anchor":)" + quoted("Deep") + R"(,"anchorOffset":-1,"limit":2})"), (List{"child", "Deep"}));
  EXPECT_EQ(error_of("Mailbox/query", {{"anchor", "m99"}}), "anchorNotFound");
  EXPECT_EQ(error_of("Mailbox/query", json_of(R"({"filter":{"colour":"red"}})")), "unsupportedFilter");
  EXPECT_EQ(error_of("Mailbox/query", json_of(R"({"filter":{"name":1}})")), "invalidArguments");
  EXPECT_EQ(error_of("Mailbox/query", json_of(R"({"sort":[{"property":"size"}]})")), "unsupportedSort");
  EXPECT_EQ(error_of("Mailbox/query", json_of(R"({"sort":[{"property":"name","collation":"i;klingon"}]})")), "unsupportedSort");
  EXPECT_EQ(error_of("Mailbox/query", {{"limit", -1}}), "invalidArguments");
}

// RFC 8620 section 5.6 as a client does it: what is removed goes, what is added goes in at its index, in order.
std::vector<std::string> applied(std::vector<std::string> list, const Json& changes) {
  for (const Json& id : changes["removed"]) list.erase(std::remove(list.begin(), list.end(), id.get<std::string>()), list.end());
  for (const Json& one : changes["added"]) list.insert(list.begin() + one["index"].get<std::ptrdiff_t>(), one["id"].get<std::string>());
  return list;
}

TEST_F(JmapMailboxQuery, Rfc8620Section5_6LeadsFromTheOldResultToTheNewOne) {
  const char* const queries[] = {R"({"sort":[{"property":"name"}]})", R"({"sort":[{"property":"name"}],"sortAsTree":true})",
                                 R"({"filter":{"name":"a"},"filterAsTree":true})", R"({"filter":{"parentId":null},"sort":[{"property":"sortOrder"}]})"};
  const std::string acts[] = {R"({"update":{)" + quoted("beta") + R"(:{"name":"zeta"}}})", R"({"update":{)" + quoted("child") + R"(:{"parentId":null}}})",
                              R"({"create":{"k":{"name":"Aaa","sortOrder":9}}})", R"({"destroy":[)" + quoted("gamma") + "]}",
                              R"({"update":{)" + quoted("Alpha") + R"(:{"parentId":)" + quoted("Deep") + R"(,"sortOrder":0}}})"};
  for (const std::string& act : acts) {
    std::vector<Json> olds;
    for (const char* const query : queries) olds.push_back(call("Mailbox/query", json_of(query)));
    const Json done = set(act);
    deliver(test::mail("a count that changes nothing"));
    for (std::size_t i = 0; i < olds.size(); ++i) {
      Json arguments = json_of(queries[i]);
      arguments["sinceQueryState"] = olds[i]["queryState"];
      const Json since = call("Mailbox/queryChanges", arguments);
      ASSERT_TRUE(since.contains("added")) << since;
      EXPECT_EQ(Json(applied(olds[i]["ids"], since)), call("Mailbox/query", json_of(queries[i]))["ids"]) << queries[i] << " after " << act << done;
    }
  }
  EXPECT_EQ(error_of("Mailbox/queryChanges", {{"sinceQueryState", "x"}}), "cannotCalculateChanges");
  EXPECT_EQ(error_of("Mailbox/queryChanges", {{"sinceQueryState", "1"}, {"maxChanges", 1}}), "tooManyChanges");
}

}  // namespace
}  // namespace telepost::adapters::jmap
