// The store against a small model that knows nothing of it: random deliveries, moves, copies, keywords and expunges, and after
// them lists by uid, by received time and by position, counters, sources and the change log must be what the model says.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "store/completion.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using schema::LocalId;
using schema::MailboxId;
using test::StoreFixture;

struct ModelMessage {
  Time received;
  std::string body;
  std::set<std::string> keywords;
  std::set<std::uint32_t> mailboxes;
  std::uint64_t changed = 0;  // modseq of its last change
};

class Model {
 public:
  explicit Model(unsigned seed) : random_(seed), account_(*fixture_.store().accounts().create({{"ann@example.test"}, "", "Ann"})) {
    for (const char* path : {"Work", "Work/Old", "Trash"}) {
      mailboxes_.push_back(*fixture_.store().mailboxes().create(account_, path));
    }
    mailboxes_.push_back(store::kInbox);
  }

  void act() {
    const unsigned dice = pick(100);
    if (messages_.empty() || dice < 55) return deliver();
    auto entry = messages_.begin();
    std::advance(entry, pick(static_cast<unsigned>(messages_.size())));
    if (dice < 65) move(*entry);
    else if (dice < 72) copy(*entry);
    else if (dice < 82) flag(*entry);
    else expunge(entry->first);
  }

  void check() {
    for (const MailboxId mailbox : mailboxes_) check_mailbox(mailbox);
    check_changes();
    EXPECT_TRUE(fixture_.verify_clean());
  }

  void deliver_many(int count) {
    for (int i = 0; i < count && !testing::Test::HasFatalFailure(); ++i) deliver_at(std::nullopt);
  }
  // Older than all that was delivered before, in no order.
  void import_many(int count) {
    const Time oldest = fixture_.clock().now() - std::chrono::hours(48);
    for (int i = 0; i < count && !testing::Test::HasFatalFailure(); ++i) deliver_at(oldest - Duration(pick(50'000'000)));
  }
  void expunge_oldest(std::size_t count) {
    std::vector<std::pair<Time, LocalId>> order;
    for (const auto& [local, message] : messages_) order.emplace_back(message.received, local);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < count && i < order.size(); ++i) expunge(order[i].second);
  }

 private:
  using Entry = std::pair<const LocalId, ModelMessage>;
  unsigned pick(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }
  schema::MessageId id(LocalId local) const { return {account_, local}; }
  std::uint64_t modseq() { return fixture_.store().accounts().show(account_)->head.modseq.value; }

  // Mostly in order, sometimes as an import with an older date.
  void deliver() {
    fixture_.clock().advance(Duration(pick(3) * 500));
    std::optional<Time> received;
    if (pick(4) == 0) received = fixture_.clock().now() - Duration(pick(5'000'000));
   deliver_at(received);
  }
  void deliver_at(std::optional<Time> received) {
    fixture_.clock().advance(Duration(1));
    const std::string body = "Subject: " + std::to_string(pick(1'000'000)) + "\r\n\r\n" + std::string(pick(200), 'x') + "\r\n";
    const auto delivered = fixture_.deliver_to(account_, body, received);
    ASSERT_TRUE(delivered.ok()) << to_string(delivered.error());
    const auto record = fixture_.store().reader().find(delivered->id);
    ASSERT_TRUE(record.ok());
    EXPECT_TRUE(!received || record->received == *received);
    messages_[delivered->id.local] = {record->received, body, {}, {store::kInbox.value}, modseq()};
  }
  void move(Entry& entry) {
    const MailboxId from{*entry.second.mailboxes.begin()};
    const MailboxId to = mailboxes_[pick(static_cast<unsigned>(mailboxes_.size()))];
    if (from == to) return;
    ASSERT_TRUE(fixture_.store().changer().move(id(entry.first), from, to).ok());
    moves_.push_back(modseq() - 1);  // what was lost has its own entry, before the message's
    entry.second.mailboxes.erase(from.value);
    entry.second.mailboxes.insert(to.value);
    entry.second.changed = modseq();
  }
  void copy(Entry& entry) {
    const MailboxId to = mailboxes_[pick(static_cast<unsigned>(mailboxes_.size()))];
    if (entry.second.mailboxes.contains(to.value)) return;
    ASSERT_TRUE(fixture_.store().changer().copy(id(entry.first), to).ok());
    entry.second.mailboxes.insert(to.value);
    entry.second.changed = modseq();
  }
  void flag(Entry& entry) {
    const std::string keyword = pick(2) == 0 ? "$seen" : "$flagged";
    const bool add = !entry.second.keywords.contains(keyword);
    ASSERT_TRUE(fixture_.store().changer().set_keywords(id(entry.first), add ? std::vector{keyword} : std::vector<std::string>{},
                                                        add ? std::vector<std::string>{} : std::vector{keyword}).ok());
    if (add) entry.second.keywords.insert(keyword);
    else entry.second.keywords.erase(keyword);
    entry.second.changed = modseq();
  }
  void expunge(LocalId local) {
    ASSERT_TRUE(fixture_.store().changer().expunge(id(local)).ok());
    messages_.erase(local);
    gone_[local] = modseq();
  }

  void check_mailbox(MailboxId mailbox) {
    std::vector<std::pair<Time, LocalId>> expected;  // newest first
    std::uint32_t unseen = 0;
    for (const auto& [local, message] : messages_) {
      if (!message.mailboxes.contains(mailbox.value)) continue;
      expected.emplace_back(message.received, local);
      unseen += message.keywords.contains("$seen") ? 0u : 1u;
    }
    std::sort(expected.rbegin(), expected.rend());
    const auto first = fixture_.store().reader().list_by_position(account_, mailbox, 0, 1000);
    ASSERT_TRUE(first.ok()) << to_string(first.error());
    EXPECT_EQ(first->mailbox.messages, expected.size());
    EXPECT_EQ(first->mailbox.unseen, unseen);
    for (int probe = 0; probe < 12 && !expected.empty(); ++probe) {
      const std::size_t position = pick(static_cast<unsigned>(expected.size()));
      const auto page = fixture_.store().reader().list_by_position(account_, mailbox, position, 20);
      ASSERT_TRUE(page.ok()) << to_string(page.error());
      const std::size_t size = std::min<std::size_t>(20, expected.size() - position);
      ASSERT_EQ(page->messages.size(), size) << "position " << position << " of " << expected.size();
      for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(page->messages[i].summary.local, expected[position + i].second);
      const auto told = fixture_.store().reader().position_of(account_, mailbox, expected[position].second);
      ASSERT_TRUE(told.ok()) << to_string(told.error());
      EXPECT_EQ(*told, position);
      const auto source = fixture_.store().reader().source_text(id(expected[position].second));
      ASSERT_TRUE(source.ok());
      EXPECT_EQ(*source, messages_[expected[position].second].body);
    }
    std::set<std::uint32_t> uids;
    std::size_t listed = 0;
    for (schema::Uid from{1};;) {
      const auto page = fixture_.store().reader().list_by_uid(account_, mailbox, from, schema::Uid{~0u}, 500);
      ASSERT_TRUE(page.ok());
      for (const auto& message : page->messages) EXPECT_TRUE(uids.insert(message.uid.value).second);
      listed += page->messages.size();
      if (page->messages.size() < 500) break;
      from = {page->messages.back().uid.value + 1};
    }
    EXPECT_EQ(listed, expected.size());
  }

  void check_changes() {
    const std::uint64_t since = modseq() / 2;
    const auto changes = fixture_.store().reader().changes(account_, {since}, 100'000);
    ASSERT_TRUE(changes.ok()) << to_string(changes.error());
    std::map<std::uint64_t, std::uint64_t> live, gone;
    std::size_t lost_placements = 0;
    for (const store::Change& change : *changes) {
      if (change.record.what == schema::ChangeRecord::What::message) live[change.record.id] = change.modseq.value;
      else if (change.record.what == schema::ChangeRecord::What::message_gone) gone[change.record.id] = change.modseq.value;
      else lost_placements += change.record.placements.size();
    }
    std::map<std::uint64_t, std::uint64_t> expected_live, expected_gone;
    for (const auto& [local, message] : messages_) {
      if (message.changed > since) expected_live[local.value] = message.changed;
    }
    for (const auto& [local, at] : gone_) {
      if (at > since) expected_gone[local.value] = at;
    }
    EXPECT_EQ(live, expected_live);
    EXPECT_EQ(gone, expected_gone);
    EXPECT_EQ(lost_placements, static_cast<std::size_t>(std::count_if(moves_.begin(), moves_.end(), [&](std::uint64_t at) { return at > since; })));
  }

  StoreFixture fixture_;
  std::mt19937 random_;
  const schema::AccountId account_;
  std::vector<MailboxId> mailboxes_;
  std::map<LocalId, ModelMessage> messages_;
  std::map<LocalId, std::uint64_t> gone_;
  std::vector<std::uint64_t> moves_;
};

class StoreModel : public testing::TestWithParam<unsigned> {};

TEST_P(StoreModel, ListsCountsAndChangesAreWhatASimpleModelSays) {
  Model model(GetParam());
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 900 && !HasFatalFailure(); ++i) model.act();
    model.check();
    if (HasFatalFailure()) return;
  }
  model.expunge_oldest(~std::size_t{0});
  model.check();
}

// Enough for blocks and groups of the order by received time to be closed, split, merged and dropped.
TEST(StoreOrder, PositionsStayRightInALargeMailboxThatGrowsAtBothEndsAndShrinksAtTheOld) {
  Model model(7);
  model.deliver_many(20'000);
  model.check();
  model.import_many(20'000);
  model.check();
  model.expunge_oldest(18'000);
  model.check();
  model.deliver_many(1'000);
  model.expunge_oldest(20'000);
  model.check();
  model.expunge_oldest(~std::size_t{0});
  model.check();
  model.deliver_many(600);
  model.check();
}

INSTANTIATE_TEST_SUITE_P(Seeds, StoreModel, testing::Values(1u, 2u, 3u));

}  // namespace
}  // namespace telepost
