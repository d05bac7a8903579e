#include "tests/simulation/live.h"

#include <fmt/format.h>

#include "schema/class_of_service.h"
#include "store/account_policy.h"
#include "store/holds.h"
#include "store/rooms.h"
#include "store/store_record.h"
#include "store/undelete.h"
#include "tests/simulation/class_text.h"
#include "tests/simulation/random_classes.h"
#include "tests/support/store_content.h"

namespace telepost::simulation {
namespace {

schema::Configuration configuration() {
  schema::Configuration settings;
  for (const char* range : {"gold", "silver", "tin"}) settings.domains.push_back({std::string(range) + ".test", range, false});
  settings.numbers = {{"+1555", "office", false}};
  settings.changes_keep = std::chrono::days(20);
  settings.audit_keep = std::chrono::days(20);
  return settings;
}

schema::Role role_from(const std::string& name) {
  for (const schema::Role role : {schema::Role::inbox, schema::Role::trash, schema::Role::junk, schema::Role::archive}) {
    if (name == schema::name_of(role)) return role;
  }
  return schema::Role::none;
}

Result<void> nothing_of(auto result) { return result.ok() ? Result<void>() : Result<void>(result.error()); }

schema::When when_of(const When& when) {
  schema::When to;
  for (const std::string& kind : when.kinds) to.kinds |= static_cast<std::uint16_t>(1U << static_cast<unsigned>(schema::kind_from(kind).value()));
  if (!when.role.empty()) to.role = role_from(when.role);
  to.mailbox = when.mailbox;
  to.sender = when.sender;
  to.larger_bytes = when.larger;
  to.smaller_bytes = when.smaller;
  to.flag = when.flag;
  to.without_flag = when.without_flag;
  to.header = when.header;
  to.matches = when.matches;
  return to;
}

Message message_of(const schema::Summary& summary) {
  Message message;
  message.kind = schema::name_of(summary.kind);
  message.sender = summary.from;
  message.subject = summary.subject;
  message.size = summary.size_bytes;
  message.received = to_millis(summary.received);
  message.keywords = {summary.keywords.begin(), summary.keywords.end()};
  return message;
}

}  // namespace

std::string source_of(const Message& message) {
  std::string text = "Telepost-Kind: " + message.kind + "\r\nFrom: <" + message.sender.substr(message.sender.find(':') + 1) +
                     ">\r\nSubject: " + message.subject + "\r\n";
  for (const auto& [name, value] : message.fields) text += name + ": " + value + "\r\n";
  text += "\r\n";
  if (text.size() < message.size) text += test::random_lines(message.size, message.size - text.size());
  return text;
}

Live::Live(std::uint64_t seed) : fixture_(configuration(), seed) {}

void Live::create(const std::string& address, const Account& account) {
  const auto id = store().accounts().create({{address}, account.service, ""});
  ASSERT_TRUE(id.ok()) << to_string(id.error());
  Known known{*id, *store::canonical_address(address), {{"INBOX", store::kInbox}}};
  for (const auto& [path, role] : account.roles) {
    if (path != "INBOX") known.mailboxes[path] = *store().mailboxes().create(*id, path, role_from(role));
  }
  accounts_.push_back(std::move(known));
}

Result<void> Live::set_class(std::size_t who, const std::string& service) { return store().accounts().set_class(accounts_[who].id, service); }

Result<void> Live::set_own(std::size_t who, const ClassText& own) {
  return store::set_own_settings(store(), accounts_[who].id, to_settings_xml(own));
}

void Live::set_classes(const std::map<std::string, ClassText>& classes) {
  classes_ = {};
  const auto read = schema::read_classes(to_xml(classes), "simulation.xml", classes_);
  ASSERT_TRUE(read.ok()) << to_string(read.error()) << "\n" << to_xml(classes);
  fixture_.use_classes(classes_);  // for what opens it next
  store().set_classes(classes_);
}

std::vector<Result<std::uint64_t>> Live::deliver(const Letter& letter) {
  store::Incoming incoming;
  incoming.origin.network = "lmtp";
  incoming.origin.identity = "gateway";
  incoming.from = letter.message.sender;
  for (const std::size_t who : letter.to) incoming.to.push_back({accounts_[who].id, accounts_[who].address, ""});
  incoming.judgement.junk = letter.is_junk;
  incoming.keywords = {letter.message.keywords.begin(), letter.message.keywords.end()};
  if (letter.received) incoming.received = from_millis(*letter.received);
  std::vector<Result<std::uint64_t>> numbers;
  for (const auto& delivered : test::deliver(store(), std::move(incoming), source_of(letter.message))) {
    numbers.push_back(delivered.ok() ? Result<std::uint64_t>(delivered->id.local.value) : Result<std::uint64_t>(delivered.error()));
  }
  return numbers;
}

Result<void> Live::set_keyword(std::size_t who, std::uint64_t number, const std::string& keyword, bool on) {
  using List = std::vector<std::string>;
  return nothing_of(store().changer().set_keywords(id(who, number), on ? List{keyword} : List(), on ? List() : List{keyword}));
}

Result<void> Live::move(std::size_t who, std::uint64_t number, const std::string& from, const std::string& to) {
  return nothing_of(store().changer().move(id(who, number), accounts_[who].mailboxes.at(from), accounts_[who].mailboxes.at(to)));
}

Result<void> Live::copy(std::size_t who, std::uint64_t number, const std::string& to) {
  return nothing_of(store().changer().copy(id(who, number), accounts_[who].mailboxes.at(to)));
}

Result<void> Live::remove_from(std::size_t who, std::uint64_t number, const std::string& mailbox) {
  return store().changer().remove_placement(id(who, number), accounts_[who].mailboxes.at(mailbox));
}

Result<void> Live::expunge(std::size_t who, std::uint64_t number) { return store().changer().expunge(id(who, number)); }

Result<void> Live::restore(std::size_t who, std::uint64_t number) { return nothing_of(store().undelete().restore(id(who, number))); }

Result<void> Live::add_hold(const Hold& hold) {
  schema::HoldRecord record;
  if (hold.account) record.account = accounts_[*hold.account].id;
  record.when = when_of(hold.when);
  record.reason = hold.reason;
  return nothing_of(store().holds().add(record));
}

Result<void> Live::release(const std::string& hold) {
  TELEPOST_ASSIGN(const auto all, store().holds().list());
  for (const store::Hold& each : all) {
    if (each.record.reason == hold) return store().holds().release(each.id);
  }
  return {Errc::not_found, hold};
}

std::set<std::string> Live::holds() {
  std::set<std::string> reasons;
  const auto all = store().holds().list();
  EXPECT_TRUE(all.ok());
  for (const store::Hold& each : all.value()) {
    if (each.record.state == schema::HoldRecord::State::active) reasons.insert(each.record.reason);
  }
  return reasons;
}

Result<void> Live::keep_time() { return store::keep_time_if_old(store::rooms_of(store())); }

void Live::reopen() { fixture_.reopen(); }

Result<void> Live::read_mailbox(std::size_t who, const store::MailboxInTree& mailbox, Account& into) {
  std::uint64_t messages = 0, unseen = 0, bytes = 0;
  for (schema::Uid from{1};;) {
    TELEPOST_ASSIGN(const auto page, store().reader().list_by_uid(accounts_[who].id, mailbox.record.id, from, schema::Uid{~0u}, 1000));
    for (const store::Listed& listed : page.messages) {
      Message& message = into.messages.try_emplace(listed.summary.local.value, message_of(listed.summary)).first->second;
      if (!message.mailboxes.insert(mailbox.path).second) return {Errc::corrupt, "twice in " + mailbox.path};
      ++messages;
      unseen += message.keywords.contains("$seen") ? 0u : 1u;
      bytes += message.size;
    }
    if (page.messages.size() == 1000) {
      from = {page.messages.back().uid.value + 1};
      continue;
    }
    const schema::MailboxRecord& counters = page.mailbox;
    if (counters.messages == messages && counters.unseen == unseen && counters.bytes == bytes) return {};
    return {Errc::corrupt, fmt::format("{} counts {} messages, {} unseen, {} bytes for {}, {}, {}", mailbox.path, counters.messages,
                                       counters.unseen, counters.bytes, messages, unseen, bytes)};
  }
}

Result<void> Live::read_kept(std::size_t who, Account& into) {
  return store().undelete().list(accounts_[who].id, Time::min(), [&](const store::Undelete::Deleted& deleted) {
    Message message = message_of(deleted.kept.summary);
    message.departed = to_millis(deleted.kept.departed.time);
    message.parked = !deleted.purge;
    for (const auto& place : deleted.kept.places) message.mailboxes.insert(place.path);
    into.kept.emplace(deleted.id.local.value, std::move(message));
    return true;
  });
}

Result<Account> Live::read(std::size_t who) {
  Account account;
  TELEPOST_ASSIGN(const auto tree, store().mailboxes().list(accounts_[who].id));
  for (const store::MailboxInTree& mailbox : tree) TELEPOST_TRY(read_mailbox(who, mailbox, account));
  TELEPOST_TRY(read_kept(who, account));
  TELEPOST_ASSIGN(const store::Account shown, store().accounts().show(accounts_[who].id));
  std::uint64_t messages = 0, bytes = 0, expected_bytes = 0;
  for (const schema::Usage& usage : shown.head.usage) messages += usage.messages, bytes += usage.bytes;
  for (const auto& [number, message] : account.messages) expected_bytes += message.size;
  if (messages != account.messages.size() || bytes != expected_bytes) {
    return {Errc::corrupt, fmt::format("the account counts {} messages of {} bytes for {} of {}", messages, bytes, account.messages.size(), expected_bytes)};
  }
  return account;
}

namespace {

std::string difference(std::uint64_t number, const char* what, const auto& model, const auto& store) {
  return model == store ? "" : fmt::format("message {}: {} is {} by the model and {} by the store\n", number, what, model, store);
}

std::string joined(const std::set<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::string told(std::uint64_t number, const Message& message) {
  return fmt::format("message {} ({}, {}, received {}, in {}{}{})", number, message.subject, message.kind, message.received,
                     joined(message.mailboxes), message.departed != 0 ? fmt::format(", departed {}", message.departed) : "",
                     message.parked ? ", parked" : "");
}

std::string difference(const std::map<std::uint64_t, Message>& model, const std::map<std::uint64_t, Message>& store, const char* where) {
  std::string all;
  for (const auto& [number, message] : model) {
    if (!store.contains(number)) all += fmt::format("{} is {} by the model alone\n", told(number, message), where);
  }
  for (const auto& [number, is] : store) {
    const auto found = model.find(number);
    if (found == model.end()) {
      all += fmt::format("{} is {} by the store alone\n", told(number, is), where);
      continue;
    }
    const Message& should = found->second;
    all += difference(number, "kind", should.kind, is.kind) + difference(number, "subject", should.subject, is.subject) +
           difference(number, "size", should.size, is.size) + difference(number, "received", should.received, is.received) +
           difference(number, "keywords", joined(should.keywords), joined(is.keywords)) +
           difference(number, "mailboxes", joined(should.mailboxes), joined(is.mailboxes)) +
           difference(number, "sender", should.sender, is.sender) + difference(number, "departure", should.departed, is.departed) +
           difference(number, "parked", should.parked, is.parked);
  }
  return all;
}

}  // namespace

std::string difference(const Account& model, const Account& store) {
  return difference(model.messages, store.messages, "in view") + difference(model.kept, store.kept, "kept");
}

}  // namespace telepost::simulation
