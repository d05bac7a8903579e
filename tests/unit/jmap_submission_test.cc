// RFC 8621 section 7: EmailSubmission, from the email to its recipients.
#include <gtest/gtest.h>

#include "store/outbox.h"
#include "store/rooms.h"
#include "store/submission.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail_out.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using adapters::jmap::json_of;
using schema::SendState;

const std::string kDraft = "From: Ann <ann@example.test>\r\nTo: Carol <carol@example.net>, bob@example.test\r\nCc: carol@EXAMPLE.net\r\n"
                           "Bcc: eve@example.org,\r\n\tmallory@example.org\r\nSubject: hello\r\nDate: Fri, 20 Nov 2026 16:25:30 +0000\r\nMessage-ID: <1@example.test>\r\n\r\nbody\r\n";

class JmapSubmission : public test::JmapMailOut {
 protected:
  JmapSubmission() { identity_ = call("Identity/get", {{"ids", nullptr}})["list"][0]["id"]; }

  std::string draft(const std::string& text = kDraft) { return id_of(deliver(text)); }
  static Json to(const std::vector<std::string>& emails, Json mail_parameters = nullptr) {
    Json rcpt = Json::array();
    for (const std::string& email : emails) rcpt.push_back({{"email", email}, {"parameters", nullptr}});
    return {{"mailFrom", {{"email", "ann@example.test"}, {"parameters", std::move(mail_parameters)}}}, {"rcptTo", std::move(rcpt)}};
  }
  Json object(const std::string& email, Json envelope = nullptr) { return {{"identityId", identity_}, {"emailId", email}, {"envelope", std::move(envelope)}}; }
  Json create(const Json& submission) {
    const Json answer = call("EmailSubmission/set", {{"create", {{"k", submission}}}});
    rooms_of(store()).workers.wait_until_idle();
    return answer;
  }
  std::string send(const Json& submission) {
    const Json answer = create(submission);
    EXPECT_TRUE(answer["notCreated"].is_null()) << answer;
    return answer["created"]["k"].value("id", "");
  }
  std::string fault_of(const Json& submission) { return create(submission)["notCreated"]["k"].value("type", ""); }
  Json shown(const std::string& id) { return call("EmailSubmission/get", {{"ids", {id}}})["list"].at(0); }
  Json update(const std::string& id, const Json& patch) { return call("EmailSubmission/set", {{"update", {{id, patch}}}}); }
  std::string submissions_state() { return call("EmailSubmission/get", {{"ids", Json::array()}})["state"]; }
  Json changes(const std::string& since) { return call("EmailSubmission/changes", {{"sinceState", since}}); }

  std::string identity_;
};

TEST_F(JmapSubmission, Section7_5SendsToEverybodyInTheHeaderAndTellsNobodyOfBcc) {
  const std::string email = draft();
  const Json answer = create(object(email));
  ASSERT_TRUE(answer["notCreated"].is_null()) << answer;
  const Json made = answer["created"]["k"];
  EXPECT_EQ(made["threadId"], call("Email/get", {{"ids", {email}}, {"properties", {"threadId"}}})["list"][0]["threadId"]);
  EXPECT_EQ(made["envelope"], to({"carol@example.net", "bob@example.test", "eve@example.org", "mallory@example.org"}));
  const auto jobs = claim();
  ASSERT_EQ(jobs.size(), 2u);
  for (const store::MailToSend& job : jobs) {
    const std::string content = text_of(job);
    EXPECT_EQ(job.mail.from, "ann@example.test");
    EXPECT_EQ(content.find("Bcc"), std::string::npos);
    EXPECT_EQ(content.find("mallory@example.org"), std::string::npos);
    EXPECT_EQ(content.find("Return-Path"), std::string::npos);
    EXPECT_EQ(content.substr(0, 10), "Received: ");
    EXPECT_TRUE(content.ends_with("Cc: carol@EXAMPLE.net\r\nSubject: hello\r\nDate: Fri, 20 Nov 2026 16:25:30 +0000\r\nMessage-ID: <1@example.test>\r\n\r\nbody\r\n")) << content;
  }
  ASSERT_EQ(inbox(bob_).size(), 1u);
  EXPECT_EQ(inbox(bob_)[0].find("Bcc"), std::string::npos);
  EXPECT_NE(property({account_, {*adapters::jmap::number_from('e', email)}}, "bcc"), nullptr) << "its own email keeps it";
  EXPECT_EQ(call("Email/query", Json::object())["ids"].size(), 1u) << "what leaves is a copy that nobody sees";
}

TEST_F(JmapSubmission, TellsOfEachRecipientAsTheOutboxDoes) {
  const std::string id = send(object(draft(), to({"carol@example.net", "bob@example.test", "eve@example.org"})));
  Json status = shown(id)["deliveryStatus"];
  EXPECT_EQ(status["bob@example.test"]["delivered"], "yes");
  EXPECT_EQ(status["carol@example.net"], (Json{{"smtpReply", "250 2.0.0 waits in the queue"}, {"delivered", "queued"}, {"displayed", "unknown"}}));
  const std::string before = submissions_state();
  const auto jobs = claim();
  ASSERT_EQ(jobs.size(), 2u);
  const bool carol_first = jobs[0].mail.to[0].address == "carol@example.net";
  tell(jobs[carol_first ? 0 : 1], SendState::deferred, "451 4.7.1 try later");
  EXPECT_EQ(changes(before)["updated"], Json::array({id}));
  EXPECT_EQ(shown(id)["deliveryStatus"]["carol@example.net"]["smtpReply"], "451 4.7.1 try later");
  EXPECT_EQ(shown(id)["deliveryStatus"]["carol@example.net"]["delivered"], "queued");
  tell(jobs[carol_first ? 1 : 0], SendState::failed, "550 5.1.1 no such user");
  EXPECT_EQ(shown(id)["deliveryStatus"]["eve@example.org"]["delivered"], "no");
  fixture_.clock().advance(2h);
  const auto again = claim();
  ASSERT_EQ(again.size(), 1u);
  tell(again[0], SendState::relayed, "250 2.0.0 ok");
  EXPECT_EQ(shown(id)["deliveryStatus"]["carol@example.net"], (Json{{"smtpReply", "250 2.0.0 ok"}, {"delivered", "unknown"}, {"displayed", "unknown"}}));
  EXPECT_EQ(shown(id)["undoStatus"], "final");
  EXPECT_EQ(update(id, {{"undoStatus", "canceled"}})["notUpdated"][id]["type"], "cannotUnsend");
}

TEST_F(JmapSubmission, WhatWaitsCanBeCalledBack) {
  const std::string id = send(object(draft(), to({"carol@example.net", "bob@example.test"}, {{"HOLDFOR", "3600"}})));
  EXPECT_TRUE(inbox(bob_).empty());
  EXPECT_TRUE(claim().empty());
  const std::string before = submissions_state();
  EXPECT_TRUE(update(id, {{"undoStatus", "canceled"}})["updated"].contains(id));
  EXPECT_EQ(shown(id)["undoStatus"], "canceled");
  EXPECT_EQ(changes(before)["updated"], Json::array({id}));
  fixture_.clock().advance(3h);
  EXPECT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(claim().empty());
  EXPECT_TRUE(inbox(bob_).empty());
  EXPECT_EQ(inbox(account_).size(), 1u) << "no report";
  EXPECT_TRUE(update(id, {{"undoStatus", "canceled"}})["updated"].contains(id)) << "it is";
}

TEST_F(JmapSubmission, WhatIsBeingSentIsNotCalledBackInPart) {
  const std::string id = send(object(draft(), to({"carol@example.net", "eve@example.org"})));
  store::Outbox::Claim one;
  one.owner = "test";
  one.destination = "example.org";
  ASSERT_EQ(store().submission().claim(one)->size(), 1u);
  EXPECT_EQ(update(id, {{"undoStatus", "canceled"}})["notUpdated"][id]["type"], "cannotUnsend");
  EXPECT_EQ(shown(id)["undoStatus"], "pending");
  EXPECT_EQ(claim().size(), 1u) << "the other one goes its way";
}

TEST_F(JmapSubmission, HoldsUntilTheTimeThatItsSenderWants) {
  const Time now = store().now();
  const std::string id = send(object(draft(), to({"carol@example.net"}, {{"HOLDFOR", "600"}})));
  EXPECT_EQ(shown(id)["sendAt"].get<std::string>().substr(0, 19), to_rfc3339(now + 600s).substr(0, 19));
  EXPECT_EQ(shown(id)["undoStatus"], "pending");
  fixture_.clock().advance(599s);
  EXPECT_TRUE(claim().empty());
  fixture_.clock().advance(2s);
  EXPECT_EQ(claim().size(), 1u);
  EXPECT_EQ(fault_of(object(draft(), to({"carol@example.net"}, {{"HOLDFOR", "2592001"}}))), "invalidProperties");
  EXPECT_EQ(fault_of(object(draft(), to({"carol@example.net"}, {{"HOLDUNTIL", "2036-01-01T00:00:00Z"}}))), "invalidProperties");
  const Json late = shown(send(object(draft(), to({"carol@example.net"}, {{"HOLDUNTIL", "2020-01-01T00:00:00Z"}}))));
  EXPECT_GE(late["sendAt"].get<std::string>().substr(0, 4), "2026");
}

TEST_F(JmapSubmission, OnSuccessTheEmailIsMovedOrDestroyed) {
  const auto sent = make_mailbox("Sent box");
  const std::string email = draft(), other = draft();
  Json arguments = {{"create", {{"k", object(email)}, {"l", object(other)}, {"m", object("e999")}}},
                    {"onSuccessUpdateEmail", {{"#k", {{"mailboxIds/m1", nullptr}, {"mailboxIds/" + adapters::jmap::to_id(sent), true}, {"keywords/$draft", nullptr}}}, {"#m", {{"keywords/$seen", true}}}}},
                    {"onSuccessDestroyEmail", {"#l", "#m"}}};
  const auto all = call_for_all("EmailSubmission/set", arguments);
  rooms_of(store()).workers.wait_until_idle();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "EmailSubmission/set");
  EXPECT_EQ(all[1].name, "Email/set");
  EXPECT_EQ(all[1].call_id, all[0].call_id);
  EXPECT_TRUE(all[1].arguments["updated"].contains(email)) << all[1].arguments;
  EXPECT_EQ(all[1].arguments["destroyed"], Json::array({other}));
  EXPECT_EQ(call("Email/get", {{"ids", {email}}, {"properties", {"mailboxIds"}}})["list"][0]["mailboxIds"], (Json{{adapters::jmap::to_id(sent), true}}));
  EXPECT_EQ(claim().size(), 4u) << "of each a job for two domains";
  const auto none = call_for_all("EmailSubmission/set", {{"create", {{"m", object("e999")}}}, {"onSuccessDestroyEmail", {"#m"}}});
  EXPECT_EQ(none.size(), 1u);
  EXPECT_EQ(error_of("EmailSubmission/set", {{"onSuccessUpdateEmail", {{"#k", 5}}}}), "invalidArguments");
}

TEST_F(JmapSubmission, TheEmailMayGoBeforeItsCopyIsSent) {
  const std::string email = draft();
  const std::string id = send(object(email, to({"carol@example.net"})));
  EXPECT_EQ(call("Email/set", {{"destroy", {email}}})["destroyed"], Json::array({email}));
  const auto jobs = claim();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_TRUE(text_of(jobs[0]).ends_with("\r\n\r\nbody\r\n"));
  tell(jobs[0], SendState::relayed, "250 ok");
  EXPECT_EQ(shown(id)["undoStatus"], "final");
}

TEST_F(JmapSubmission, RefusesWhatSmtpSubmissionRefuses) {
  const std::string mine = draft();
  EXPECT_EQ(fault_of(object(draft("From: bob@example.test\r\nTo: carol@example.net\r\n\r\nx\r\n"))), "forbiddenFrom");
  EXPECT_EQ(fault_of(object(draft("From: ann@example.test, bob@example.test\r\nTo: carol@example.net\r\n\r\nx\r\n"))), "forbiddenFrom");
  EXPECT_EQ(fault_of(object(draft("From: ann@example.test\r\nFrom: bob@example.test\r\nTo: carol@example.net\r\n\r\nx\r\n"))), "forbiddenFrom");
  EXPECT_EQ(fault_of(object(draft("To: carol@example.net\r\n\r\nx\r\n"))), "invalidEmail");
  EXPECT_EQ(fault_of(object(draft("From: ann@example.test\r\n\r\nx\r\n"))), "noRecipients");
  EXPECT_EQ(fault_of(object(draft("From: ann@example.test\r\nTo: carol@example.net\r\n\r\nx\n.\r\n"))), "invalidEmail") << "a bare line end";
  EXPECT_EQ(fault_of(object(mine, to({}))), "noRecipients");
  Json other = to({"carol@example.net"});
  other["mailFrom"]["email"] = "bob@example.test";
  EXPECT_EQ(fault_of(object(mine, other)), "forbiddenMailFrom");
  ASSERT_TRUE(store().accounts().set_state(bob_, schema::AccountState::closed).ok());
  const Json invalid = create(object(mine, to({"carol@example.net", "bob@example.test", "no address"})))["notCreated"]["k"];
  EXPECT_EQ(invalid["type"], "invalidRecipients");
  EXPECT_EQ(invalid["invalidRecipients"], json_of(R"(["bob@example.test","no address"])"));
  const std::vector<std::string> many(1001, "carol@example.net");
  const Json too_many = create(object(mine, to(many)))["notCreated"]["k"];
  EXPECT_EQ(too_many["type"], "tooManyRecipients");
  EXPECT_EQ(too_many["maxRecipients"], 1000);
  EXPECT_TRUE(claim().empty());
  EXPECT_EQ(call("EmailSubmission/query", Json::object())["ids"], Json::array());
}

TEST_F(JmapSubmission, Section7_5SendsToNobodyWhereOneFieldCannotBeRead) {
  const Json unread = create(object(draft("From: ann@example.test\r\nTo: <carol@>\r\nCc: bob@example.test\r\n\r\nx\r\n")))["notCreated"]["k"];
  EXPECT_EQ(unread["type"], "invalidEmail");
  EXPECT_EQ(unread["properties"], json_of(R"(["to"])"));
  EXPECT_TRUE(claim().empty());
  EXPECT_TRUE(inbox(bob_).empty());
}

TEST_F(JmapSubmission, Section7_5CountsAllThatTheHeaderNames) {
  std::string names = "To: a0@example.net";
  for (int i = 1; i <= 1000; ++i) names += ",\r\n a" + std::to_string(i) + "@example.net";
  const Json too_many = create(object(draft("From: ann@example.test\r\n" + names + "\r\n\r\nx\r\n")))["notCreated"]["k"];
  EXPECT_EQ(too_many["type"], "tooManyRecipients");
  EXPECT_EQ(too_many["maxRecipients"], 1000);
  EXPECT_TRUE(claim().empty());
}

TEST_F(JmapSubmission, WantsPropertiesAsTheyAre) {
  const std::string email = draft();
  EXPECT_EQ(fault_of({{"identityId", "i5"}, {"emailId", email}}), "invalidProperties");
  EXPECT_EQ(fault_of({{"identityId", identity_}, {"emailId", "e999"}}), "invalidProperties");
  EXPECT_EQ(fault_of({{"identityId", identity_}}), "invalidProperties");
  Json with_more = object(email);
  with_more["undoStatus"] = "pending";
  EXPECT_EQ(fault_of(with_more), "invalidProperties");
  for (const char* envelope : {R"("x")", R"({})", R"({"mailFrom":null,"rcptTo":[]})", R"({"mailFrom":{"email":"ann@example.test"},"rcptTo":{}})",
                               R"({"mailFrom":{"email":"ann@example.test","parameters":{"BY":"120;R"}},"rcptTo":[]})",
                               R"({"mailFrom":{"email":"ann@example.test","parameters":{"HOLDFOR":"x"}},"rcptTo":[]})",
                               R"({"mailFrom":{"email":"ann@example.test","parameters":{"HOLDFOR":"5","HOLDUNTIL":"2026-12-01T00:00:00Z"}},"rcptTo":[]})",
                               R"({"mailFrom":{"email":"ann@example.test"},"rcptTo":[{"email":"c@example.net","parameters":{"NOTIFY":"NEVER,DELAY"}}]})",
                               R"({"mailFrom":{"email":"ann@example.test"},"rcptTo":[{"email":"c@example.net","parameters":{"ORCPT":5}}]})"}) {
    EXPECT_EQ(fault_of(object(email, json_of(envelope))), "invalidProperties") << envelope;
  }
  const std::string id = send(object(email, to({"carol@example.net"})));
  EXPECT_EQ(update(id, {{"sendAt", "2030-01-01T00:00:00Z"}})["notUpdated"][id]["type"], "invalidProperties");
  EXPECT_EQ(update(id, {{"undoStatus", "final"}})["notUpdated"][id]["type"], "invalidProperties");
  EXPECT_EQ(update("n999", {{"undoStatus", "canceled"}})["notUpdated"]["n999"]["type"], "notFound");
}

TEST_F(JmapSubmission, ParametersReachTheOutbox) {
  Json envelope = to({"carol@example.net"}, {{"RET", "HDRS"}, {"ENVID", "my id"}, {"REQUIRETLS", nullptr}});
  envelope["rcptTo"][0]["parameters"] = {{"NOTIFY", "SUCCESS,DELAY"}, {"ORCPT", "rfc822;Carol@example.net"}};
  const std::string id = send(object(draft(), envelope));
  EXPECT_EQ(shown(id)["envelope"], envelope);
  const auto jobs = claim();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].mail.request.ret, schema::ReportReturn::headers);
  EXPECT_EQ(jobs[0].mail.request.envid, "my id");
  EXPECT_TRUE(jobs[0].mail.request.require_tls);
  EXPECT_TRUE(jobs[0].mail.to[0].request.notify.success && jobs[0].mail.to[0].request.notify.delay && !jobs[0].mail.to[0].request.notify.failure);
  EXPECT_EQ(jobs[0].mail.to[0].request.orcpt, "rfc822;Carol@example.net");
}

TEST_F(JmapSubmission, Section7_3QueriesAndTheirChanges) {
  const std::string first_email = draft(), second_email = draft();
  const std::string first = send(object(first_email, to({"carol@example.net"}, {{"HOLDFOR", "7200"}})));
  fixture_.clock().advance(1min);
  const std::string second = send(object(second_email, to({"carol@example.net"}, {{"HOLDFOR", "60"}})));
  const auto ids = [&](Json arguments) { return call("EmailSubmission/query", std::move(arguments))["ids"]; };
  EXPECT_EQ(ids({{"sort", json_of(R"([{"property":"sentAt"}])")}}), Json::array({second, first}));
  EXPECT_EQ(ids({{"sort", json_of(R"([{"property":"emailId","isAscending":false}])")}}), Json::array({second, first}));
  EXPECT_EQ(ids({{"filter", {{"emailIds", {first_email}}}}}), Json::array({first}));
  EXPECT_EQ(ids({{"filter", {{"identityIds", {"i5"}}}}}), Json::array());
  EXPECT_EQ(ids({{"filter", {{"before", shown(first)["sendAt"]}}}}), Json::array({second}));
  EXPECT_EQ(ids({{"filter", {{"after", shown(first)["sendAt"]}}}}), Json::array({first}));
  EXPECT_EQ(error_of("EmailSubmission/query", {{"filter", {{"subject", "x"}}}}), "unsupportedFilter");
  EXPECT_EQ(error_of("EmailSubmission/query", {{"filter", {{"before", "x"}}}}), "invalidArguments");
  EXPECT_EQ(error_of("EmailSubmission/query", {{"sort", json_of(R"([{"property":"id"}])")}}), "unsupportedSort");
  const std::string before = call("EmailSubmission/query", {{"filter", {{"undoStatus", "pending"}}}})["queryState"];
  update(first, {{"undoStatus", "canceled"}});
  const Json changed = call("EmailSubmission/queryChanges", {{"filter", {{"undoStatus", "pending"}}}, {"sinceQueryState", before}});
  EXPECT_EQ(changed["removed"], Json::array({first}));
  EXPECT_EQ(changed["added"], Json::array());
}

TEST_F(JmapSubmission, DestroyingTheObjectStopsNothing) {
  const std::string before = submissions_state();
  const std::string id = send(object(draft(), to({"carol@example.net"})));
  EXPECT_EQ(changes(before)["created"], Json::array({id}));
  const std::string middle = submissions_state();
  const Json done = call("EmailSubmission/set", {{"destroy", {id}}});
  EXPECT_EQ(done["destroyed"], Json::array({id}));
  EXPECT_TRUE(done["oldState"].is_string());
  EXPECT_EQ(changes(middle)["destroyed"], Json::array({id}));
  EXPECT_EQ(changes(before)["destroyed"], Json::array());
  EXPECT_EQ(call("EmailSubmission/get", {{"ids", {id}}})["notFound"], Json::array({id}));
  EXPECT_EQ(call("EmailSubmission/set", {{"destroy", {id}}})["notDestroyed"][id]["type"], "notFound");
  EXPECT_EQ(claim().size(), 1u);
}

TEST_F(JmapSubmission, ItIsForgottenInTimeAndThatIsTold) {
  const std::string id = send(object(draft(), to({"carol@example.net"})));
  tell(claim().at(0), SendState::relayed, "250 ok");
  const std::string known = submissions_state();
  fixture_.clock().advance(24h * 91);
  EXPECT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(changes(known)["destroyed"], Json::array({id}));
  fixture_.clock().advance(24h * 91);
  EXPECT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(changes(known)["type"], "cannotCalculateChanges");
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(JmapSubmission, TheCapabilityTellsWhatIsTaken) {
  const Json capability = methods_.capabilities().at(adapters::jmap::kSubmission).of_account(context_);
  EXPECT_EQ(capability["maxDelayedSend"], 30 * 24 * 3600);
  for (const char* name : {"FUTURERELEASE", "DSN", "SIZE", "REQUIRETLS"}) EXPECT_TRUE(capability["submissionExtensions"][name].is_array()) << name;
}

}  // namespace
}  // namespace telepost
