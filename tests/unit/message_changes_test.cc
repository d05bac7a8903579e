// Several changes of one account in one call, and messages that a client puts in itself.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "store/append.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using store::MessageChange;
using Keywords = std::vector<std::string>;

class MessageChanges : public testing::Test {
 protected:
  ~MessageChanges() override { EXPECT_TRUE(fixture_.verify_clean()); }
  store::Store& store() { return fixture_.store(); }
  schema::MessageId deliver() { return fixture_.deliver_to(account_, test::mail("x"))->id; }
  store::MessageChanger::Applied apply(const std::vector<MessageChange>& changes) {
    auto applied = store().changer().apply(account_, changes);
    EXPECT_TRUE(applied.ok());
    return *std::move(applied);
  }
  Keywords keywords(schema::MessageId id) { return store().reader().summary(id)->summary.keywords; }
  std::set<schema::MailboxId> mailboxes(schema::MessageId id) {
    std::set<schema::MailboxId> in;
    const auto record = store().reader().find(id);
    for (const auto& placement : record.ok() ? record->placements : std::vector<schema::Placement>()) in.insert(placement.mailbox);
    return in;
  }
  schema::Modseq modseq() { return store().reader().select(account_, {})->modseq; }

  test::StoreFixture fixture_;
  const schema::AccountId account_ = fixture_.create("mailto:ann@example.test");
  const schema::MailboxId work_ = store().mailboxes().create(account_, "Work").value();
};

TEST_F(MessageChanges, AreAppliedTogetherInOneBatch) {
  const auto a = deliver(), b = deliver(), c = deliver();
  const auto before = modseq();
  const auto lists = fixture_.engine().operations().lists;
  MessageChange keyword{a.local}, move{b.local}, gone{c.local};
  keyword.add_keywords = {"$Seen", "x"};
  move.add_mailboxes = {work_};
  move.remove_mailboxes = {store::kInbox};
  gone.expunge = true;
  const auto applied = apply({keyword, move, gone});
  EXPECT_EQ(fixture_.engine().operations().lists - lists, 1u);
  EXPECT_EQ(applied.before, before);
  EXPECT_EQ(applied.after, modseq());
  EXPECT_TRUE(applied.is_whole);
  EXPECT_EQ(keywords(a), (Keywords{"$seen", "x"}));
  EXPECT_EQ(mailboxes(b), std::set{work_});
  EXPECT_FALSE(store().reader().find(c).ok());
}

TEST_F(MessageChanges, AreEachWholeOrNotAtAll) {
  const auto a = deliver(), b = deliver();
  MessageChange odd{a.local}, nowhere{a.local}, lost{a.local}, missing{schema::LocalId{99}}, right{b.local};
  odd.add_keywords = {"a b"};
  odd.add_mailboxes = {work_};
  nowhere.remove_mailboxes = {store::kInbox};
  nowhere.add_keywords = {"x"};
  lost.add_mailboxes = {schema::MailboxId{77}};
  lost.add_keywords = {"x"};
  right.keywords = Keywords{"y", "Y", "z"};
  right.remove_keywords = {"z"};
  const auto applied = apply({odd, nowhere, lost, missing, right});
  ASSERT_EQ(applied.results.size(), 5u);
  EXPECT_EQ(applied.results[0].error().kind, Errc::invalid);
  EXPECT_EQ(applied.results[1].error().kind, Errc::invalid);
  EXPECT_EQ(applied.results[2].error().kind, Errc::invalid);
  EXPECT_EQ(applied.results[3].error().kind, Errc::not_found);
  EXPECT_TRUE(applied.results[4].ok());
  EXPECT_EQ(keywords(a), Keywords());
  EXPECT_EQ(mailboxes(a), std::set{store::kInbox});
  EXPECT_EQ(keywords(b), Keywords{"y"});
}

TEST_F(MessageChanges, OfNothingChangeNothing) {
  const auto a = deliver();
  const auto before = modseq();
  MessageChange same{a.local};
  same.remove_keywords = {"none"};
  same.mailboxes = {store::kInbox};
  EXPECT_TRUE(apply({same}).results[0].ok());
  EXPECT_TRUE(apply({}).results.empty());
  EXPECT_EQ(modseq(), before);
}

TEST_F(MessageChanges, SeeThoseBeforeThem) {
  const auto a = deliver();
  MessageChange add{a.local}, remove{a.local}, gone{a.local};
  add.add_keywords = {"x", "y"};
  remove.remove_keywords = {"x"};
  gone.expunge = true;
  apply({add, remove});
  EXPECT_EQ(keywords(a), Keywords{"y"});
  EXPECT_EQ(apply({gone, add}).results[1].error().kind, Errc::not_found);
}

TEST_F(MessageChanges, AreSplitWhereABatchIsFull) {
  std::vector<MessageChange> changes;
  std::vector<schema::MessageId> messages;
  for (int i = 0; i < 450; ++i) {
    messages.push_back(deliver());
    changes.push_back({messages.back().local});
    changes.back().add_keywords = {"x"};
  }
  const auto lists = fixture_.engine().operations().lists;
  EXPECT_EQ(apply(changes).results.size(), 450u);
  EXPECT_EQ(fixture_.engine().operations().lists - lists, 3u);
  for (const auto& id : messages) EXPECT_EQ(keywords(id), Keywords{"x"});
}

// Whatever fails, what stands is what some of the batches left, and verify finds nothing.
TEST_F(MessageChanges, SurviveAFailureOfEveryOperation) {
  const auto a = deliver(), b = deliver();
  MessageChange first{a.local}, second{b.local};
  first.mailboxes = {work_};
  second.add_keywords = {"$seen"};
  for (std::uint64_t nth = 1;; ++nth) {
    fixture_.engine().fail_operation(nth, Errc::io);
    const auto applied = store().changer().apply(account_, {first, second});
    const bool failed = fixture_.engine().operation_number() >= nth;
    fixture_.engine().fail_operation(~std::uint64_t{0}, Errc::io);
    ASSERT_TRUE(fixture_.engine().recover().ok());
    fixture_.reopen();
    ASSERT_TRUE(fixture_.verify_clean()) << nth;
    EXPECT_EQ(mailboxes(a) == std::set{work_}, keywords(b) == Keywords{"$seen"}) << nth;
    if (!failed) break;
  }
}

TEST_F(MessageChanges, AgreeWithAModelOfSets) {
  struct Model {
    std::set<std::string> keywords;
    std::set<schema::MailboxId> mailboxes;
  };
  std::mt19937 random(11);
  std::map<schema::LocalId, Model> model;
  for (int i = 0; i < 8; ++i) model[deliver().local].mailboxes = {store::kInbox};
  const schema::MailboxId boxes[] = {store::kInbox, work_, store().mailboxes().create(account_, "Old").value()};
  const char* const words[] = {"$seen", "$draft", "a", "b"};
  for (int round = 0; round < 60; ++round) {
    std::vector<MessageChange> changes;
    std::vector<bool> expected;
    for (int i = 0; i < 5; ++i) {
      auto at = model.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(random() % model.size()));
      MessageChange& change = changes.emplace_back(MessageChange{at->first});
      Model next = at->second;
      if (random() % 5 == 0) next.keywords.clear(), change.keywords = Keywords();
      if (const auto* const word = words[random() % 4]; random() % 2) next.keywords.insert(word), change.add_keywords = {word};
      if (const auto* const word = words[random() % 4]; random() % 2) next.keywords.erase(word), change.remove_keywords = {word};
      if (const auto box = boxes[random() % 3]; random() % 2) next.mailboxes.insert(box), change.add_mailboxes = {box};
      if (const auto box = boxes[random() % 3]; random() % 2) next.mailboxes.erase(box), change.remove_mailboxes = {box};
      expected.push_back(!next.mailboxes.empty());
      if (expected.back()) at->second = std::move(next);
    }
    const auto applied = apply(changes);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(applied.results[i].ok(), expected[i]);
    for (const auto& [local, wanted] : model) {
      EXPECT_EQ(keywords({account_, local}), Keywords(wanted.keywords.begin(), wanted.keywords.end()));
      EXPECT_EQ(mailboxes({account_, local}), wanted.mailboxes);
    }
  }
}

class Append : public MessageChanges {
 protected:
  Result<store::Append::Kept> append(std::string_view bytes, const store::Append::Where& where) {
    const auto begun = store().changer().append(account_, "jmap");
    for (std::size_t at = 0; at < bytes.size(); at += 70'000) TELEPOST_TRY(begun->write(bytes.substr(at, 70'000)));
    return begun->finish(where);
  }
};

TEST_F(Append, KeepsEveryByteInEachMailboxThatWasNamed) {
  const std::string text = test::mail_with("large", {test::random_lines(1, 3'000'000), "small"});
  const Time received = from_millis(1'414'649'520'000);
  deliver();
  const auto before = modseq();
  const auto kept = append(text, {{work_, store::kInbox}, {"$Draft", "$seen"}, received});
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(store().reader().source_text(kept->id).value(), text);
  EXPECT_EQ(mailboxes(kept->id), (std::set{work_, store::kInbox}));
  EXPECT_EQ(keywords(kept->id), (Keywords{"$draft", "$seen"}));
  EXPECT_EQ(store().reader().summary(kept->id)->summary.received, received);
  EXPECT_EQ(kept->size_bytes, text.size());
  EXPECT_EQ(kept->before, before);
  EXPECT_EQ(kept->after, modseq());
}

TEST_F(Append, RefusesWhereItCannotLie) {
  EXPECT_EQ(append("From: a@b\r\n\r\n", {}).error().kind, Errc::invalid);
  EXPECT_EQ(append("From: a@b\r\n\r\n", {{work_, work_}, {}, {}}).error().kind, Errc::invalid);
  EXPECT_EQ(append("From: a@b\r\n\r\n", {{schema::MailboxId{77}}, {}, {}}).error().kind, Errc::invalid);
  EXPECT_EQ(append("From: a@b\r\n\r\n", {{work_}, {"a b"}, {}}).error().kind, Errc::invalid);
  EXPECT_EQ(append("From: a@b\r\n\r\n", {{work_}, {}, from_rfc3339("0000-01-01T00:00:00Z").value()}).error().kind, Errc::invalid);
}

TEST_F(Append, LeavesNothingOfWhatWasNotFinished) {
  { ASSERT_TRUE(store().changer().append(account_, "jmap")->write(test::mail_with("x", {test::random_lines(1, 3'000'000)})).ok()); }
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(Append, SurvivesAFailureOfEveryOperation) {
  const std::string text = test::mail_with("x", {test::random_lines(1, 1'200'000)});
  for (std::uint64_t nth = 1;; ++nth) {
    fixture_.engine().fail_operation(nth, Errc::io);
    const auto kept = append(text, {{work_}, {}, {}});
    const bool failed = fixture_.engine().operation_number() >= nth;
    fixture_.engine().fail_operation(~std::uint64_t{0}, Errc::io);
    ASSERT_TRUE(fixture_.engine().recover().ok());
    fixture_.reopen();
    ASSERT_TRUE(fixture_.verify_clean()) << nth;
    if (kept.ok()) {
      EXPECT_EQ(store().reader().source_text(kept->id).value(), text);
    }
    if (!failed) break;
  }
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

}  // namespace
}  // namespace telepost
