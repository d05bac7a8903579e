// RFC 8621 section 8: VacationResponse, from the setting to the answer.
#include <gtest/gtest.h>

#include "schema/keys.h"
#include "store/rooms.h"
#include "store/submission.h"
#include "store/vacation.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail_out.h"
#include "transcoders/mime/scanner.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using adapters::jmap::json_of;

class JmapVacation : public test::JmapMailOut {
 protected:
  JmapVacation() { EXPECT_TRUE(store().accounts().set_name(account_, "Ann Example").ok()); }
  Json get_it() { return call("VacationResponse/get", {{"ids", nullptr}})["list"].at(0); }
  Json set_it(const Json& patch) { return call("VacationResponse/set", {{"update", {{"singleton", patch}}}}); }
  std::string fault_of(const Json& patch) { return set_it(patch)["notUpdated"]["singleton"].value("type", ""); }
  void go_away() { EXPECT_TRUE(set_it({{"isEnabled", true}, {"subject", "Gone fishing"}, {"textBody", "Back on Monday."}})["updated"].contains("singleton")); }

  void receive(const std::string& from, const std::string& more = "", const std::string& to = "To: Ann <ann@example.test>\r\n") {
    store::Incoming incoming;
    incoming.origin.network = "smtp";
    incoming.from = from.empty() ? "" : "mailto:" + from;
    incoming.to = {{account_, "mailto:ann@example.test", "", {}}};
    const auto results = fixture_.deliver(std::move(incoming), "From: <" + from + ">\r\n" + to + "Subject: question\r\nMessage-ID: <q1@example.net>\r\nReferences: <q0@example.net>\r\n" +
                                                                  more + "\r\nWhen?\r\n");
    ASSERT_TRUE(results.at(0).ok());
  }
  // What leaves for others, once what is due is done; each is ended.
  std::vector<store::MailToSend> leaving() {
    EXPECT_TRUE(fixture_.sweep().ok());
    auto given = claim();
    for (const store::MailToSend& sent : given) tell(sent, schema::SendState::relayed, "250 ok");
    rooms_of(store()).workers.wait_until_idle();
    return given;
  }
  static std::string field(const std::string& message, const std::string& name) {
    for (const auto& each : transcoders::mime::scan(message).header) {
      if (each.name == name) return each.value;
    }
    return "missing";
  }
};

TEST_F(JmapVacation, Section8ThereIsOneAndItIsOff) {
  EXPECT_EQ(get_it(), json_of(R"({"id":"singleton","isEnabled":false,"fromDate":null,"toDate":null,"subject":null,"textBody":null,"htmlBody":null})"));
  EXPECT_EQ(call("VacationResponse/get", {{"ids", {"singleton", "x"}}, {"properties", {"subject"}}})["list"], json_of(R"([{"id":"singleton","subject":null}])"));
  EXPECT_EQ(call("VacationResponse/get", {{"ids", {"x"}}})["notFound"], json_of(R"(["x"])"));
  const Json done = call("VacationResponse/set", {{"create", {{"k", Json::object()}}}, {"destroy", {"singleton"}}});
  EXPECT_EQ(done["notCreated"]["k"]["type"], "singleton");
  EXPECT_EQ(done["notDestroyed"]["singleton"]["type"], "singleton");
  receive("carol@example.net");
  EXPECT_TRUE(leaving().empty());
}

TEST_F(JmapVacation, WhatWasMadeOfAnOlderStateIsAConflict) {
  const schema::VacationRecord older = store::vacation_of(store(), account_).value();
  go_away();
  const schema::VacationRecord known = store::vacation_of(store(), account_).value();
  schema::VacationRecord late = older;
  late.text = "late";
  const auto kept = store::set_vacation(store(), account_, late);
  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.error().kind, Errc::conflict);
  EXPECT_EQ(store::vacation_of(store(), account_).value(), known);
  late.modseq = known.modseq;
  EXPECT_TRUE(store::set_vacation(store(), account_, late).ok());
}

TEST_F(JmapVacation, Section8_2ChangesWhatIsThere) {
  const std::string before = call("VacationResponse/get", {{"ids", nullptr}})["state"];
  const Json patch = json_of(R"({"isEnabled":true,"fromDate":"2026-12-01T00:00:00Z","toDate":"2027-01-01T00:00:00Z","subject":"s","textBody":"t","htmlBody":"<b>h</b>"})");
  const Json done = set_it(patch);
  EXPECT_TRUE(done["updated"].contains("singleton")) << done;
  EXPECT_EQ(done["oldState"], before);
  EXPECT_NE(done["newState"], before);
  Json expected = patch;
  expected["id"] = "singleton";
  EXPECT_EQ(get_it(), expected);
  fixture_.reopen();
  EXPECT_EQ(get_it(), expected);
  EXPECT_TRUE(set_it({{"subject", nullptr}, {"isEnabled", nullptr}})["updated"].contains("singleton"));
  EXPECT_EQ(get_it()["isEnabled"], false);
  for (const char* wrong : {R"({"isEnabled":5})", R"({"fromDate":"2026-12-01"})", R"({"subject":5})", R"({"id":"x"})", R"({"color":"red"})"}) {
    EXPECT_EQ(fault_of(json_of(wrong)), "invalidProperties") << wrong;
  }
  EXPECT_EQ(fault_of({{"textBody", std::string(21u << 10, 'x')}}), "tooLarge");
  EXPECT_EQ(error_of("VacationResponse/set", {{"ifInState", before}}), "stateMismatch");
}

TEST_F(JmapVacation, AnswersOnceAWeekAsRfc3834Wants) {
  go_away();
  receive("carol@example.net");
  const auto jobs = leaving();
  ASSERT_EQ(jobs.size(), 1u);
  const schema::MailJob& mail = jobs[0].mail;
  EXPECT_EQ(mail.from, "") << "RFC 3834 section 3.3";
  EXPECT_EQ(mail.to[0].address, "carol@example.net");
  const std::string text = mail.content.value();
  EXPECT_EQ(field(text, "Auto-Submitted"), "auto-replied");
  EXPECT_EQ(field(text, "In-Reply-To"), "<q1@example.net>");
  EXPECT_EQ(field(text, "References"), "<q0@example.net> <q1@example.net>");
  EXPECT_EQ(field(text, "Subject"), "Gone fishing");
  EXPECT_NE(field(text, "From").find("<ann@example.test>"), std::string::npos);
  EXPECT_EQ(field(text, "To").find("ann@"), std::string::npos);
  EXPECT_NE(text.find("Back on Monday."), std::string::npos);
  fixture_.reopen();
  receive("Carol@EXAMPLE.net");
  EXPECT_TRUE(leaving().empty()) << "not twice in a week, whoever restarts";
  receive("dave@example.net");
  EXPECT_EQ(leaving().size(), 1u);
  fixture_.clock().advance(24h * 7);
  EXPECT_TRUE(fixture_.sweep().ok());
  receive("carol@example.net");
  EXPECT_EQ(leaving().size(), 1u);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(JmapVacation, ACrashBehindTheDeliveryLosesNoAnswer) {
  go_away();
  receive("carol@example.net");
  fixture_.reopen();
  EXPECT_EQ(leaving().size(), 1u);
  fixture_.reopen();
  EXPECT_TRUE(leaving().empty());
}

TEST_F(JmapVacation, AnswersNeitherListsNorProgramsNorNobody) {
  go_away();
  receive("");
  receive("list-request@example.net");
  receive("carol@example.net", "List-Id: <x.example.net>\r\n");
  receive("carol@example.net", "Auto-Submitted: auto-generated\r\n");
  receive("carol@example.net", "Precedence: bulk\r\n");
  receive("carol@example.net", "", "To: everybody@example.net\r\n");
  receive("ann@example.test");
  EXPECT_TRUE(leaving().empty());
  receive("carol@example.net", "", "To: everybody@example.net\r\nCc: ann+x@example.test\r\n");
  EXPECT_EQ(leaving().size(), 1u);
}

TEST_F(JmapVacation, AnswersBetweenItsDatesAlone) {
  set_it({{"isEnabled", true}, {"fromDate", adapters::jmap::Json(nullptr)}, {"toDate", "2000-01-01T00:00:00Z"}});
  receive("carol@example.net");
  EXPECT_TRUE(leaving().empty());
  set_it({{"toDate", nullptr}});
  receive("carol@example.net");
  const auto jobs = leaving();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(field(jobs[0].mail.content.value(), "Subject"), "Auto: question");
}

TEST_F(JmapVacation, OneOfOursIsAnsweredThroughTheDoor) {
  go_away();
  receive("bob@example.test");
  EXPECT_TRUE(leaving().empty());
  const auto page = store().reader().list_by_uid(bob_, schema::MailboxId{1}, {1}, {100}, 10);
  ASSERT_EQ(page->messages.size(), 1u);
  EXPECT_EQ(page->messages[0].summary.subject, "Gone fishing");
}

// Twenty long references and two full texts are more than a send job holds.
TEST_F(JmapVacation, WhoeverCouldNotBeAnsweredIsNotTakenForAnswered) {
  std::string text;
  while (text.size() < (20u << 10)) text += "\u00e4";
  ASSERT_TRUE(set_it({{"isEnabled", true}, {"textBody", text}, {"htmlBody", text}})["updated"].contains("singleton"));
  std::string references = "References:";
  for (char letter = 'a'; letter < 'a' + 20; ++letter) references += "\r\n <" + std::string(900, letter) + "@example.net>";
  store::Incoming incoming;
  incoming.origin.network = "smtp";
  incoming.from = "mailto:carol@example.net";
  incoming.to = {{account_, "mailto:ann@example.test", "", {}}};
  const std::string mail = "From: <carol@example.net>\r\nTo: <ann@example.test>\r\nSubject: question\r\nMessage-ID: <q1@example.net>\r\n" + references + "\r\n\r\nWhen?\r\n";
  ASSERT_TRUE(fixture_.deliver(std::move(incoming), mail).at(0).ok());
  const bool has_left = leaving().size() == 1;
  bool is_answered = false;
  EXPECT_TRUE(fixture_.engine().reader(schema::Partition::account(account_))->scan(store::Space::point, "R", "S", [&](std::string_view key, std::string_view) {
    is_answered = is_answered || key.size() == 17;
    return true;
  }).ok());
  EXPECT_EQ(is_answered, has_left);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(JmapVacation, AnAnswerWaitsForASettingThatCannotBeRead) {
  go_away();
  fixture_.engine().damage(schema::Partition::account(account_), store::Space::point, schema::keys::kVacation, "\x01junk");
  fixture_.reopen();
  receive("carol@example.net");
  EXPECT_TRUE(leaving().empty());
  schema::VacationRecord again;
  again.enabled = true;
  again.text = "Back on Monday.";
  ASSERT_TRUE(store::set_vacation(store(), account_, again).ok());
  fixture_.clock().advance(1h);
  EXPECT_EQ(leaving().size(), 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

}  // namespace
}  // namespace telepost
