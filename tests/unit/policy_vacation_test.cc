// RFC 3834 section 2 and RFC 5230 section 4.6 as tables.
#include "policies/vacation.h"

#include <gtest/gtest.h>

namespace telepost::policies {
namespace {

using namespace std::chrono_literals;
using Fields = std::vector<schema::HeaderField>;

constexpr Time kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};

VacationFacts away(const Fields& fields) {
  VacationFacts facts;
  facts.enabled = true;
  facts.sender = "bob@example.net";
  facts.names_recipient = true;
  facts.fields = &fields;
  facts.now = kNow;
  return facts;
}

TEST(VacationPolicy, AnswersAPersonWhoWroteToItsRecipient) {
  const Fields fields = {{"From", "bob@example.net"}, {"Auto-Submitted", "no"}, {"Precedence", "first-class"}, {"Subject", "List-Id: x"}};
  EXPECT_EQ(why_not_answered(away(fields)), "");
}

TEST(VacationPolicy, AnswersNoListAndNoProgram) {
  for (const Fields& fields : {Fields{{"List-Id", "<x.example.net>"}}, Fields{{"list-unsubscribe", "<mailto:x@example.net>"}}, Fields{{"Precedence", "bulk"}},
                               Fields{{"Precedence", " List "}}, Fields{{"precedence", "junk"}}, Fields{{"Auto-Submitted", "auto-replied"}},
                               Fields{{"Auto-Submitted", "auto-generated; x=y"}}, Fields{{"Auto-Submitted", ""}}, Fields{{"X-Auto-Response-Suppress", "All"}}}) {
    EXPECT_NE(why_not_answered(away(fields)), "") << fields[0].name << ": " << fields[0].value;
  }
  const Fields none;
  for (const char* sender : {"", "mailer-daemon@example.net", "MAILER-DAEMON@example.net", "owner-list@example.net", "list-request@example.net", "list-owner@example.net",
                             "listserv@example.net", "majordomo@example.net", "noreply@example.net", "x-bounces@example.net", "bob"}) {
    VacationFacts facts = away(none);
    facts.sender = sender;
    EXPECT_NE(why_not_answered(facts), "") << sender;
  }
}

TEST(VacationPolicy, AnswersOnlyWhileAwayAndNamedAndNotOwn) {
  const Fields none;
  VacationFacts facts = away(none);
  facts.enabled = false;
  EXPECT_EQ(why_not_answered(facts), "not away");
  facts = away(none);
  facts.names_recipient = false;
  EXPECT_EQ(why_not_answered(facts), "not named");
  facts = away(none);
  facts.sender_is_own = true;
  EXPECT_EQ(why_not_answered(facts), "own");
  facts = away(none);
  facts.doubtful = true;
  EXPECT_EQ(why_not_answered(facts), "doubtful");
}

TEST(VacationPolicy, BeginsAtItsBeginAndEndsBeforeItsEnd) {
  EXPECT_TRUE(is_away(true, kNow, {}, kNow));
  EXPECT_FALSE(is_away(true, kNow + 1ms, {}, kNow));
  EXPECT_FALSE(is_away(true, {}, kNow, kNow));
  EXPECT_TRUE(is_away(true, {}, kNow + 1ms, kNow));
  EXPECT_FALSE(is_away(false, {}, {}, kNow));
}

TEST(VacationPolicy, AnswersNobodyTwiceInAWeek) {
  const Fields none;
  VacationFacts facts = away(none);
  facts.answered = kNow - 24h * 7 + 1ms;
  EXPECT_EQ(why_not_answered(facts), "answered");
  facts.answered = kNow - 24h * 7;
  EXPECT_EQ(why_not_answered(facts), "");
}

}  // namespace
}  // namespace telepost::policies
