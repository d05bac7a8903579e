// Indexes that are made anew: what they tell afterwards is what they told before anything was broken, and nothing wrong is told meanwhile.
#include "store/reindex.h"

#include <functional>
#include <tuple>

#include "adapters/admin/commands.h"
#include "schema/index_records.h"
#include "schema/reindex_record.h"
#include "schema/search_records.h"
#include "store/mail_search.h"
#include "store/search_index.h"
#include "tests/unit/broken_store.h"

namespace telepost {
namespace {

using namespace test;
using schema::ThreadId;
using store::IndexPart;
using store::MailSearch;
using store::MailView;
using store::Reindex;

class Operator final : public adapters::admin::Exchange {
 public:
  using Json = adapters::admin::Json;
  Result<void> object(const Json& object) override { return objects.push_back(object), Result<void>(); }
  Result<void> bytes(std::string_view) override { return {}; }
  Result<void> notice(std::string_view text) override {
    if (on_notice) on_notice();
    notices.emplace_back(text);
    return notices.size() < leaves_at ? Result<void>() : Result<void>(Error{Errc::cancelled, "the client left"});
  }
  Result<std::string> content() override { return std::string(); }
  std::vector<Json> objects;
  std::vector<std::string> notices;
  std::function<void()> on_notice;
  std::size_t leaves_at = 1000;  // with this notice
};

class ReindexTest : public BrokenStore {
 protected:
  // What clients can ask: every order, every thread, and what some words find.
  struct Told {
    std::vector<std::vector<LocalId>> lists;
    std::vector<std::optional<ThreadId>> threads;
    std::vector<std::optional<MailView::Messages>> messages;
    std::vector<std::tuple<std::uint64_t, std::uint64_t>> counts;
    std::vector<std::vector<LocalId>> found;
    bool operator==(const Told&) const = default;
  };

  void SetUp() override {
    BrokenStore::SetUp();
    first_ = deliver(ann_, "Message-ID: <a@x>\r\nSubject: first\r\n\r\nalpha common\r\n");
    reply_ = deliver(ann_, "Message-ID: <b@x>\r\nReferences: <a@x>\r\n\r\nbeta common\r\n");
    answer_ = deliver(ann_, "Message-ID: <c@x>\r\nReferences: <b@x>\r\n\r\ngamma common\r\n");
    gone_ = deliver(ann_, "Message-ID: <d@x>\r\nReferences: <c@x>\r\n\r\ndelta common\r\n");
    store::Incoming text;
    text.to = {{ann_, "mailto:ann@example.test", ""}};
    text.origin.identity = "peer";
    ASSERT_TRUE(fixture_.deliver(std::move(text), "Telepost-Kind: sms\r\nTelepost-Caller: tel:+15550199\r\n\r\ncommon\r\n")[0].ok());
    ASSERT_TRUE(fixture_.store().view(ann_).ok());
    // In the log the thread's first message now lies behind its last.
    ASSERT_TRUE(fixture_.store().changer().set_keywords(first_, {"$seen"}, {}).ok());
    ASSERT_TRUE(fixture_.store().changer().expunge(gone_).ok());
    ASSERT_TRUE(fixture_.store().changer().copy(reply_, work_).ok());
    before_ = told();
    ASSERT_TRUE(fixture_.verify_spotless());
  }

  Told told() {
    Told told;
    const auto view = fixture_.store().view(ann_);
    EXPECT_TRUE(view.ok()) << to_string(view.error());
    if (!view.ok()) return told;
    for (const std::optional<MailboxId> mailbox : {std::optional<MailboxId>(), std::optional(store::kInbox), std::optional(work_)}) {
      for (const auto collapse : {MailView::Collapse::none, MailView::Collapse::threads}) told.lists.push_back(view->list({mailbox, collapse}, 0, 1000).value());
      if (mailbox) told.counts.push_back({view->thread_counts(*mailbox)->threads, view->thread_counts(*mailbox)->unread});
    }
    told.threads = view->threads_of(told.lists[0]).value();
    std::vector<ThreadId> threads;
    for (const auto& thread : told.threads) threads.push_back(thread.value_or(ThreadId{}));
    told.messages = view->messages_of(threads).value();
    for (const char* word : {"alpha", "beta", "delta", "common"}) told.found.push_back(find(word));
    return told;
  }
  std::vector<LocalId> find(const std::string& word) {
    std::vector<LocalId> locals;
    const auto search = MailSearch::open(fixture_.store(), ann_);
    EXPECT_TRUE(search.ok()) << to_string(search.error());
    if (!search.ok()) return locals;
    for (const auto& hit : search->find({0xff, {{{word}, false}}}).value()) locals.push_back(hit.local);
    return locals;
  }
  int reindex(std::set<IndexPart> parts = {IndexPart::threads, IndexPart::words}) {
    Reindex reindex(fixture_.store(), ann_, std::move(parts));
    EXPECT_TRUE(reindex.begin().ok());
    int pieces = 0;
    for (bool is_done = false; !is_done && pieces < 1000; ++pieces) {
      const auto progress = reindex.go_on();
      EXPECT_TRUE(progress.ok()) << to_string(progress.error());
      if (!progress.ok()) break;
      EXPECT_LE(progress->read, progress->all);
      is_done = progress->is_done;
    }
    return pieces;
  }
  schema::ReindexRecord state() { return store::IndexErasure::record(*fixture_.engine().reader(account())).value(); }

  schema::MessageId first_, reply_, answer_, gone_;
  Told before_;
};

TEST_F(ReindexTest, TellsTheSameAsBefore) {
  ASSERT_EQ(before_.found[0], std::vector{first_.local});
  ASSERT_EQ(before_.found[2], std::vector<LocalId>{});
  reindex();
  EXPECT_EQ(told(), before_);
  EXPECT_TRUE(fixture_.verify_clean());
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(ReindexTest, MendsWhateverIsBroken) {
  for (const char letter : std::string("YNPC")) put(account(), Space::point, first_key(account(), Space::point, std::string(1, letter)), "junk");
  erase(account(), Space::scan, first_key(account(), Space::scan, "N"));
  erase(account(), Space::scan, keys::received(keys::kAllMail, record(reply_).received, reply_.local));
  put(account(), Space::scan, keys::received(keys::threads_of({99}), record(reply_).received, reply_.local), "");
  put(account(), Space::scan, keys::block(keys::threads_of({99}), 0, std::string(16, '\xff')), "junk");
  put(account(), Space::point, std::string(keys::kRecount), "junk");
  expect_damage_too("index");
  reindex({IndexPart::threads});
  EXPECT_EQ(told(), before_);
  EXPECT_TRUE(fixture_.verify_clean());
}

// By what it refers to, as when it came.
TEST_F(ReindexTest, FindsAThreadAgainForAMessageWhoseOwnIsLost) {
  put(account(), Space::point, keys::indexed_message(reply_.local), "junk");
  put(account(), Space::point, keys::indexed_message({77}), schema::encode(schema::IndexedMessageRecord{{77}, false}));
  expect_damage_too("index");
  reindex({IndexPart::threads});
  EXPECT_EQ(told(), before_);
  EXPECT_TRUE(fixture_.verify_clean());
}

TEST_F(ReindexTest, MendsTheFullText) {
  for (bool is_done = false; !is_done;) is_done = *store::SearchIndex(rooms_of(fixture_.store()), ann_).read_on();
  put(account(), Space::scan, first_key(account(), Space::scan, "W"), "junk");
  put(account(), Space::scan, first_key(account(), Space::scan, "V"), "junk");
  put(account(), Space::point, first_key(account(), Space::point, "S"), "junk");
  put(account(), Space::point, std::string(keys::kSearch), "junk");
  ASSERT_FALSE(fixture_.verify_clean());
  reindex({IndexPart::words});
  EXPECT_EQ(told(), before_);
  EXPECT_TRUE(fixture_.verify_clean());
}

// RFC 8620 section 5.2: a state from before is answered by an error, not by what may be wrong.
TEST_F(ReindexTest, StatesFromBeforeAreUnknown) {
  const auto was = fixture_.store().view(ann_)->modseq();
  reindex({IndexPart::words});
  EXPECT_TRUE(fixture_.store().view(ann_)->thread_changes(was, 100).ok());
  reindex({IndexPart::threads});
  EXPECT_EQ(fixture_.store().view(ann_)->thread_changes(was, 100).error().kind, Errc::unsupported);
  EXPECT_EQ(fixture_.store().mailboxes().changes(ann_, was).error().kind, Errc::unsupported);
  const auto now = fixture_.store().view(ann_)->modseq();
  EXPECT_TRUE(fixture_.store().mailboxes().changes(ann_, now).ok());
  const auto more = deliver(ann_, "Message-ID: <e@x>\r\nReferences: <a@x>\r\n\r\nepsilon\r\n");
  const auto changes = fixture_.store().view(ann_)->thread_changes(now, 100);
  ASSERT_TRUE(changes.ok());
  EXPECT_EQ(changes->updated, (std::vector{*fixture_.store().view(ann_)->threads_of({first_.local})->front()}));
  EXPECT_EQ(fixture_.store().view(ann_)->threads_of({more.local})->front(), changes->updated.front());
  EXPECT_TRUE(changes->created.empty() && changes->destroyed.empty());
}

TEST_F(ReindexTest, WhoAsksMeanwhileHearsNothingWrong) {
  Reindex reindex(fixture_.store(), ann_, {IndexPart::threads, IndexPart::words});
  ASSERT_TRUE(reindex.begin().ok());
  EXPECT_TRUE(fixture_.verify_clean());
  const auto more = deliver(ann_, "Message-ID: <e@x>\r\nReferences: <a@x>\r\n\r\nepsilon\r\n");
  EXPECT_EQ(find("epsilon"), std::vector{more.local});
  EXPECT_EQ(find("alpha"), std::vector{first_.local});
  EXPECT_EQ(*fixture_.store().view(ann_)->threads_of({more.local}), *fixture_.store().view(ann_)->threads_of({first_.local}));
  EXPECT_FALSE(state().threads.is_due || state().words.is_due);
  EXPECT_TRUE(fixture_.verify_clean());
}

TEST_F(ReindexTest, GoesOnByItselfAfterACrash) {
  for (int i = 0; i < 500; ++i) deliver(ann_, "Message-ID: <m" + std::to_string(i) + "@x>\r\n\r\ncommon word" + std::to_string(i) + " and" + std::to_string(i) + "\r\n");
  before_ = told();
  {
    Reindex reindex(fixture_.store(), ann_, {IndexPart::threads, IndexPart::words});
    ASSERT_TRUE(reindex.begin().ok());
    ASSERT_TRUE(reindex.go_on().ok());
    EXPECT_TRUE(state().words.is_due) << "one piece should not be all";
    EXPECT_TRUE(fixture_.verify_clean());
  }
  fixture_.reopen();
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_FALSE(state().threads.is_due || state().words.is_due);
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_EQ(told(), before_);
}

TEST_F(ReindexTest, BeginsAgainWhereOneIsUnderWay) {
  Reindex broken_off(fixture_.store(), ann_, {IndexPart::threads});
  ASSERT_TRUE(broken_off.begin().ok());
  ASSERT_TRUE(broken_off.go_on().ok());
  put(account(), Space::point, std::string(schema::keys::kReindex), "junk");
  reindex();
  EXPECT_EQ(told(), before_);
  EXPECT_TRUE(fixture_.verify_clean());
}

TEST_F(ReindexTest, VerifyNamesTheCommandThatMends) {
  for (int i = 0; i < 300; ++i) deliver(ann_, "Message-ID: <m" + std::to_string(i) + "@x>\r\n\r\ncommon\r\n");
  before_ = told();
  put(account(), Space::scan, keys::received(keys::threads_of({99}), record(reply_).received, reply_.local), "");
  Operator verifying;
  EXPECT_EQ(adapters::admin::run_verb(fixture_.store(), {"store.verify", Operator::Json::object()}, verifying).error().kind, Errc::corrupt);
  ASSERT_FALSE(verifying.objects.empty());
  EXPECT_EQ(verifying.objects.front().value("remedy", ""), "telepost account reindex " + schema::to_string(ann_) + " --threads");
  Operator mending;
  ASSERT_TRUE(adapters::admin::run_verb(fixture_.store(), {"account.reindex", {{"account", schema::to_string(ann_)}, {"threads", true}}}, mending).ok());
  ASSERT_EQ(mending.objects.size(), 1u);
  EXPECT_TRUE(mending.objects[0].at("threads").get<bool>());
  EXPECT_FALSE(mending.objects[0].at("search").get<bool>());
  EXPECT_FALSE(mending.notices.empty()) << "how far it is";
  EXPECT_TRUE(fixture_.verify_clean());
  EXPECT_EQ(told(), before_);
}

TEST_F(ReindexTest, WantsAnAccountThatIsThere) {
  EXPECT_EQ(Reindex(fixture_.store(), schema::AccountId{77}, {IndexPart::words}).begin().error().kind, Errc::not_found);
  ASSERT_TRUE(fixture_.store().accounts().remove(bob_).ok());
  EXPECT_EQ(Reindex(fixture_.store(), bob_, {IndexPart::words}).begin().error().kind, Errc::refused);
}

// Nobody reads on in its indexes then, and the hold keeps it for as long as it stands.
TEST_F(ReindexTest, EndsWhereTheAccountIsDeletedMeanwhile) {
  for (int i = 0; i < 600; ++i) deliver(ann_, "Message-ID: <m" + std::to_string(i) + "@x>\r\n\r\ncommon\r\n");
  schema::HoldRecord hold;
  hold.account = ann_;
  hold.reason = "a case";
  ASSERT_TRUE(fixture_.store().holds().add(hold).ok());
  Reindex reindex(fixture_.store(), ann_, {IndexPart::threads, IndexPart::words});
  ASSERT_TRUE(reindex.begin().ok());
  while (state().threads.is_due || state().words.is_due) {
    ASSERT_TRUE(reindex.go_on().ok());
  }
  ASSERT_FALSE(reindex.go_on()->is_done) << "all was read before it was deleted";
  ASSERT_TRUE(fixture_.store().accounts().remove(ann_).ok());
  EXPECT_EQ(reindex.go_on().error().kind, Errc::refused);
}

// Each second it says how far it is, from the first piece on, so that it ends when nobody hears it: a client that left, a server that stops.
TEST_F(ReindexTest, EndsWhereNobodyHearsHowFarItIs) {
  for (int i = 0; i < 1100; ++i) deliver(ann_, "Message-ID: <m" + std::to_string(i) + "@x>\r\n\r\ncommon\r\n");
  before_ = told();
  Operator leaving;
  leaving.leaves_at = 2;
  leaving.on_notice = [&] { fixture_.clock().advance(std::chrono::seconds(1)); };
  const adapters::admin::Request request{"account.reindex", {{"account", schema::to_string(ann_)}, {"search", true}}};
  EXPECT_EQ(adapters::admin::run_verb(fixture_.store(), request, leaving).error().kind, Errc::cancelled);
  EXPECT_EQ(leaving.notices, std::vector<std::string>(2, "what was there before is taken out"));
  EXPECT_TRUE(leaving.objects.empty());
  Operator in_no_time;
  ASSERT_TRUE(adapters::admin::run_verb(fixture_.store(), request, in_no_time).ok());
  EXPECT_EQ(in_no_time.notices.size(), 1u);
  EXPECT_EQ(told(), before_);
}

// What is to be taken out of an index that was read into already stays there for ever: nobody looks for it any more.
TEST_F(ReindexTest, VerifyTellsOfAnErasureThatNobodyDoes) {
  reindex({IndexPart::words});  // which has read all then
  schema::ReindexRecord record;
  record.words.is_due = true;
  put(account(), Space::point, std::string(keys::kReindex), schema::encode(record));
  const auto report = store::verify(fixture_.store());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->damage.contains("search"));
  reindex({IndexPart::words});
  EXPECT_EQ(told(), before_);
  EXPECT_TRUE(fixture_.verify_clean());
  record = {};
  record.threads.is_due = true;
  put(account(), Space::point, std::string(keys::kReindex), schema::encode(record));
  expect_damage_too("index");
  reindex({IndexPart::threads});
  EXPECT_EQ(told(), before_);
  EXPECT_TRUE(fixture_.verify_clean());
}

// It may have been the threads' erasure that the record told of.
TEST_F(ReindexTest, MakesAllAnewWhereItsRecordIsDamaged) {
  Reindex broken_off(fixture_.store(), ann_, {IndexPart::threads});
  ASSERT_TRUE(broken_off.begin().ok());
  put(account(), Space::point, std::string(keys::kReindex), "junk");
  Reindex words(fixture_.store(), ann_, {IndexPart::words});
  ASSERT_TRUE(words.begin().ok());
  EXPECT_EQ(words.parts(), (std::set{IndexPart::threads, IndexPart::words}));
  EXPECT_TRUE(state().threads.is_due && state().words.is_due);
  EXPECT_EQ(told(), before_);
  EXPECT_TRUE(fixture_.verify_clean());
}

TEST_F(ReindexTest, TheAuditLogTellsFromWhereAMessageWasDeleted) {
  const auto remove = [&](schema::MessageId id, bool server_only) {
    Operator removing;
    const adapters::admin::Request request{"message.delete", {{"id", schema::to_string(id)}, {"server_only", server_only}}};
    EXPECT_TRUE(adapters::admin::run_verb(fixture_.store(), request, removing).ok());
  };
  remove(first_, true);
  remove(answer_, false);
  std::vector<std::string> told;
  ASSERT_TRUE(store::Audit(rooms_of(fixture_.store())).list({}, ann_, [&](const schema::AuditRecord& record) {
    if (record.action == schema::AuditRecord::Action::message_deleted) told.push_back(record.reason);
    return true;
  }).ok());
  EXPECT_EQ(told, (std::vector<std::string>{"deleted on the server only", "deleted"}));
}

}  // namespace
}  // namespace telepost
