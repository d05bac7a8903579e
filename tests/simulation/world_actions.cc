// What subscribers do, and what arrives for them.
#include <algorithm>

#include "tests/simulation/world.h"

namespace telepost::simulation {
namespace {

std::string path_of(Dice& dice) { return dice.of(std::vector<std::string>{"INBOX", "Trash", "Trash", "Archive", "Work", "Work/Old", "Junk"}); }

}  // namespace

Letter World::letter() {
  Letter letter;
  Message& message = letter.message;
  message.kind = dice_.percent(60) ? "email" : dice_.of(kKinds);
  message.sender = dice_.of(kSenders);
  message.subject = "number " + std::to_string(++serial_);
  message.size = dice_.percent(1) ? 40'000 + dice_.below(60'000) : 300 + dice_.below(4'700);
  if (dice_.percent(40)) message.fields["List-Id"] = dice_.of(kLists);
  if (dice_.percent(15)) {
    message.expires_field = (now() + dice_.between(-2 * kDay, 60 * kDay)) / kSecond * kSecond;
    message.fields["Expires"] = to_rfc5322_date(from_millis(*message.expires_field));
  }
  letter.is_junk = dice_.percent(5);
  if (dice_.percent(4)) message.keywords.insert("$seen");
  if (dice_.percent(5)) letter.received = now() - dice_.between(0, 40 * kDay);
  const std::uint64_t recipients = 1 + dice_.below(5);
  std::set<std::size_t> to;
  while (to.size() < std::min<std::uint64_t>(recipients, model_.accounts.size())) to.insert(dice_.below(model_.accounts.size()));
  letter.to = {to.begin(), to.end()};
  message.size = source_of(message).size();
  return letter;
}

void World::deliver() {
  const Letter letter = this->letter();
  const Millis at = stamp();
  Message message = letter.message;
  message.received = std::min(letter.received.value_or(at), at);
  if (letter.is_junk) message.keywords.insert("$junk");
  if (message.keywords.contains("$seen")) message.seen = at;
  message.mailboxes = {letter.is_junk ? "Junk" : "INBOX"};
  const auto numbers = live_.deliver(letter);
  const bool crashed = live_.engine().crashed();
  if (crashed) recover();
  for (std::size_t i = 0; i < letter.to.size(); ++i) {
    Account& account = model_.accounts[letter.to[i]];
    const bool takes = model_.takes(account, message);
    if (numbers[i].ok()) {
      EXPECT_TRUE(takes) << message.subject << " was to be refused";
      account.messages.emplace(*numbers[i], message);
      ++tally_.messages;
    } else if (crashed) {
      adopt_stray(letter.to[i], message);
    } else {
      EXPECT_FALSE(takes) << message.subject << ": " << to_string(numbers[i].error());
      ++tally_.refused;
    }
  }
}

// Of a delivery that was not acknowledged: it is there or not.
void World::adopt_stray(std::size_t who, const Message& message) {
  const Account account = read(who);
  for (const auto& [number, each] : account.messages) {
    if (each.subject == message.subject) model_.accounts[who].messages.emplace(number, message);
  }
}

void World::attempt(std::size_t who, const std::function<Result<void>()>& in_store, const std::function<void(Account&)>& in_model) {
  Account after = model_.accounts[who];
  const Result<void> done = in_store();
  in_model(after);
  if (!done.ok()) {
    ASSERT_TRUE(live_.engine().crashed()) << to_string(done.error()) << " (account " << who << ")";
    recover();
    if (!difference(after, read(who)).empty()) return;  // it did not happen: the next look compares with what was before
  }
  model_.accounts[who] = std::move(after);
}

void World::touch() {
  const std::size_t who = dice_.below(model_.accounts.size());
  const Account& account = model_.accounts[who];
  const std::uint64_t choice = dice_.below(100);
  if (choice < 6 && !account.kept.empty()) return restore(who);
  if (account.messages.empty()) return;
  const std::uint64_t number = dice_.of(account.messages).first;
  if (choice < 50) mark(who, number);
  else if (choice < 75) move(who, number);
  else if (choice < 82) copy(who, number);
  else take_out(who, number);
}

void World::mark(std::size_t who, std::uint64_t number) {
  const std::string keyword = dice_.of(std::vector<std::string>{"$seen", "$seen", "$seen", "$flagged", "$important"});
  const bool on = !model_.accounts[who].messages.at(number).keywords.contains(keyword) || !dice_.percent(50);
  const Millis at = stamp();
  attempt(who, [&] { return live_.set_keyword(who, number, keyword, on); },
          [&](Account& account) { model_.set_keyword(account.messages.at(number), keyword, on, at); });
}

void World::move(std::size_t who, std::uint64_t number) {
  const std::set<std::string> mailboxes = model_.accounts[who].messages.at(number).mailboxes;
  const std::string from = dice_.of(mailboxes), to = path_of(dice_);
  const Millis at = stamp();
  attempt(who, [&] { return live_.move(who, number, from, to); },
          [&](Account& account) {
            std::set<std::string> moved = mailboxes;
            moved.erase(from);
            moved.insert(to);
            model_.place(account, account.messages.at(number), std::move(moved), at);
          });
}

void World::copy(std::size_t who, std::uint64_t number) {
  std::set<std::string> mailboxes = model_.accounts[who].messages.at(number).mailboxes;
  const std::string to = path_of(dice_);
  if (!mailboxes.insert(to).second) return;  // twice in one mailbox is a message of its own
  const Millis at = stamp();
  attempt(who, [&] { return live_.copy(who, number, to); },
          [&](Account& account) { model_.place(account, account.messages.at(number), mailboxes, at); });
}

void World::take_out(std::size_t who, std::uint64_t number) {
  std::set<std::string> mailboxes = model_.accounts[who].messages.at(number).mailboxes;
  const Millis at = stamp();
  const std::string from = dice_.of(mailboxes);
  if (mailboxes.size() == 1 || dice_.percent(50)) {
    ++tally_.expunged;
    return attempt(who, [&] { return live_.expunge(who, number); },
                   [&](Account& account) { model_.remove(account, number, at, time_.store); });
  }
  mailboxes.erase(from);
  attempt(who, [&] { return live_.remove_from(who, number, from); },
          [&](Account& account) { model_.place(account, account.messages.at(number), mailboxes, at); });
}

void World::restore(std::size_t who) {
  const auto& [number, message] = dice_.of(model_.accounts[who].kept);
  const Millis at = stamp();
  if (!model_.fits(model_.accounts[who], message)) {
    EXPECT_FALSE(live_.restore(who, number).ok()) << message.subject << " was to be refused";
    ++tally_.not_restored;
    return;
  }
  ++tally_.restored;
  attempt(who, [&, number = number] { return live_.restore(who, number); },
          [&, number = number](Account& account) { model_.restore(account, number, at); });
}

}  // namespace telepost::simulation
