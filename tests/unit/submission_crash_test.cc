// What was handed in and what is told of it, whatever operation fails and whatever its sender does to the copy in Sent meanwhile.
#include "store/submission.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "schema/hold_record.h"
#include "schema/keys.h"
#include "store/holds.h"
#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/support/submission_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::SendState;
using store::MailToSend;
using test::kText;
using test::MemoryEngine;
using test::outcome_of;

std::uint64_t step(std::uint64_t in_short_runs) { return std::getenv("TELEPOST_LONG") != nullptr ? 1 : in_short_runs; }

class SubmissionCrash : public test::SubmissionTest {
 protected:
  std::string content(schema::MessageId id, const MailToSend& sent) {
    std::string bytes;
    const auto read = fixture_.store().reader().source(id, sent.mail.content_offset, sent.mail.content_size, {}, [&](std::string_view piece) {
      bytes += piece;
      return true;
    });
    return read.ok() ? bytes : to_string(read.error());
  }
  void sweep_after(Duration time) {
    fixture_.clock().advance(time);
    const auto swept = fixture_.sweep();
    ASSERT_TRUE(swept.ok());
    EXPECT_EQ(swept->total().failed, 0u);
    rooms_of(fixture_.store()).workers.wait_until_idle();
  }
  // What failed is over.
  void recover() {
    rooms_of(fixture_.store()).workers.wait_until_idle();
    fixture_.engine().fail_operation(0, Errc::io);
    ASSERT_TRUE(fixture_.engine().recover().ok());
    rooms_of(fixture_.store()).health.refresh();
    EXPECT_TRUE(fixture_.verify_clean());
  }
  // Does `work` again and again, each time with another operation that fails; `check` tells what must be there at the end.
  void fail_each_operation(const std::function<void()>& prepare, const std::function<void()>& work, const std::function<void()>& check) {
    bool failed = true;
    std::uint64_t operation = 1;
    for (; failed && !HasFailure(); operation += step(3)) {
      for (const auto batch : {MemoryEngine::FailedBatch::absent, MemoryEngine::FailedBatch::present}) {
        SCOPED_TRACE("operation " + std::to_string(operation) + " fails");
        prepare();
        fixture_.engine().fail_operation(operation, Errc::io, MemoryEngine::Repeat::once, batch);
        work();
        rooms_of(fixture_.store()).workers.wait_until_idle();
        failed = fixture_.engine().operation_number() >= operation;
        recover();
        check();
        EXPECT_TRUE(fixture_.verify_clean());
      }
    }
    EXPECT_GT(operation, 10u) << "the work does too little to prove anything";
  }
  // Of ann and bob one has its copy of a message to both, and the other is still to be served; gives that one.
  schema::AccountId leave_one_unserved() {
    for (std::uint64_t batch = 1; batch < 12; ++batch) {
      const std::size_t ann = inbox(ann_).size(), bob = inbox(bob_).size();
      auto incoming = test::incoming_for(fixture_.store(), {ann_, bob_}, store::Incoming::Reply::one_for_all);
      incoming.from = "mailto:sender@example.net";
      fixture_.engine().crash_before_batch(batch);
      (void)fixture_.deliver(std::move(incoming), kText);
      fixture_.reopen();
      if ((inbox(ann_).size() - ann) + (inbox(bob_).size() - bob) != 1) continue;
      return inbox(ann_).size() == ann ? ann_ : bob_;
    }
    ADD_FAILURE() << "no crash left one of them unserved";
    return {};
  }
  // Every job that waits is relayed, until there is none. Gives how many of them were reports to each address.
  std::map<std::string, int> relay_all() {
    std::map<std::string, int> reports;
    for (int round = 0; round < 8; ++round) {
      sweep_after(10min);
      for (const MailToSend& each : claim()) {
        if (each.mail.report) ++reports[each.mail.to[0].address];
        EXPECT_TRUE(tell(each, std::vector(each.mail.to.size(), outcome_of(SendState::relayed, "250 2.0.0 ok"))).ok());
      }
    }
    EXPECT_EQ(jobs(), 0u);
    return reports;
  }
};

TEST_F(SubmissionCrash, SendsWhatItsSenderExpungedAndThenLeavesNothingOfIt) {  // RFC 5321 section 6.1
  const std::string large = "Subject: hello\r\n\r\n" + test::random_lines(7, 50'000);
  for (const std::string& text : {kText, large}) {
    const auto id = hand_in(mail({"carol@example.net", "dave@example.net"}), text);
    ASSERT_TRUE(fixture_.store().changer().expunge(id, schema::Removal::expunged).ok());
    EXPECT_EQ(fixture_.store().reader().find(id).error().kind, Errc::not_found);
    EXPECT_EQ(fixture_.store().reader().summary(id).error().kind, Errc::not_found);
    EXPECT_EQ(fixture_.store().changer().expunge(id, schema::Removal::expunged).error().kind, Errc::not_found);
    EXPECT_TRUE(fixture_.verify_clean());
    sweep_after(2h);  // links and orphans are looked at
    const auto sent = claim();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_TRUE(content(id, sent[0]) == text);
    ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::relayed, "250 ok"), outcome_of(SendState::failed, "550 5.1.1 no such user")}).ok());
    EXPECT_NE(inbox(ann_).back().find("Subject: hello"), std::string::npos) << "the report shows its header";
    EXPECT_NE(content(id, sent[0]), text) << "it is kept though nobody sends it";
    EXPECT_TRUE(fixture_.verify_clean());
  }
  for (const Duration time : {Duration(16min), Duration(2h), Duration(1h)}) sweep_after(time);
  EXPECT_TRUE(fixture_.verify_spotless());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(SubmissionCrash, KeepsWhatIsHeldByTheTimeThatNobodySendsItAnyMore) {
  const auto id = hand_in(mail({"carol@example.net"}));
  ASSERT_TRUE(fixture_.store().changer().expunge(id, schema::Removal::expunged).ok());
  schema::HoldRecord hold;
  hold.account = ann_;
  hold.reason = "case 17";
  const auto held = fixture_.store().holds().add(hold);
  ASSERT_TRUE(held.ok());
  const auto sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::relayed, "250 ok")}).ok());
  EXPECT_EQ(fixture_.store().reader().summary(id).error().kind, Errc::not_found);
  EXPECT_TRUE(content(id, sent[0]).ends_with(kText));
  EXPECT_EQ(fixture_.store().holds().show(*held)->second.messages, 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  ASSERT_TRUE(fixture_.store().holds().release(*held).ok());
  for (int hour = 0; hour < 3; ++hour) sweep_after(1h);
  EXPECT_FALSE(content(id, sent[0]).ends_with(kText));
}

// Where it lay and how it was flagged went with its placements: a hold that asks for that may mean it.
TEST_F(SubmissionCrash, KeepsForAHoldOnAMailboxWhatWasExpungedWhileItWasSent) {
  const auto id = hand_in(mail({"carol@example.net"}));
  ASSERT_TRUE(fixture_.store().changer().expunge(id, schema::Removal::expunged).ok());
  std::vector<std::uint64_t> holds;
  for (const bool by_role : {true, false}) {
    schema::HoldRecord hold;
    hold.reason = "case 17";
    if (by_role) hold.when.role = schema::Role::trash;
    else hold.when.flag = "$flagged";
    const auto added = fixture_.store().holds().add(hold);
    ASSERT_TRUE(added.ok());
    holds.push_back(*added);
  }
  const auto sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::relayed, "250 ok")}).ok());
  EXPECT_TRUE(content(id, sent[0]).ends_with(kText));
  EXPECT_EQ(fixture_.store().holds().show(holds[0])->second.messages, 1u);
  ASSERT_TRUE(fixture_.store().holds().release(holds[0]).ok());
  for (int hour = 0; hour < 3; ++hour) sweep_after(1h);
  EXPECT_EQ(fixture_.store().holds().show(holds[1])->second.messages, 1u);
  EXPECT_TRUE(fixture_.verify_clean());
  const auto restored = fixture_.store().undelete().restore(id);
  ASSERT_TRUE(restored.ok()) << to_string(restored.error());
  EXPECT_EQ(restored->paths, std::vector<std::string>{"INBOX"});
}

TEST_F(SubmissionCrash, KeepsForAMissingClassWhatWasExpungedWhileItWasSent) {
  const std::string standard = "<class name='standard'/>";
  fixture_.store().set_classes(test::classes_of(standard + "<class name='gold'/>"));
  ASSERT_TRUE(fixture_.store().accounts().set_class(ann_, "gold").ok());
  const auto id = hand_in(mail({"carol@example.net"}));
  ASSERT_TRUE(fixture_.store().changer().expunge(id, schema::Removal::expunged).ok());
  EXPECT_EQ(fixture_.store().accounts().show(ann_)->head.kept.messages, 0u);
  fixture_.store().set_classes(test::classes_of(standard));
  const auto sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::relayed, "250 ok")}).ok());
  for (int day = 0; day < 3; ++day) sweep_after(24h);
  EXPECT_TRUE(content(id, sent[0]).ends_with(kText));
  EXPECT_EQ(fixture_.store().accounts().show(ann_)->head.parked.messages, 0u) << "its purge looks after it";
  EXPECT_TRUE(fixture_.verify_clean());
  fixture_.store().set_classes(test::classes_of(standard + "<class name='gold'/>"));
  for (int day = 0; day < 3; ++day) sweep_after(24h);
  EXPECT_EQ(fixture_.store().accounts().show(ann_)->head.kept.messages, 0u);
}

// What an account still had to send goes with it, and what is held of it stays sound.
TEST_F(SubmissionCrash, AHeldAccountNamesNoJobsThatAreGone) {
  const auto id = hand_in(mail({"carol@example.net"}));
  schema::HoldRecord hold;
  hold.account = ann_;
  hold.reason = "case 17";
  ASSERT_TRUE(fixture_.store().holds().add(hold).ok());
  ASSERT_TRUE(fixture_.store().accounts().remove(ann_).ok());
  sweep_after(1h);
  EXPECT_EQ(jobs(), 0u);
  EXPECT_TRUE(fixture_.store().reader().source_text(id).ok());
  EXPECT_TRUE(fixture_.verify_clean());
}

TEST_F(SubmissionCrash, ServesItsOwnRecipientsThoughTheSenderExpungedTheCopy) {
  auto handed = mail({"bob@example.test"});
  handed.send_at = fixture_.clock().now() + 1h;
  const auto id = hand_in(std::move(handed));
  ASSERT_TRUE(inbox(bob_).empty());
  ASSERT_TRUE(fixture_.store().changer().expunge(id, schema::Removal::expunged).ok());
  sweep_after(61min);
  ASSERT_EQ(inbox(bob_).size(), 1u);
  EXPECT_TRUE(inbox(bob_)[0].ends_with(kText));
  EXPECT_TRUE(inbox(ann_).empty());
  EXPECT_EQ(submission().show(id)->record.open, 0u);
}

TEST_F(SubmissionCrash, ServesTheOthersThoughTheFirstRecipientExpungedItsCopy) {
  const auto unserved = leave_one_unserved();
  const auto first = unserved == ann_ ? bob_ : ann_;
  const auto page = fixture_.store().reader().list_by_uid(first, schema::MailboxId{1}, {1}, {1000}, 10);
  ASSERT_EQ(page->messages.size(), 1u);
  ASSERT_TRUE(fixture_.store().changer().expunge({first, page->messages[0].summary.local}, schema::Removal::expunged).ok());
  EXPECT_TRUE(inbox(first).empty());
  EXPECT_TRUE(fixture_.verify_clean());
  sweep_after(2min);
  ASSERT_EQ(inbox(unserved).size(), 1u);
  EXPECT_TRUE(inbox(unserved)[0].ends_with(kText));
  EXPECT_TRUE(inbox(first).empty());
  sweep_after(16min);
  EXPECT_TRUE(fixture_.verify_spotless());
}

TEST_F(SubmissionCrash, TakesAnExpungedMessageWithItsAccount) {
  const auto id = hand_in(mail({"carol@example.net"}), "Subject: hello\r\n\r\n" + test::random_lines(7, 50'000));
  ASSERT_TRUE(fixture_.store().changer().expunge(id, schema::Removal::expunged).ok());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(SubmissionCrash, DoesNotBringBackTheCopyThatItsRecipientExpunged) {
  // A crash keeps it from being written down that bob was served; many tombstones lie before that.
  for (int i = 0; i < 40; ++i) {
    const auto old = fixture_.deliver("bob@example.test", test::mail(std::to_string(i)));
    fixture_.clock().advance(1s);
    ASSERT_TRUE(fixture_.store().changer().expunge(old->id, schema::Removal::expunged).ok());
  }
  for (std::uint64_t batch = 1; batch < 20; ++batch) {
    fixture_.engine().crash_before_batch(batch);
    const auto id = try_hand_in(mail({"bob@example.test"}));
    rooms_of(fixture_.store()).workers.wait_until_idle();
    const bool crashed = fixture_.engine().crashed();
    fixture_.reopen();
    const auto page = fixture_.store().reader().list_by_uid(bob_, schema::MailboxId{1}, {1}, {1000}, 10);
    for (const store::Listed& listed : page->messages) {
      ASSERT_TRUE(fixture_.store().changer().expunge({bob_, listed.summary.local}, schema::Removal::expunged).ok());
    }
    const std::size_t wanted = id.ok() && page->messages.empty() ? 1 : 0;
    sweep_after(16min);
    EXPECT_EQ(inbox(bob_).size(), wanted) << "crash before batch " << batch;
    EXPECT_TRUE(fixture_.verify_clean());
    if (!crashed) return;
    const auto served = fixture_.store().reader().list_by_uid(bob_, schema::MailboxId{1}, {1}, {1000}, 10);
    for (const store::Listed& listed : served->messages) {
      ASSERT_TRUE(fixture_.store().changer().expunge({bob_, listed.summary.local}, schema::Removal::expunged).ok());
    }
  }
  FAIL() << "it always crashed";
}

// Mail of a sender elsewhere that asks for a word on success: the report leaves by the outbox.
TEST_F(SubmissionCrash, QueuesAReportToElsewhereOnceWhateverOperationFails) {
  bool delivered = false;
  fail_each_operation(
      [&] {
        auto incoming = test::incoming_for(fixture_.store(), {bob_});
        incoming.from = "mailto:sender@example.net";
        incoming.to[0].request.notify.success = true;
        delivered = fixture_.deliver(std::move(incoming), kText)[0].ok();
        ASSERT_TRUE(delivered);
        fixture_.clock().advance(1s);
      },
      [&] { (void)fixture_.sweep(); }, [&] { EXPECT_EQ(relay_all(), (std::map<std::string, int>{{"sender@example.net", 1}})); });
}

// The same while the job of the report is claimed and told of.
TEST_F(SubmissionCrash, EndsAReportToElsewhereWhateverOperationFails) {
  fail_each_operation(
      [&] {
        auto incoming = test::incoming_for(fixture_.store(), {bob_});
        incoming.from = "mailto:sender@example.net";
        incoming.to[0].request.notify.success = true;
        ASSERT_TRUE(fixture_.deliver(std::move(incoming), kText)[0].ok());
        sweep_after(1s);
      },
      [&] {
        store::Outbox::Claim wanted;
        wanted.owner = "test";
        const auto sent = submission().claim(wanted);
        if (sent.ok() && !sent->empty()) (void)tell(sent->front(), {outcome_of(SendState::failed, "550 no bounces")});
      },
      [&] {
        EXPECT_LE(relay_all()["sender@example.net"], 1);
        EXPECT_TRUE(inbox(ann_).empty());
      });
}

TEST_F(SubmissionCrash, KeepsAnOutcomeThatIsFinalForSomeWhateverOperationFails) {
  std::vector<MailToSend> sent;
  std::size_t reports = 0;
  schema::MessageId id{};
  fail_each_operation(
      [&] {
        id = hand_in(mail({"carol@example.net", "dave@example.net", "eve@example.net"}));
        sent = claim();
        ASSERT_EQ(sent.size(), 1u);
        reports = inbox(ann_).size();
      },
      [&] {
        (void)tell(sent[0], {outcome_of(SendState::failed, "550 5.1.1 no such user"), outcome_of(SendState::deferred, "451 4.7.1 later"),
                             outcome_of(SendState::relayed, "250 2.0.0 ok")});
      },
      [&] {
        for (int round = 0; round < 8; ++round) {
          sweep_after(10min);
          for (const MailToSend& each : claim()) {
            std::vector<store::MailOutcome> outcomes;
            for (const auto& to : each.mail.to) {
              outcomes.push_back(to.address.starts_with("carol") ? outcome_of(SendState::failed, "550 5.1.1 no such user")
                                                                 : outcome_of(SendState::relayed, "250 2.0.0 ok"));
            }
            EXPECT_TRUE(tell(each, std::move(outcomes)).ok());
          }
        }
        EXPECT_EQ(jobs(), 0u);
        EXPECT_EQ(inbox(ann_).size(), reports + 1);
        const auto state = submission().show(id);
        ASSERT_TRUE(state.ok());
        EXPECT_EQ(state->record.open, 0u);
        EXPECT_EQ(state->to[0].state, SendState::failed);
        EXPECT_EQ(state->to[1].state, SendState::relayed);
        EXPECT_EQ(state->to[2].state, SendState::relayed);
      });
}

// A crash left one of two to be served later, and that account is closed meanwhile: the sender elsewhere gets a report.
TEST_F(SubmissionCrash, ReportsTheRefusalOfAnIntentOnceWhateverOperationFails) {
  fail_each_operation(
      [&] {
        for (const auto account : {ann_, bob_}) ASSERT_TRUE(fixture_.store().accounts().set_state(account, schema::AccountState::active).ok());
        const auto unserved = leave_one_unserved();  // opens the store again
        ASSERT_TRUE(fixture_.store().accounts().set_state(unserved, schema::AccountState::closed).ok());
        fixture_.clock().advance(2min);
      },
      [&] { (void)fixture_.sweep(); },
      [&] {
        EXPECT_EQ(relay_all(), (std::map<std::string, int>{{"sender@example.net", 1}}));
      });
}

}  // namespace
}  // namespace telepost
