#include "tests/fault/store_script.h"

#include <algorithm>

#include "store/cdr_export.h"

namespace telepost::test {

using namespace std::chrono_literals;
using store::Incoming;

void StoreScript::run() {
  const std::string shared = random_lines(1, 50'000);
  send("1", {"ann@example.test"}, mail("one"));
  send("2", {"ann@example.test", "bob@example.test", "+15550100"}, mail_with("two", {shared}));
  send("3", {"ann@example.test", "bob@example.test", "cat@example.test"}, mail("three"), Incoming::Reply::one_for_all);
  if (const auto ann = account("ann@example.test")) (void)fixture_.store().mailboxes().create(*ann, "Work");
  flag("1 ann@example.test");
  move("1 ann@example.test", "Work");
  pass(1s);
  send("4", {"bob@example.test"}, mail_with("four", {shared, random_lines(2, 40'000)}));
  expunge("2 ann@example.test");
  export_cdrs();
  send("5", {"dan@example.test", "ann@example.test"}, mail_with("five", {random_lines(3, 33'000)}), Incoming::Reply::one_for_all);
  remove_account("cat@example.test");
  pass(2min);
  flag("4 bob@example.test");
  expunge("4 bob@example.test");
  send("1", {"ann@example.test"}, mail("one"));
  pass(16min);
  pass(61min);
  export_cdrs();
}

std::optional<schema::AccountId> StoreScript::account(const std::string& address) {
  const auto found = fixture_.store().accounts().find(address);
  return found.ok() ? std::optional(*found) : std::nullopt;
}

void StoreScript::send(const std::string& key, const std::vector<std::string>& to, const std::string& text, Incoming::Reply reply) {
  Letter& letter = letters_.try_emplace(key, Letter{to, text, reply}).first->second;
  transmit(key, letter);
}

void StoreScript::transmit(const std::string& key, Letter& letter) {
  Incoming incoming;
  incoming.origin.network = "lmtp";
  incoming.from = "mailto:sender@example.net";
  incoming.delivery_key = key;
  incoming.reply = letter.reply;
  std::vector<std::string> served;
  for (const std::string& address : letter.to) {
    Expected& expected = messages_[key + " " + address];
    expected.text = letter.text;
    expected.account = address;
    auto recipient = fixture_.resolve(address.starts_with('+') ? "tel:" + address : "mailto:" + address);
    if (!recipient.ok()) continue;
    incoming.to.push_back(std::move(*recipient));
    served.push_back(address);
  }
  if (served.empty()) return;
  const auto results = fixture_.deliver(std::move(incoming), letter.text);
  letter.acknowledged = served.size() == letter.to.size();
  for (std::size_t i = 0; i < results.size(); ++i) {
    letter.acknowledged = letter.acknowledged && results[i].ok();
    if (!results[i].ok()) continue;
    Expected& expected = messages_[key + " " + served[i]];
    if (expected.id) {
      EXPECT_EQ(*expected.id, results[i]->id) << "one key, two ids";
    }
    expected.id = results[i]->id;
  }
}

void StoreScript::send_again() {
  for (auto& [key, letter] : letters_) {
    if (letter.acknowledged || std::any_of(letter.to.begin(), letter.to.end(), [&](const auto& to) { return removed_.contains(to); })) continue;
    transmit(key, letter);
    EXPECT_TRUE(letter.acknowledged) << "letter " << key;
  }
}

void StoreScript::flag(const std::string& name) {
  Expected& message = messages_[name];
  if (!message.id) return;
  const bool done = fixture_.store().changer().set_keywords(*message.id, {"$seen"}, {}).ok();
  message.seen = done ? std::optional(true) : std::nullopt;
}

void StoreScript::move(const std::string& name, const std::string& mailbox) {
  Expected& message = messages_[name];
  if (!message.id) return;
  const auto to = fixture_.store().mailboxes().find(message.id->account, mailbox);
  if (!to.ok()) return;
  const bool done = fixture_.store().changer().move(*message.id, store::kInbox, *to).ok();
  message.mailbox = done ? std::optional(mailbox) : std::nullopt;
}

void StoreScript::expunge(const std::string& name) {
  Expected& message = messages_[name];
  if (!message.id) return;
  message.deletion_tried = true;
  message.deleted = fixture_.store().changer().expunge(*message.id).ok();
}

void StoreScript::remove_account(const std::string& address) {
  const auto found = account(address);
  if (!found) return;
  removed_.insert(address);
  const bool done = fixture_.store().accounts().remove(*found).ok();
  for (auto& [name, message] : messages_) {
    if (message.account != address) continue;
    message.deletion_tried = true;
    message.deleted = done;
  }
}

void StoreScript::pass(Duration time) {
  fixture_.clock().advance(time);
  (void)fixture_.sweep();
  fixture_.clock().advance(1s);
  (void)fixture_.sweep();
}

void StoreScript::export_cdrs() {
  std::vector<std::uint64_t> ids;
  const auto next = fixture_.store().cdrs().run(cdr_cursor_, [&](schema::AccountId, const schema::CdrRecord& cdr) {
    ids.push_back(cdr.local.value);
    return true;
  });
  if (!next.ok()) return;
  cdr_cursor_ = *next;
  cdrs_.insert(ids.begin(), ids.end());
}

void StoreScript::check() {
  EXPECT_TRUE(fixture_.verify_clean());
  for (const auto& [name, expected] : messages_) {
    if (expected.id) check_message(name, expected);
  }
  check_copies();
  export_cdrs();
  std::multiset<std::uint64_t> acknowledged;
  for (const auto& [name, expected] : messages_) {
    if (expected.id) acknowledged.insert(expected.id->local.value);
  }
  for (const std::uint64_t id : cdrs_) EXPECT_EQ(cdrs_.count(id), 1u) << "a CDR came twice";
  for (const std::uint64_t id : acknowledged) EXPECT_EQ(cdrs_.count(id), 1u) << "an acknowledged delivery has no CDR";
}

void StoreScript::check_message(const std::string& name, const Expected& expected) {
  SCOPED_TRACE(name);
  const auto listed = fixture_.store().reader().summary(*expected.id);
  if (expected.deletion_tried && (!listed.ok() || removed_.contains(expected.account))) return;
  EXPECT_FALSE(expected.deleted) << "it came back";
  ASSERT_TRUE(listed.ok()) << "it was acknowledged and is gone: " << to_string(listed.error());
  const auto source = fixture_.store().reader().source_text(*expected.id);
  ASSERT_TRUE(source.ok()) << to_string(source.error());
  EXPECT_TRUE(*source == expected.text) << "it is torn";
  const auto& keywords = listed->summary.keywords;
  const bool seen = std::find(keywords.begin(), keywords.end(), "$seen") != keywords.end();
  if (expected.seen) {
    EXPECT_EQ(seen, *expected.seen);
  }
  if (expected.mailbox) {
    const auto record = fixture_.store().reader().find(*expected.id);
    const auto mailbox = fixture_.store().mailboxes().find(expected.id->account, *expected.mailbox);
    ASSERT_TRUE(record.ok() && mailbox.ok());
    EXPECT_EQ(record->placements.size(), 1u);
    EXPECT_EQ(record->placements[0].mailbox, *mailbox);
  }
}

// Nothing is there that was not sent, and nothing twice.
void StoreScript::check_copies() {
  std::set<std::string> addresses;
  for (const auto& [name, expected] : messages_) addresses.insert(expected.account);
  for (const std::string& address : addresses) {
    const auto found = account(address);
    if (!found || removed_.contains(address)) continue;
    const auto sources = sources_of(fixture_.store(), *found);
    for (const std::string& source : sources) {
      const auto sent = std::find_if(messages_.begin(), messages_.end(), [&](const auto& entry) {
        return entry.second.account == address && entry.second.text == source;
      });
      EXPECT_TRUE(sent != messages_.end()) << "a message of " << address << " that nobody sent: " << source.substr(0, 100);
      EXPECT_EQ(std::count(sources.begin(), sources.end(), source), 1) << "a message came twice to " << address;
    }
  }
}

}  // namespace telepost::test
