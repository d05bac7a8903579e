#include "tests/simulation/model.h"

#include <algorithm>

namespace telepost::simulation {
namespace {

constexpr Millis kOneDay = 86'400'000;

Millis plus(Millis from, Millis period) { return period == kNever ? kNever : from + period; }

bool is(char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b)); }

bool matches_from(const std::string& pattern, std::size_t p, const std::string& text, std::size_t t) {
  if (p == pattern.size()) return t == text.size();
  if (pattern[p] == '*') return matches_from(pattern, p + 1, text, t) || (t < text.size() && matches_from(pattern, p, text, t + 1));
  return t < text.size() && is(pattern[p], text[t]) && matches_from(pattern, p + 1, text, t + 1);
}

bool is_from(const std::string& pattern, const std::string& sender) {
  return matches(pattern, sender) || matches(pattern, sender.substr(sender.find(':') + 1));
}

bool only_in_trash(const Account& account, const Message& message) {
  return std::all_of(message.mailboxes.begin(), message.mailboxes.end(),
                     [&](const std::string& path) { return account.roles.at(path) == "trash"; });
}

}  // namespace

bool matches(const std::string& pattern, const std::string& text) { return matches_from(pattern, 0, text, 0); }

std::vector<const ClassText*> Model::layers(const Account& account) const {
  std::vector<const ClassText*> all{&account.own};
  for (const std::string& name : {account.service, account.range_service, std::string("standard")}) {
    const auto found = classes.find(name);
    if (found == classes.end() || std::find(all.begin(), all.end(), &found->second) != all.end()) continue;  // asked once, where it comes first
    all.push_back(&found->second);
  }
  return all;
}

template <typename Value, typename Stated>
Value Model::first_stated(const Account& account, Value otherwise, const Stated& stated) const {
  for (const ClassText* layer : layers(account)) {
    if (const std::optional<Value> value = stated(*layer)) return *value;
  }
  return otherwise;
}

namespace {

bool is_so(const When& when, const Account& account, const Message& message, const std::string& mailbox) {
  return (when.kinds.empty() || when.kinds.contains(message.kind)) && (when.role.empty() || when.role == account.roles.at(mailbox)) &&
         (!when.larger || message.size > *when.larger) && (!when.smaller || message.size < *when.smaller) &&
         (when.flag.empty() || message.keywords.contains(when.flag)) &&
         (when.without_flag.empty() || !message.keywords.contains(when.without_flag)) &&
         (when.mailbox.empty() || matches(when.mailbox, mailbox)) && (when.sender.empty() || is_from(when.sender, message.sender)) &&
         (when.header.empty() || (message.fields.contains(when.header) &&
                                  (when.matches.empty() || matches(when.matches, message.fields.at(when.header)))));
}

bool is_about(const Rule& rule, const Account& account, const Message& message, const std::string& mailbox) {
  return rule.when.empty() ||
         std::any_of(rule.when.begin(), rule.when.end(), [&](const When& when) { return is_so(when, account, message, mailbox); });
}

}  // namespace

// Each of the beginnings asks its own rules: the final ones of whoever is asked last come first, then the others layer by layer.
Millis Model::leaves(const Account& account, const Message& message, const std::string& mailbox) const {
  std::vector<const Rule*> asked;
  const std::vector<const ClassText*> all = layers(account);
  for (auto layer = all.rbegin(); layer != all.rend(); ++layer) {
    for (const Rule& rule : (*layer)->retention) {
      if (rule.final) asked.push_back(&rule);
    }
  }
  for (const ClassText* layer : all) {
    for (const Rule& rule : layer->retention) {
      if (!rule.final) asked.push_back(&rule);
    }
  }
  std::optional<Millis> expires_field = message.expires_field;  // the day after the arrival at least
  if (expires_field) expires_field = std::max(*expires_field, message.received + kOneDay);
  const std::pair<Rule::Since, std::optional<Millis>> beginnings[] = {{Rule::Since::arrival, message.received},
                                                                      {Rule::Since::reading, message.seen},
                                                                      {Rule::Since::trash, message.trashed},
                                                                      {Rule::Since::expires, expires_field}};
  Millis first = kNever;
  for (const auto& [since, beginning] : beginnings) {
    const auto rule = std::find_if(asked.begin(), asked.end(), [&, since = since](const Rule* each) {
      return each->since == since && is_about(*each, account, message, mailbox);
    });
    if (!beginning || rule == asked.end() || ((*rule)->keep_flagged && message.flagged())) continue;
    first = std::min(first, plus(*beginning, (*rule)->keep));
  }
  return first;
}

// What came back stays for as long as undelete would have kept it.
Millis Model::leaves(const Account& account, const Message& message) const {
  if (message.leaves) return *message.leaves;
  Millis last = 0;
  for (const std::string& mailbox : message.mailboxes) last = std::max(last, leaves(account, message, mailbox));
  if (message.restored) last = std::max(last, *message.restored + undelete_period(account));
  message.leaves = last;
  return last;
}

Millis Model::retained(const Account& account, const Message& message) const {
  Millis longest = 0;
  for (const ClassText* layer : layers(account)) {
    for (const Rule& rule : layer->retain) {
      for (const std::string& mailbox : message.mailboxes) {
        if (is_about(rule, account, message, mailbox)) longest = std::max(longest, rule.keep);
      }
    }
  }
  return longest == 0 ? 0 : message.received + longest;
}

Millis Model::undelete_period(const Account& account) const {
  return first_stated(account, Millis{0}, [](const ClassText& layer) { return layer.undelete.keep; });
}

bool Model::stays(const Account& account, const Message& message, Millis now) const {
  const bool held = std::any_of(holds.begin(), holds.end(), [&](const Hold& hold) {
    return hold.account.value_or(account.place) == account.place &&
           std::any_of(message.mailboxes.begin(), message.mailboxes.end(),
                       [&](const std::string& mailbox) { return is_so(hold.when, account, message, mailbox); });
  });
  return held || retained(account, message) > now;
}

bool Model::fits(const Account& account, const Message& message) const {
  std::uint64_t bytes = message.size;
  for (const auto& [number, each] : account.messages) bytes += each.size;
  const Limit most_bytes = first_stated(account, Limit(), [](const ClassText& layer) { return layer.quota_bytes; });
  const Limit most_messages = first_stated(account, Limit(), [](const ClassText& layer) { return layer.quota_messages; });
  return bytes <= most_bytes.value_or(bytes) && account.messages.size() < most_messages.value_or(~std::uint64_t{0});
}

bool Model::takes(const Account& account, const Message& message) const {
  const bool is_allowed = first_stated(account, true, [&](const ClassText& layer) {
    const auto said = layer.allow.find(message.kind);
    return said == layer.allow.end() ? std::nullopt : std::optional(said->second);
  });
  return is_allowed && fits(account, message);
}

void Model::place(Account& account, Message& message, std::set<std::string> mailboxes, Millis now) const {
  message.mailboxes = std::move(mailboxes);
  message.leaves.reset();
  const bool trashed = only_in_trash(account, message);
  if (trashed != message.trashed.has_value()) message.trashed = trashed ? std::optional(now) : std::nullopt;
}

void Model::set_keyword(Message& message, const std::string& keyword, bool on, Millis now) const {
  if (on) message.keywords.insert(keyword);
  else message.keywords.erase(keyword);
  message.leaves.reset();
  const bool seen = message.keywords.contains("$seen");
  if (seen != message.seen.has_value()) message.seen = seen ? std::optional(now) : std::nullopt;
}

void Model::remove(Account& account, std::uint64_t number, Millis stamp, Millis now) const {
  auto node = account.messages.extract(number);
  Message& message = node.mapped();
  message.departed = stamp;
  message.parked = undelete_period(account) == 0;
  if (!message.parked || stays(account, message, now)) account.kept.insert(std::move(node));
}

void Model::restore(Account& account, std::uint64_t number, Millis now) const {
  auto node = account.kept.extract(number);
  Message& message = node.mapped();
  message.restored = now;
  message.departed = 0;
  message.trashed.reset();  // it came to lie there now
  message.parked = false;
  place(account, message, message.mailboxes, now);
  account.messages.insert(std::move(node));
}

void Model::forget_dates() {
  for (Account& account : accounts) {
    for (auto& [number, message] : account.messages) message.leaves.reset();
  }
}

void Model::unpark(Account& account, Millis until, const Seen& seen) const {
  for (auto& [number, message] : account.kept) {
    if (!message.parked || stays(account, message, until)) continue;
    const Account* const is = seen();
    message.parked = is != nullptr && is->kept.contains(number) && is->kept.at(number).parked;
  }
}

// What undelete kept long enough, and what is over what an account may keep: the oldest first. What is held stays, and counts no more.
void Model::purge(Account& account, Millis until, Millis now, const Seen& seen) const {
  const Limit most_bytes = first_stated(account, Limit(), [](const ClassText& layer) { return layer.undelete.bytes; });
  const Limit most_messages = first_stated(account, Limit(), [](const ClassText& layer) { return layer.undelete.messages; });
  const Millis keep = undelete_period(account);
  std::set<std::pair<Millis, std::uint64_t>> oldest;
  std::uint64_t bytes = 0;
  for (const auto& [number, message] : account.kept) {
    if (message.parked) continue;
    oldest.emplace(message.departed, number);
    bytes += message.size;
  }
  for (std::size_t messages = oldest.size(); messages > 0; --messages) {
    const auto [departed, number] = *oldest.begin();
    const bool is_over = bytes > most_bytes.value_or(bytes) || messages > most_messages.value_or(messages);
    if (departed + keep > until && !is_over) return;
    const Account* const is = seen();
    if (is != nullptr && is->kept.contains(number) && !is->kept.at(number).parked) return;  // not yet
    Message& message = account.kept.at(number);
    bytes -= message.size;
    oldest.erase(oldest.begin());
    if (stays(account, message, now)) message.parked = true;
    else account.kept.erase(number);
  }
}

void Model::sweep(Account& account, Millis until, Millis now, const Seen& seen) const {
  for (auto each = account.messages.begin(); each != account.messages.end();) {
    const auto& [number, message] = *each++;
    if (leaves(account, message) > until) continue;
    const Account* const is = seen();
    if (is == nullptr || !is->messages.contains(number)) remove(account, number, now, now);
  }
  unpark(account, until, seen);
  purge(account, until, now, seen);
}

}  // namespace telepost::simulation
