// What rules do with a message, as tables (schema/jmap.md, urn:telepost:params:jmap:rules).
#include "policies/rules.h"

#include <gtest/gtest.h>

#include "policies/delivery.h"

namespace telepost::policies {
namespace {

using schema::Kind;
using schema::DeliveryRule;
using schema::RuleCondition;
using Fields = std::vector<schema::HeaderField>;
using Texts = std::vector<std::string>;

const Texts kOwn = {"mailto:ann@example.test", "tel:+15550100"};
const Fields kMail = {{"Received", "from a"}, {"Subject", "The Invoice of May"}, {"List-Id", "<dev.example>"}};

RuleFacts mail_of(const std::string& sender) {
  RuleFacts facts;
  facts.size_bytes = 1000;
  facts.senders = {"mailto:" + sender};
  facts.recipients = {"mailto:ann@example.test", "mailto:ann+shop@example.test"};
  facts.own = &kOwn;
  facts.fields = &kMail;
  return facts;
}
RuleFacts call_of(const std::string& caller) {
  RuleFacts facts = mail_of("gateway@example.test");
  facts.kind = Kind::voice;
  facts.senders = {};
  if (!caller.empty()) facts.senders.push_back(caller);
  facts.withheld = caller.empty();
  return facts;
}

DeliveryRule filing(const std::string& mailbox, std::vector<RuleCondition> conditions = {}) {
  DeliveryRule rule;
  rule.name = "to " + mailbox;
  rule.mailbox = mailbox;
  rule.conditions = std::move(conditions);
  return rule;
}
DeliveryRule forwarding(const Texts& to, bool keeps) {
  DeliveryRule rule;
  rule.name = "forward";
  rule.forward = schema::RuleForward{to, keeps};
  return rule;
}
bool holds_for(const RuleCondition& condition, const RuleFacts& facts) {
  return !apply_rules(in_lower_case({filing("x", {condition})}), facts).mailboxes.empty();
}

RuleCondition from(const Texts& senders) {
  RuleCondition condition;
  condition.senders = senders;
  return condition;
}
RuleCondition in_header(const std::string& name, const std::string& text) {
  RuleCondition condition;
  condition.header = name;
  condition.text = text;
  return condition;
}

TEST(RulesPolicy, ASenderIsMeantByAddressDomainOrBegin) {
  for (const char* pattern : {"mailto:bob@example.net", "@example.net", "mailto:bob*", "mailto:*"}) EXPECT_TRUE(is_meant(pattern, "mailto:bob@example.net")) << pattern;
  for (const char* pattern : {"mailto:bob@example.ne", "@ample.net", "@net", "mailto:rob*", "tel:*", "bob*", "mailto:bob"}) {
    EXPECT_FALSE(is_meant(pattern, "mailto:bob@example.net")) << pattern;
  }
  EXPECT_TRUE(is_meant("tel:+4930*", "tel:+493012345"));
  EXPECT_FALSE(is_meant("tel:+4930*", "tel:+4989123"));
  EXPECT_FALSE(is_meant("@mail.example.net", "mailto:bob@example.net"));
}

TEST(RulesPolicy, EachConditionIsAboutWhatItSays) {
  const RuleFacts mail = mail_of("bob@example.net");
  EXPECT_TRUE(holds_for(from({"mailto:x@y", "@example.net"}), mail)) << "one of them is enough";
  EXPECT_FALSE(holds_for(from({"mailto:x@y"}), mail));
  EXPECT_TRUE(holds_for(in_header("subject", "INVOICE"), mail));
  EXPECT_FALSE(holds_for(in_header("Subject", "June"), mail));
  EXPECT_TRUE(holds_for(in_header("List-Id", ""), mail)) << "it is there";
  EXPECT_FALSE(holds_for(in_header("List-Post", ""), mail));
  RuleCondition condition;
  condition.kinds = {Kind::voice, Kind::fax};
  EXPECT_FALSE(holds_for(condition, mail));
  EXPECT_TRUE(holds_for(condition, call_of("tel:+4930")));
  condition = {};
  condition.recipients = {"mailto:ann+shop@example.test"};
  EXPECT_TRUE(holds_for(condition, mail));
  condition.recipients = {"mailto:ann+work@example.test"};
  EXPECT_FALSE(holds_for(condition, mail));
  condition = {};
  condition.min_size = 1000;
  EXPECT_TRUE(holds_for(condition, mail));
  condition.max_size = 1000;
  EXPECT_FALSE(holds_for(condition, mail)) << "below, and no condition holds in part";
  condition.max_size = 1001;
  EXPECT_TRUE(holds_for(condition, mail));
}

TEST(RulesPolicy, AWithheldNumberIsOfCallsAlone) {
  RuleCondition withheld, shown;
  withheld.withheld = true;
  shown.withheld = false;
  EXPECT_TRUE(holds_for(withheld, call_of("")));
  EXPECT_FALSE(holds_for(withheld, call_of("tel:+4930")));
  EXPECT_FALSE(holds_for(withheld, mail_of("bob@example.net")));
  EXPECT_TRUE(holds_for(shown, call_of("tel:+4930")));
  EXPECT_FALSE(holds_for(shown, call_of("")));
}

TEST(RulesPolicy, AllOrAnyOfItsConditionsAndNoneMeansEverything) {
  DeliveryRule rule = filing("x", {from({"@example.net"}), in_header("subject", "june")});
  EXPECT_TRUE(apply_rules({rule}, mail_of("bob@example.net")).mailboxes.empty());
  rule.any = true;
  EXPECT_EQ(apply_rules({rule}, mail_of("bob@example.net")).mailboxes, Texts{"x"});
  EXPECT_TRUE(apply_rules({rule}, mail_of("bob@example.org")).mailboxes.empty());
  rule.conditions.clear();
  EXPECT_EQ(apply_rules({rule}, mail_of("")).mailboxes, Texts{"x"});
  rule.enabled = false;
  EXPECT_TRUE(apply_rules({rule}, mail_of("")).mailboxes.empty());
}

TEST(RulesPolicy, AreAskedInOrderUntilTheLastOne) {
  DeliveryRule second = filing("b");
  second.keywords = {"$flagged", "a"};
  second.stop = true;
  DeliveryRule first = filing("a");
  first.keywords = {"z", "a"};
  const RuleVerdict verdict = apply_rules({first, second, filing("c")}, mail_of("bob@example.net"));
  EXPECT_EQ(verdict.mailboxes, (Texts{"a", "b"}));
  EXPECT_EQ(verdict.keywords, (Texts{"$flagged", "a", "z"}));
  EXPECT_EQ(verdict.rules, "to a, to b");
  EXPECT_EQ(apply_rules({first, first}, mail_of("")).mailboxes, Texts{"a"});
}

TEST(RulesPolicy, WhatIsBlockedGoesNowhereElse) {
  DeliveryRule block;
  block.name = "block";
  block.block = true;
  DeliveryRule answer;
  answer.answer = schema::AnswerRecord{std::nullopt, "x", 1};
  const RuleVerdict verdict = apply_rules({filing("a"), forwarding({"x@example.org"}, false), answer, block, filing("b")}, mail_of("bob@example.net"));
  EXPECT_TRUE(verdict.blocked && verdict.keeps);
  EXPECT_TRUE(verdict.mailboxes.empty() && verdict.forward_to.empty() && verdict.answer == nullptr);
}

TEST(RulesPolicy, AForwardThatKeepsNothingKeepsWhatARuleFiles) {
  const RuleFacts facts = mail_of("bob@example.net");
  EXPECT_TRUE(apply_rules({forwarding({"x@example.org"}, true)}, facts).keeps);
  EXPECT_FALSE(apply_rules({forwarding({"x@example.org"}, false)}, facts).keeps);
  EXPECT_TRUE(apply_rules({forwarding({"x@example.org"}, false), filing("a")}, facts).keeps);
  EXPECT_EQ(apply_rules({forwarding({"x@example.org", "y@example.org"}, true), forwarding({"y@example.org"}, true)}, facts).forward_to,
            (Texts{"x@example.org", "y@example.org"}));
  const RuleVerdict own = apply_rules({forwarding({"Ann@example.test"}, false)}, facts);
  EXPECT_TRUE(own.forward_to.empty() && own.keeps) << "to itself it forwards nothing";
}

TEST(RulesPolicy, WhatWentThroughHereGoesOnNoMore) {
  RuleFacts facts = mail_of("bob@example.net");
  const auto forwards = [&](const Fields& fields) {
    facts.fields = &fields;
    const RuleVerdict verdict = apply_rules({forwarding({"x@example.org"}, false)}, facts);
    EXPECT_EQ(verdict.looped, verdict.forward_to.empty());
    EXPECT_EQ(verdict.keeps, verdict.forward_to.empty()) << "what is not forwarded stays";
    return !verdict.forward_to.empty();
  };
  EXPECT_TRUE(forwards({{"Delivered-To", "bob@example.net"}}));
  EXPECT_FALSE(forwards({{"Delivered-To", " Ann@Example.test "}}));
  EXPECT_FALSE(forwards({{"x-loop", "ann@example.test"}}));
  EXPECT_TRUE(forwards(Fields(50, {"Received", "x"})));
  EXPECT_FALSE(forwards(Fields(51, {"Received", "x"})));
}

TEST(RulesPolicy, JunkAndWhatIsRefusedIsAskedOfNoRule) {
  const schema::EffectiveClass service;
  const std::vector<DeliveryRule> rules = {forwarding({"x@example.org"}, true)};
  const RuleFacts arrival = mail_of("bob@example.net");
  DeliveryFacts facts;
  facts.service = &service;
  facts.rules = &rules;
  facts.arrival = &arrival;
  EXPECT_EQ(decide_delivery(facts).by_rules.forward_to, Texts{"x@example.org"});
  facts.junk = true;
  EXPECT_TRUE(decide_delivery(facts).by_rules.forward_to.empty());
  facts.junk = false;
  facts.state = schema::AccountState::closed;
  EXPECT_TRUE(decide_delivery(facts).by_rules.forward_to.empty());
}

}  // namespace
}  // namespace telepost::policies
