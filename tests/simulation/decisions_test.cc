// Every decision about a message's time against the model's reading of the same class: random classes, random messages, no store.
#include <gtest/gtest.h>

#include "policies/lifecycle.h"
#include "schema/effective_class.h"
#include "tests/simulation/class_text.h"
#include "tests/simulation/model.h"
#include "tests/simulation/random_classes.h"

namespace telepost {
namespace {

using simulation::Account;
using simulation::Dice;
using simulation::kDay;
using simulation::Message;
using simulation::Millis;
using simulation::Model;
using simulation::Rule;

schema::Role role_from(const std::string& name) {
  for (const schema::Role role : {schema::Role::inbox, schema::Role::trash, schema::Role::junk, schema::Role::archive}) {
    if (name == schema::name_of(role)) return role;
  }
  return schema::Role::none;
}

Account random_account(Dice& dice, const Model& model) {
  Account account;
  account.roles = {{"INBOX", "inbox"}, {"Trash", "trash"}, {"Junk", "junk"}, {"Archive", "archive"}, {"Work", ""}, {"Work/Old", ""}};
  account.service = dice.of(model.classes).first;
  account.range_service = dice.of(model.classes).first;
  if (dice.percent(50)) account.own = simulation::random_settings(dice);
  return account;
}

Message random_message(Dice& dice, const Account& account) {
  Message message;
  message.kind = dice.of(simulation::kKinds);
  message.sender = dice.of(simulation::kSenders);
  message.size = dice.below(6'000);
  if (dice.percent(50)) message.fields["List-Id"] = dice.of(simulation::kLists);
  if (dice.percent(30)) message.expires_field = dice.between(0, 90 * kDay);
  message.received = dice.between(0, 30 * kDay);
  for (const char* keyword : {"$flagged", "$important", "$seen"}) {
    if (dice.percent(40)) message.keywords.insert(keyword);
  }
  if (message.keywords.contains("$seen")) message.seen = dice.between(0, 40 * kDay);
  for (std::uint64_t places = 1 + dice.below(3); places > 0; --places) message.mailboxes.insert(dice.of(account.roles).first);
  if (message.mailboxes == std::set<std::string>{"Trash"}) message.trashed = dice.between(0, 40 * kDay);
  return message;
}

// What the store would tell the policies of it.
struct Facts {
  Facts(const Account& account, const Message& message)
      : keywords(message.keywords.begin(), message.keywords.end()) {
    for (const auto& [name, value] : message.fields) fields.push_back({name, value});
    facts.kind = schema::kind_from(message.kind).value();
    for (const std::string& path : message.mailboxes) facts.places.push_back({path, role_from(account.roles.at(path))});
    facts.sender = message.sender;
    facts.size_bytes = message.size;
    facts.received = from_millis(message.received);
    if (message.seen) facts.seen = from_millis(*message.seen);
    if (message.trashed) facts.trashed = from_millis(*message.trashed);
    if (message.expires_field) facts.expires_header = from_millis(*message.expires_field);
    facts.keywords = keywords;
    facts.fields = fields;
  }
  std::vector<std::string> keywords;
  std::vector<schema::HeaderField> fields;
  policies::LifecycleFacts facts;
};

// For a failure's reader.
std::string told(const Account& account, const Message& message) {
  std::string words, mailboxes;
  for (const std::string& keyword : message.keywords) words += keyword + " ";
  for (const std::string& path : message.mailboxes) mailboxes += path + ", ";
  const auto since = [](const char* what, const std::optional<Millis>& time) { return time ? std::string(what) + std::to_string(*time) : ""; };
  return message.kind + " from " + message.sender + ", " + std::to_string(message.size) + " bytes, " + words + "in " + mailboxes + "List-Id " +
         (message.fields.contains("List-Id") ? message.fields.at("List-Id") : "-") + since(", received ", message.received) +
         since(", seen ", message.seen) + since(", trashed ", message.trashed) + since(", expires ", message.expires_field) + "; account of " +
         account.service + " in " + account.range_service + "\n" + simulation::to_settings_xml(account.own);
}

Millis millis_of(const std::optional<policies::Dated>& dated, Millis otherwise) { return dated ? to_millis(dated->time) : otherwise; }

TEST(Decisions, AMessageLeavesAndItsContentStaysAsLongAsTheModelSays) {
  Dice dice(4);
  std::size_t leaving = 0, staying = 0;
  for (int round = 0; round < 400 && !testing::Test::HasFailure(); ++round) {
    Model model;
    model.classes = simulation::random_classes(dice);
    schema::ClassSet classes;
    const auto read = schema::read_classes(simulation::to_xml(model.classes), "random.xml", classes);
    ASSERT_TRUE(read.ok()) << to_string(read.error()) << simulation::to_xml(model.classes);
    const Account account = random_account(dice, model);
    const auto own = schema::read_subscriber_settings(simulation::to_settings_xml(account.own));
    ASSERT_TRUE(own.ok()) << to_string(own.error()) << simulation::to_settings_xml(account.own);
    const schema::EffectiveClass service = schema::resolve(classes, {&*own, account.service, account.range_service});
    for (int each = 0; each < 50; ++each) {
      const Message message = random_message(dice, account);
      const policies::Lifecycle lifecycle = policies::decide_lifecycle(service, Facts(account, message).facts);
      const Millis leaves = model.leaves(account, message);
      ++(leaves == simulation::kNever ? staying : leaving);
      ASSERT_EQ(millis_of(lifecycle.expires, simulation::kNever), leaves)
          << told(account, message) << simulation::to_xml(model.classes);
      ASSERT_EQ(millis_of(lifecycle.retain_until, message.received), std::max(message.received, model.retained(account, message)))
          << told(account, message) << simulation::to_xml(model.classes);
    }
  }
  EXPECT_GT(leaving, 1'000u);
  EXPECT_GT(staying, 1'000u);
}

}  // namespace
}  // namespace telepost
