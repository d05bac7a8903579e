// Lists and threads against a small model that knows nothing of blocks, records or batches: random life of one account, looked at in
// between, and then every list, position, thread, count and change must be what the model says.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using schema::LocalId;
using schema::MailboxId;
using schema::ThreadId;
using store::MailView;
using test::StoreFixture;
using std::chrono::days;

struct ModelMessage {
  Time received;
  std::vector<std::string> ids;  // its own first
  std::string partner;           // of a text message
  std::set<std::string> keywords;
  std::set<std::uint32_t> mailboxes;  // empty: deleted, and can come back
  std::uint64_t changed = 0;          // modseq
  std::uint64_t left = 0;             // the first time since somebody looked, though it came back in between
  std::optional<LocalId> thread;      // the message that began it
};

// A thread as the model sees it, by who is in it and what leads to it.
struct ModelThread {
  std::set<LocalId> messages;
  std::set<std::string> ids;
  std::string partner;
  Time first, last;
  std::uint64_t created = 0;
};

class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) {
    fixture_.store().set_classes(test::classes_of("<class name='standard'><undelete keep='P30D'/></class>"));
    account_ = fixture_.create("ann@example.test");
    for (const char* path : {"Work", "Old"}) mailboxes_.push_back(*fixture_.store().mailboxes().create(account_, path));
    trash_ = *fixture_.store().mailboxes().create(account_, "Bin", schema::Role::trash);
    mailboxes_.push_back(trash_);
    mailboxes_.push_back(store::kInbox);
  }

  void act() {
    const unsigned dice = pick(100);
    if (messages_.empty() || dice < 30) return deliver_mail();
    if (dice < 42) return deliver_text();
    ModelMessage& message = std::next(messages_.begin(), pick(static_cast<unsigned>(messages_.size())))->second;
    const LocalId local = std::find_if(messages_.begin(), messages_.end(), [&](const auto& each) { return &each.second == &message; })->first;
    if (message.mailboxes.empty()) return dice < 80 ? restore(local, message) : void();
    if (dice < 55) move(local, message);
    else if (dice < 63) copy(local, message);
    else if (dice < 78) flag(local, message);
    else expunge(local, message);
  }

  void look() {
    read_on();
    const auto view = fixture_.store().view(account_);
    ASSERT_TRUE(view.ok()) << to_string(view.error());
    EXPECT_EQ(view->modseq().value, modseq());
    for (const auto collapse : {MailView::Collapse::none, MailView::Collapse::threads}) {
      check_list(*view, {std::nullopt, collapse});
      for (const MailboxId mailbox : mailboxes_) check_list(*view, {mailbox, collapse});
    }
    for (const MailboxId mailbox : mailboxes_) check_counts(*view, mailbox);
    check_threads(*view);
    check_changes(*view);
    EXPECT_TRUE(fixture_.verify_clean());
  }

  void expunge_all() {
    for (auto& [local, message] : messages_) {
      if (!message.mailboxes.empty() && !testing::Test::HasFatalFailure()) expunge(local, message);
    }
  }
  void reopen() {
    fixture_.reopen();
    fixture_.store().set_classes(test::classes_of("<class name='standard'><undelete keep='P30D'/></class>"));
  }
  StoreFixture& fixture() { return fixture_; }

 private:
  using Lists = std::map<ThreadId, MailView::Messages>;
  unsigned pick(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }
  schema::MessageId id(LocalId local) const { return {account_, local}; }
  std::uint64_t modseq() { return fixture_.store().accounts().show(account_)->head.modseq.value; }

  void deliver(ModelMessage message, const std::string& text) {
    fixture_.clock().advance(Duration(pick(4'000)));
    store::Incoming incoming = test::incoming_for(fixture_.store(), {account_});
    incoming.origin.identity = "trunk";
    if (pick(5) == 0) incoming.received = fixture_.clock().now() - Duration(pick(1'000'000));
    const auto delivered = fixture_.deliver(std::move(incoming), text)[0];
    ASSERT_TRUE(delivered.ok()) << to_string(delivered.error());
    message.received = fixture_.store().reader().find(delivered->id)->received;
    message.mailboxes = {store::kInbox.value};
    message.changed = modseq();
    messages_[delivered->id.local] = std::move(message);
  }
  // Names up to three messages of the near past, or some that never came.
  void deliver_mail() {
    ModelMessage message;
    const unsigned own = next_id_++;
    message.ids = {"<" + std::to_string(own) + "@example.net>"};
    if (pick(8) == 0) message.ids[0] = "<" + std::to_string(pick(own + 1)) + "@example.net>";  // the same mail again
    std::string references;
    for (unsigned count = pick(4); count > 0 && pick(3) != 0; --count) {
      const unsigned back = std::min(own, pick(12) + 1);
      message.ids.push_back("<" + std::to_string(own - back) + "@example.net>");
      references += (references.empty() ? "" : " ") + message.ids.back();
    }
    const bool one = message.ids.size() == 2 && pick(2) == 0;
    const std::string field = references.empty() ? "" : (one ? "In-Reply-To: your letter " : "References: ") + references + "\r\n";
    deliver(message, "From: bob@example.net\r\nMessage-ID: " + message.ids[0] + "\r\n" + field + "Subject: same\r\n\r\nx\r\n");
  }
  void deliver_text() {
    ModelMessage message;
    message.partner = "tel:+1555019" + std::to_string(pick(3));
    if (pick(12) == 0) fixture_.clock().advance(days(85) + Duration(pick(10) * 86'400'000));
    deliver(message, "Telepost-Kind: sms\r\nTelepost-Caller: " + message.partner + "\r\nMessage-ID: <same@gateway>\r\n\r\nx\r\n");
  }
  void move(LocalId local, ModelMessage& message) {
    const MailboxId from{*message.mailboxes.begin()}, to = mailboxes_[pick(4)];
    if (from == to) return;
    ASSERT_TRUE(fixture_.store().changer().move(id(local), from, to).ok());
    message.mailboxes.erase(from.value);
    message.mailboxes.insert(to.value);
    message.changed = modseq();
  }
  void copy(LocalId local, ModelMessage& message) {
    const MailboxId to = mailboxes_[pick(4)];
    if (!message.mailboxes.insert(to.value).second) return;
    ASSERT_TRUE(fixture_.store().changer().copy(id(local), to).ok());
    message.changed = modseq();
  }
  void flag(LocalId local, ModelMessage& message) {
    const std::string keyword = pick(4) == 0 ? "$draft" : pick(4) == 0 ? "$flagged" : "$seen";
    const bool add = message.keywords.insert(keyword).second;
    if (!add) message.keywords.erase(keyword);
    const std::vector<std::string> none, it = {keyword};
    ASSERT_TRUE(fixture_.store().changer().set_keywords(id(local), add ? it : none, add ? none : it).ok());
    message.changed = modseq();
  }
  void expunge(LocalId local, ModelMessage& message) {
    ASSERT_TRUE(fixture_.store().changer().expunge(id(local)).ok());
    before_[local] = std::exchange(message.mailboxes, {});
    message.changed = modseq();
    if (message.left <= read_) message.left = message.changed;
  }
  void restore(LocalId local, ModelMessage& message) {
    const auto restored = fixture_.store().undelete().restore(id(local));
    ASSERT_TRUE(restored.ok()) << to_string(restored.error());
    message.mailboxes = before_[local];
    message.changed = modseq();
  }

  // What happened since the last look, in the order of the change log, decides which threads there are.
  void read_on() {
    std::map<std::uint64_t, LocalId> changed;
    for (const auto& [local, message] : messages_) {
      if (message.changed > read_) changed[message.mailboxes.empty() ? message.left : message.changed] = local;
    }
    read_ = modseq();
    const auto known = threads_;
    for (const auto& [at, local] : changed) {
      ModelMessage& message = messages_.at(local);
      if (message.mailboxes.empty()) leave(local, message);
      else join(local, message, at, known);
    }
    seen_[read_] = lists();
  }
  void leave(LocalId local, ModelMessage& message) {
    if (!message.thread) return;
    ModelThread& thread = threads_[*message.thread];
    thread.messages.erase(local);
    if (thread.messages.empty()) threads_.erase(*message.thread);
  }
  // A thread that was there at the last look, and is at this one, is as old as it was.
  void join(LocalId local, ModelMessage& message, std::uint64_t at, const std::map<LocalId, ModelThread>& known) {
    if (!message.thread) message.thread = message.partner.empty() ? by_ids(message) : by_partner(message);
    if (!message.thread) message.thread = local;
    ModelThread& thread = threads_[*message.thread];
    const auto before = known.find(*message.thread);
    if (thread.messages.empty()) thread = {{}, {}, message.partner, message.received, message.received, before == known.end() ? at : before->second.created};
    if (!thread.messages.insert(local).second) return;
    thread.first = std::min(thread.first, message.received);
    thread.last = std::max(thread.last, message.received);
    for (const std::string& name : message.ids) {
      const bool taken = std::any_of(threads_.begin(), threads_.end(), [&](const auto& each) { return each.second.ids.contains(name); });
      if (!taken) thread.ids.insert(name);
    }
  }
  std::optional<LocalId> by_ids(const ModelMessage& message) const {
    std::optional<LocalId> oldest;
    for (const auto& [number, thread] : threads_) {
      const bool named = std::any_of(message.ids.begin(), message.ids.end(), [&](const std::string& name) { return thread.ids.contains(name); });
      if (named && (!oldest || thread.created < threads_.at(*oldest).created)) oldest = number;
    }
    return oldest;
  }
  std::optional<LocalId> by_partner(const ModelMessage& message) const {
    std::optional<LocalId> latest;
    for (const auto& [number, thread] : threads_) {
      const bool open = thread.partner == message.partner && message.received < thread.last + days(90) && message.received > thread.first - days(90);
      if (open && (!latest || thread.last > threads_.at(*latest).last)) latest = number;
    }
    return latest;
  }

  Lists lists() const {
    Lists all;
    for (const auto& [number, thread] : threads_) {
      std::vector<std::pair<Time, LocalId>> order;
      for (const LocalId local : thread.messages) order.emplace_back(messages_.at(local).received, local);
      std::sort(order.begin(), order.end());
      for (const auto& [received, local] : order) all[{number.value}].push_back(local);
    }
    return all;
  }
  std::vector<LocalId> expected(const MailView::Order& order) const {
    std::vector<std::pair<Time, LocalId>> found;
    for (const auto& [local, message] : messages_) {
      if (!message.mailboxes.empty() && (!order.mailbox || message.mailboxes.contains(order.mailbox->value))) found.emplace_back(message.received, local);
    }
    std::sort(found.rbegin(), found.rend());
    std::vector<LocalId> listed;
    std::set<LocalId> threads;
    for (const auto& [received, local] : found) {
      if (threads.insert(*messages_.at(local).thread).second || order.collapse == MailView::Collapse::none) listed.push_back(local);
    }
    return listed;
  }

  void check_list(const MailView& view, const MailView::Order& order) {
    const std::vector<LocalId> wanted = expected(order);
    EXPECT_EQ(*view.total(order), wanted.size());
    EXPECT_EQ(*view.list(order, 0, 10'000), wanted);
    EXPECT_TRUE(view.list(order, wanted.size(), 10)->empty());
    for (int probe = 0; probe < 4 && !wanted.empty(); ++probe) {
      const std::size_t position = pick(static_cast<unsigned>(wanted.size()));
      const std::size_t size = std::min<std::size_t>(7, wanted.size() - position);
      const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(position);
      EXPECT_EQ(*view.list(order, position, 7), std::vector<LocalId>(begin, begin + static_cast<std::ptrdiff_t>(size)));
      EXPECT_EQ(*view.position_of(order, wanted[position]), position);
    }
    const LocalId any = std::next(messages_.begin(), pick(static_cast<unsigned>(messages_.size())))->first;
    const auto place = std::find(wanted.begin(), wanted.end(), any);
    EXPECT_EQ(view.position_of(order, any)->has_value(), place != wanted.end());
  }
  // RFC 8621 section 2, read closely: a thread is unread in a mailbox where any of its messages is, but the trash and all else do not
  // look at each other.
  void check_counts(const MailView& view, MailboxId mailbox) {
    std::set<LocalId> all, unread;
    for (const auto& [local, message] : messages_) {
      if (message.mailboxes.contains(mailbox.value)) all.insert(*message.thread);
    }
    for (const auto& [local, message] : messages_) {
      if (message.mailboxes.empty() || !all.contains(*message.thread)) continue;
      const bool in_trash = message.mailboxes.contains(trash_.value);
      const bool shows = mailbox == trash_ ? in_trash : !in_trash || message.mailboxes.size() > 1;
      if (shows && !message.keywords.contains("$seen") && !message.keywords.contains("$draft")) unread.insert(*message.thread);
    }
    const auto counts = view.thread_counts(mailbox);
    EXPECT_EQ(counts->threads, all.size());
    EXPECT_EQ(counts->unread, unread.size()) << "mailbox " << mailbox.value;
    // Whoever knows the counts of an earlier state hears of it when they change.
    Counts& known = counts_[mailbox.value];
    if (known.threads == all.size() && known.unread == unread.size()) return;
    const auto record = fixture_.store().reader().list_by_uid(account_, mailbox, {1}, {1}, 1);
    EXPECT_GT(std::max(counts->modseq, record->mailbox.modseq).value, known.at);
    known = {all.size(), unread.size(), view.modseq().value};
  }
  void check_threads(const MailView& view) {
    std::vector<LocalId> asked;
    std::vector<std::optional<ThreadId>> wanted;
    for (const auto& [local, message] : messages_) {
      asked.push_back(local);
      wanted.push_back(message.mailboxes.empty() ? std::nullopt : std::optional(ThreadId{message.thread->value}));
    }
    EXPECT_EQ(*view.threads_of(asked), wanted);
    for (const auto& [thread, list] : seen_.rbegin()->second) EXPECT_EQ(*view.messages_of({thread})->at(0), list);
    EXPECT_FALSE(view.messages_of({ThreadId{1}})->at(0));
  }
  void check_changes(const MailView& view) {
    const auto earlier = std::next(seen_.begin(), pick(static_cast<unsigned>(seen_.size())));
    std::set<ThreadId> created, destroyed, differing, both;
    const Lists& now = seen_.rbegin()->second;
    for (const auto& [thread, list] : now) {
      const auto then = earlier->second.find(thread);
      if (then == earlier->second.end()) created.insert(thread);
      else both.insert(thread);
      if (then != earlier->second.end() && then->second != list) differing.insert(thread);
    }
    for (const auto& [thread, list] : earlier->second) {
      if (!now.contains(thread)) destroyed.insert(thread);
    }
    const auto told = view.thread_changes({earlier->first}, 100'000);
    ASSERT_TRUE(told.ok()) << to_string(told.error());
    const auto set_of = [](const std::vector<ThreadId>& list) { return std::set<ThreadId>(list.begin(), list.end()); };
    EXPECT_EQ(set_of(told->created), created);
    EXPECT_EQ(set_of(told->destroyed), destroyed);
    EXPECT_EQ(told->created.size() + told->updated.size() + told->destroyed.size(),
              set_of(told->created).size() + set_of(told->updated).size() + set_of(told->destroyed).size());
    const std::set<ThreadId> updated = set_of(told->updated);
    EXPECT_TRUE(std::includes(updated.begin(), updated.end(), differing.begin(), differing.end()));
    EXPECT_TRUE(std::includes(both.begin(), both.end(), updated.begin(), updated.end()));
    EXPECT_FALSE(told->more);
    EXPECT_EQ(told->until, view.modseq());
    check_pages(view, earlier->second, {earlier->first});
  }
  // In small steps a client comes to the same threads.
  void check_pages(const MailView& view, const Lists& then, schema::Modseq since) {
    const schema::Modseq begun = since;
    std::set<ThreadId> known;
    for (const auto& [thread, list] : then) known.insert(thread);
    for (bool more = true; more;) {
      const auto told = view.thread_changes(since, 3, begun);
      ASSERT_TRUE(told.ok());
      for (const ThreadId thread : told->created) known.insert(thread);
      for (const ThreadId thread : told->destroyed) known.erase(thread);
      EXPECT_LE(told->created.size() + told->updated.size() + told->destroyed.size(), 3u);
      more = told->more;
      ASSERT_TRUE(!more || told->until > since);
      since = told->until;
    }
    std::set<ThreadId> now;
    for (const auto& [thread, list] : seen_.rbegin()->second) now.insert(thread);
    EXPECT_EQ(known, now);
  }

  struct Counts {
    std::size_t threads = 0, unread = 0;
    std::uint64_t at = 0;
  };
  StoreFixture fixture_;
  std::mt19937 random_;
  schema::AccountId account_;
  MailboxId trash_;
  std::vector<MailboxId> mailboxes_;
  std::map<LocalId, ModelMessage> messages_;
  std::map<LocalId, std::set<std::uint32_t>> before_;
  std::map<LocalId, ModelThread> threads_;
  std::map<std::uint64_t, Lists> seen_;
  std::map<std::uint32_t, Counts> counts_;
  std::uint64_t read_ = 0;
  unsigned next_id_ = 0;
};

class MailViewModel : public testing::TestWithParam<unsigned> {};

TEST_P(MailViewModel, ListsThreadsAndCountsAreWhatASimpleModelSays) {
  Model model(GetParam());
  std::mt19937 random(GetParam());
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    for (auto actions = random() % 60; actions > 0 && !HasFatalFailure(); --actions) model.act();
    if (round % 20 == 19) model.reopen();
    model.act();
    model.look();
  }
  model.expunge_all();
  model.look();
  for (int i = 0; i < 50; ++i) model.act();
  model.look();
  EXPECT_TRUE(model.fixture().empties_to_nothing());
}

INSTANTIATE_TEST_SUITE_P(Seeds, MailViewModel, testing::Values(1u, 2u, 3u, 4u, 5u, 6u), [](const auto& seed) { return "Seed" + std::to_string(seed.param); });

}  // namespace
}  // namespace telepost
