// RuleList (schema/jmap.md): from the setting to what becomes of a message.
#include <gtest/gtest.h>

#include "schema/document.h"
#include "store/rooms.h"
#include "store/rules.h"
#include "store/submission.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail_out.h"
#include "transcoders/mime/scanner.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using adapters::jmap::json_of;

class JmapRules : public test::JmapMailOut {
 protected:
  Json set_it(const Json& rules) { return call("RuleList/set", {{"update", {{"singleton", {{"rules", rules}}}}}}); }
  void set_rules(const std::string& rules) {
    const Json done = set_it(json_of(rules));
    EXPECT_TRUE(done["updated"].contains("singleton")) << done;
  }
  Json rules() { return call("RuleList/get", {{"ids", nullptr}})["list"].at(0)["rules"]; }
  // Where the set is wrong, or its error.
  Json wrong(const std::string& rules) {
    const Json error = set_it(json_of(rules))["notUpdated"]["singleton"];
    return error["type"] == "invalidProperties" ? error["properties"] : error["type"];
  }

  schema::MessageId receive(const std::string& from, const std::string& header = "", const std::string& body = "hi\r\n") {
    store::Incoming incoming;
    incoming.origin.network = "smtp";
    incoming.from = from.empty() ? "" : "mailto:" + from;
    incoming.to = {{account_, "mailto:ann@example.test", "", {}}};
    incoming.trace_block = "Return-Path: <" + from + ">\r\nReceived: from x by y; Fri, 20 Nov 2026 16:25:30 +0000\r\n";
    const auto results = fixture_.deliver(std::move(incoming), "From: <" + from + ">\r\nTo: Ann <ann@example.test>\r\nSubject: s\r\n" + header + "\r\n" + body);
    EXPECT_TRUE(results.at(0).ok());
    rooms_of(store()).workers.wait_until_idle();
    return results.at(0).ok() ? results.at(0)->id : schema::MessageId();
  }
  // A call, as the trunk's gateway deposits it.
  schema::MessageId call_from(const std::string& caller) {
    store::Incoming incoming;
    incoming.origin.network = "lmtp";
    incoming.origin.identity = "trunk";
    incoming.to = {{account_, "mailto:ann@example.test", "", {}}};
    const std::string shown = caller.empty() ? "Telepost-Presentation: restricted\r\n" : "Telepost-Caller: " + caller + "\r\n";
    const auto results = fixture_.deliver(std::move(incoming), "Telepost-Kind: voice\r\n" + shown + "Subject: call\r\n\r\nx\r\n");
    EXPECT_TRUE(results.at(0).ok());
    return results.at(0)->id;
  }
  Json mailboxes_of(schema::MessageId id) {
    Json names = Json::array();
    const Json ids = property(id, "mailboxIds");
    for (const auto& [mailbox, is_in] : ids.items()) names.push_back(call("Mailbox/get", {{"ids", {mailbox}}})["list"].at(0)["name"]);
    return names;
  }
  std::vector<store::MailToSend> leaving() {
    EXPECT_TRUE(fixture_.sweep().ok());
    return claim();
  }
  void end(const store::MailToSend& sent, schema::SendState state) {
    tell(sent, state, state == schema::SendState::failed ? "550 5.1.1 no" : "250 ok");
    rooms_of(store()).workers.wait_until_idle();
  }
  std::vector<store::Listed> inbox_of(schema::AccountId account) { return store().reader().list_by_uid(account, schema::MailboxId{1}, {1}, {100}, 50)->messages; }
};

TEST_F(JmapRules, ThereIsOneListAndItSaysAllThatItKeeps) {
  EXPECT_EQ(rules(), Json::array());
  const Json limits = methods_.capabilities().at(adapters::jmap::kRules).of_account(context_);
  EXPECT_EQ(limits["maxRules"], 100);
  const std::string before = call("RuleList/get", {{"ids", nullptr}})["state"];
  const std::string all = R"([{"name":"n","isEnabled":false,"matches":"any","conditions":[{"kinds":["voice","sms"],"from":["bob@example.net","@example.org","tel:+4930*"],
    "isWithheld":false,"to":["ann+x@example.test"],"header":["List-Id","x"],"minSize":1,"maxSize":9}],"isBlocked":false,"fileInto":"A/b","keywords":{"$flagged":true},
    "forward":{"to":["x@example.org"],"keepCopy":false},"answer":{"subject":"s","textBody":"t","days":3},"isLast":true}])";
  set_rules(all);
  EXPECT_EQ(rules(), json_of(all));
  fixture_.reopen();
  EXPECT_EQ(rules(), json_of(all));
  EXPECT_EQ(error_of("RuleList/set", {{"ifInState", before}}), "stateMismatch");
  set_rules(R"([{}])");
  EXPECT_EQ(rules(), json_of(R"([{"name":"","isEnabled":true,"matches":"all","conditions":[],"isBlocked":false,"fileInto":null,"keywords":{},"forward":null,"answer":null,"isLast":false}])"));
  EXPECT_EQ(call("RuleList/set", {{"destroy", {"singleton"}}})["notDestroyed"]["singleton"]["type"], "singleton");
  EXPECT_EQ(call("RuleList/set", {{"create", {{"k", Json::object()}}}})["notCreated"]["k"]["type"], "singleton");
}

TEST_F(JmapRules, WhatIsWrongIsNamedAndNothingIsKept) {
  set_rules(R"([{"name":"kept"}])");
  for (const auto& [given, pointer] : std::vector<std::pair<const char*, const char*>>{
           {R"("x")", "rules"}, {R"([5])", "rules/0"}, {R"([{"color":"red"}])", "rules/0"}, {R"([{"name":5}])", "rules/0/name"},
           {R"([{"matches":"some"}])", "rules/0/matches"}, {R"([{"fileInto":"a//b"}])", "rules/0/fileInto"}, {R"([{"fileInto":""}])", "rules/0/fileInto"},
           {R"([{"keywords":{"a b":true}}])", "rules/0/keywords"}, {R"([{"keywords":{"a":false}}])", "rules/0/keywords"}, {R"([{"isBlocked":1}])", "rules/0/isBlocked"},
           {R"([{"isBlocked":true,"fileInto":"a"}])", "rules/0/isBlocked"}, {R"([{},{"conditions":{}}])", "rules/1/conditions"},
           {R"([{"conditions":[{}]}])", "rules/0/conditions/0"}, {R"([{"conditions":[{"kinds":["smoke"]}]}])", "rules/0/conditions/0/kinds"},
           {R"([{"conditions":[{"from":[]}]}])", "rules/0/conditions/0/from"}, {R"([{"conditions":[{"from":["*"]}]}])", "rules/0/conditions/0/from"},
           {R"([{"conditions":[{"from":["b*b*"]}]}])", "rules/0/conditions/0/from"}, {R"([{"conditions":[{"header":["a:b"]}]}])", "rules/0/conditions/0/header"},
           {R"([{"conditions":[{"minSize":-1}]}])", "rules/0/conditions/0/minSize"}, {R"([{"conditions":[{"to":["x y"]}]}])", "rules/0/conditions/0/to"},
           {R"([{"forward":{}}])", "rules/0/forward/to"}, {R"([{"forward":{"to":["tel:+4930123"]}}])", "rules/0/forward/to"},
           {R"([{"forward":{"to":["ann@example.test"]}}])", "rules/0/forward/to"}, {R"([{"answer":{"textBody":""}}])", "rules/0/answer/textBody"},
           {R"([{"answer":{"textBody":"x","days":0}}])", "rules/0/answer/days"}}) {
    const Json named = wrong(given);
    EXPECT_TRUE(named.is_array() && std::find(named.begin(), named.end(), pointer) != named.end()) << given << " " << named;
  }
  Json many = Json::array();
  for (int i = 0; i < 101; ++i) many.push_back(Json::object());
  EXPECT_EQ(set_it(many)["notUpdated"]["singleton"]["properties"], json_of(R"(["rules"])"));
  Json forwards = Json::array();
  for (int i = 0; i < 11; ++i) forwards.push_back({{"forward", {{"to", {"x" + std::to_string(i) + "@example.org"}}}}});
  EXPECT_EQ(set_it(forwards)["notUpdated"]["singleton"]["properties"], json_of(R"(["rules"])"));
  Json large = Json::array();
  for (int i = 0; i < 10; ++i) large.push_back({{"answer", {{"textBody", std::string(8000, 'x')}}}});
  EXPECT_EQ(set_it(large)["notUpdated"]["singleton"]["type"], "tooLarge");
  EXPECT_EQ(rules().at(0)["name"], "kept");
}

TEST_F(JmapRules, BlocksSendersCallersAndWithheldNumbers) {
  set_rules(R"([{"name":"block","matches":"any","conditions":[{"from":["bob@example.net","@spam.example","+4930*"]},{"isWithheld":true}],"isBlocked":true},
                {"name":"all","fileInto":"Other"}])");
  EXPECT_EQ(mailboxes_of(receive("Bob@Example.NET")), json_of(R"(["Junk"])"));
  EXPECT_EQ(mailboxes_of(receive("x@spam.example")), json_of(R"(["Junk"])"));
  EXPECT_EQ(mailboxes_of(call_from("tel:+49301234")), json_of(R"(["Junk"])"));
  EXPECT_EQ(mailboxes_of(call_from("")), json_of(R"(["Junk"])"));
  EXPECT_EQ(mailboxes_of(call_from("tel:+49891234")), json_of(R"(["Other"])"));
  EXPECT_EQ(mailboxes_of(receive("rob@example.net")), json_of(R"(["Other"])"));
  EXPECT_EQ(property(receive("x@spam.example"), "keywords"), Json::object()) << "what is blocked is no junk to anybody else";
}

TEST_F(JmapRules, FilesIntoMailboxesThatItMakes) {
  set_rules(R"([{"conditions":[{"header":["List-Id","dev"]}],"fileInto":"Lists/dev","keywords":{"$Flagged":true,"work":true}},
                {"conditions":[{"minSize":2000}],"fileInto":"Large"}])");
  const auto id = receive("bob@example.net", "List-Id: <DEV.example>\r\n");
  EXPECT_EQ(mailboxes_of(id), json_of(R"(["dev"])"));
  EXPECT_EQ(property(id, "keywords"), json_of(R"({"$flagged":true,"work":true})"));
  EXPECT_EQ(mailboxes_of(receive("bob@example.net", "List-Id: <dev.example>\r\n", std::string(2000, 'x') + "\r\n")).size(), 2u);
  EXPECT_EQ(mailboxes_of(receive("bob@example.net")), json_of(R"(["INBOX"])"));
  EXPECT_EQ(call("Mailbox/get", {{"ids", nullptr}})["list"].size(), 4u) << "each is made once: INBOX, Lists, dev, Large";
}

TEST_F(JmapRules, WithNobodyToForwardToItStays) {
  set_rules(R"([{"forward":{"to":["carol@example.test"],"keepCopy":false}}])");
  ASSERT_TRUE(store().accounts().remove(fixture_.resolve("mailto:carol@example.test")->account).ok());
  EXPECT_EQ(mailboxes_of(receive("bob@example.net")), json_of(R"(["INBOX"])"));
}

TEST_F(JmapRules, ForwardsACopyByTheOutboxInTheSameBatch) {
  set_rules(R"([{"name":"f","conditions":[{"from":["shop@example.net"]}],"forward":{"to":["ledger@example.org"],"keepCopy":true}}])");
  const auto id = receive("shop@example.net", "X: y\r\n");
  fixture_.reopen();
  const auto jobs = leaving();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].mail.from, "ann@example.test");
  EXPECT_EQ(jobs[0].mail.to[0].address, "ledger@example.org");
  const std::string text = text_of(jobs[0]);
  EXPECT_TRUE(text.starts_with("Delivered-To: ann@example.test\r\nReceived: from x")) << text;
  EXPECT_EQ(text.find("Return-Path"), std::string::npos);
  EXPECT_TRUE(text.ends_with("From: <shop@example.net>\r\nTo: Ann <ann@example.test>\r\nSubject: s\r\nX: y\r\n\r\nhi\r\n"));
  EXPECT_EQ(mailboxes_of(id), json_of(R"(["INBOX"])"));
  EXPECT_EQ(property(id, "keywords"), json_of(R"({"$forwarded":true})"));
  end(jobs[0], schema::SendState::relayed);
  EXPECT_EQ(property(id, "keywords"), json_of(R"({"$forwarded":true})")) << "nobody handed it in";
  receive("other@example.net");
  EXPECT_TRUE(leaving().empty());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(JmapRules, WhatIsForwardedAwayLiesInTheTrashAndAFailureIsTold) {
  set_rules(R"([{"forward":{"to":["nobody@example.org"],"keepCopy":false}}])");
  const auto id = receive("shop@example.net");
  EXPECT_EQ(mailboxes_of(id), json_of(R"(["Trash"])"));
  EXPECT_EQ(property(id, "keywords"), json_of(R"({"$forwarded":true,"$seen":true})"));
  const auto jobs = leaving();
  ASSERT_EQ(jobs.size(), 1u);
  end(jobs[0], schema::SendState::failed);
  EXPECT_TRUE(fixture_.sweep().ok());
  rooms_of(store()).workers.wait_until_idle();
  const auto told = inbox_of(account_);
  ASSERT_EQ(told.size(), 1u) << "the report is asked of no rule";
  EXPECT_TRUE(leaving().empty());
}

TEST_F(JmapRules, ANullReversePathStaysOne) {
  set_rules(R"([{"forward":{"to":["x@example.org"]}}])");
  receive("");
  const auto jobs = leaving();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].mail.from, "");
}

TEST_F(JmapRules, TwoOfOursWhoForwardToEachOtherEndWhereTheyBegan) {
  set_rules(R"([{"forward":{"to":["bob@example.test"],"keepCopy":true}}])");
  const Json done = [&] {
    using namespace adapters::jmap;
    adapters::jmap::Request request;
    request.capabilities = in_use_;
    request.calls.push_back({"RuleList/set", {{"accountId", to_id(bob_)}, {"update", {{"singleton", {{"rules", json_of(R"([{"forward":{"to":["ann@example.test"]}}])")}}}}}}, "0"});
    auto answer = run(context_, methods_, {bob_, "bob@example.test"}, std::move(request), "s");
    return std::get<0>(answer).responses.at(0).arguments;
  }();
  EXPECT_TRUE(done["updated"].contains("singleton")) << done;
  receive("carol@example.net", "", std::string(100'000, 'x') + "\r\n");
  for (int i = 0; i < 5; ++i) {
    fixture_.clock().advance(2min);
    EXPECT_TRUE(fixture_.sweep().ok());
    rooms_of(store()).workers.wait_until_idle();
  }
  EXPECT_EQ(inbox_of(account_).size(), 2u) << "its own, and the one that came back";
  const auto bobs = inbox_of(bob_);
  ASSERT_EQ(bobs.size(), 1u);
  const std::string text = store().reader().source_text({bob_, bobs[0].summary.local}).value();
  EXPECT_TRUE(text.starts_with("Delivered-To: ann@example.test\r\nReturn-Path: <carol@example.net>\r\n")) << text.substr(0, 200);
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(JmapRules, AnswersBySenderEachInItsInterval) {
  set_rules(R"([{"conditions":[{"from":["boss@example.net"]}],"answer":{"subject":"Yes","textBody":"At once.","days":1},"isLast":true},
                {"conditions":[{"from":["@example.net"]}],"answer":{"textBody":"Later.","days":7}}])");
  receive("boss@example.net");
  receive("boss@example.net");
  receive("carol@example.net");
  receive("news@example.net", "List-Id: <x>\r\n");
  receive("dave@example.org");
  const auto jobs = leaving();
  ASSERT_EQ(jobs.size(), 2u);
  std::map<std::string, std::string> said;
  for (const auto& job : jobs) said[job.mail.to[0].address] = job.mail.content.value();
  EXPECT_NE(said["boss@example.net"].find("At once."), std::string::npos);
  EXPECT_NE(said["boss@example.net"].find("Subject: Yes\r\n"), std::string::npos);
  EXPECT_NE(said["carol@example.net"].find("Later."), std::string::npos);
  EXPECT_NE(said["carol@example.net"].find("Subject: Auto: s\r\n"), std::string::npos);
  for (const auto& job : jobs) end(job, schema::SendState::relayed);
  fixture_.clock().advance(24h);
  EXPECT_TRUE(fixture_.sweep().ok());
  receive("boss@example.net");
  receive("carol@example.net");
  const auto next = leaving();
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].mail.to[0].address, "boss@example.net");
  end(next[0], schema::SendState::relayed);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(JmapRules, JunkIsAskedOfNoRule) {
  set_rules(R"([{"fileInto":"Work","forward":{"to":["x@example.org"]}}])");
  store::Incoming incoming;
  incoming.origin.network = "smtp";
  incoming.from = "mailto:spam@example.net";
  incoming.to = {{account_, "mailto:ann@example.test", "", {}}};
  incoming.judgement.junk = true;
  const auto results = fixture_.deliver(std::move(incoming), "Subject: s\r\n\r\nx\r\n");
  ASSERT_TRUE(results.at(0).ok());
  EXPECT_EQ(mailboxes_of(results.at(0)->id), json_of(R"(["Junk"])"));
  EXPECT_TRUE(leaving().empty());
}

TEST_F(JmapRules, WhatWasMadeOfOlderRulesIsAConflict) {
  const schema::RulesRecord older = store::rules_of(store(), account_).value();
  set_rules(R"([{"name":"kept"}])");
  const schema::RulesRecord known = store::rules_of(store(), account_).value();
  const auto kept = store::set_rules(store(), account_, older);
  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.error().kind, Errc::conflict);
  EXPECT_EQ(store::rules_of(store(), account_).value(), known);
  EXPECT_TRUE(store::set_rules(store(), account_, {known.modseq, {}}).ok());
}

}  // namespace
}  // namespace telepost
