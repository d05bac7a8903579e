// Mail that an account hands in: its copy, its local and remote recipients, what senders tell of them, and the reports.
#include "store/submission.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/bytes.h"
#include "schema/keys.h"
#include "tests/support/submission_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::SendState;
using store::MailToSend;
using test::kText;
using test::outcome_of;
using test::SubmissionTest;

using Keywords = std::vector<std::string>;

TEST_F(SubmissionTest, KeepsTheMessageInSentAndServesEveryRecipientOnce) {  // RFC 5550 sections 5.9 and 5.10
  const auto id = hand_in(mail({"bob@example.test", "carol@example.net", "dave@example.net", "eve@example.org"}));
  EXPECT_EQ(keywords(id), (Keywords{"$seen", "$submitpending"}));
  ASSERT_EQ(inbox(bob_).size(), 1u);
  EXPECT_TRUE(inbox(bob_)[0].ends_with(kText));
  auto to_send = claim();
  ASSERT_EQ(to_send.size(), 2u);
  if (to_send[0].mail.to.size() == 1) std::swap(to_send[0], to_send[1]);
  const schema::MailJob& first = to_send[0].mail;
  EXPECT_EQ(to_send[0].job.record.destination, "example.net");
  EXPECT_EQ(first.from, "ann@example.test");
  ASSERT_EQ(first.to.size(), 2u);
  EXPECT_EQ(first.to[1].address, "dave@example.net");
  EXPECT_TRUE(first.header.starts_with("Received: by mx.example.test")) << first.header;
  std::string content;
  ASSERT_TRUE(fixture_.store().reader().source(id, first.content_offset, first.content_size, {}, [&](std::string_view bytes) {
    content += bytes;
    return true;
  }).ok());
  EXPECT_EQ(content, kText);

  ASSERT_TRUE(tell(to_send[0], {outcome_of(SendState::relayed, "250 2.0.0 ok"), outcome_of(SendState::relayed, "250 2.0.0 ok")}).ok());
  EXPECT_EQ(keywords(id), (Keywords{"$seen", "$submitpending"}));
  ASSERT_TRUE(tell(to_send[1], {outcome_of(SendState::relayed, "250 2.0.0 ok")}).ok());
  EXPECT_EQ(keywords(id), (Keywords{"$seen", "$submitted"}));
  EXPECT_EQ(jobs(), 0u);
  EXPECT_TRUE(inbox(ann_).empty());
  const auto state = submission().show(id);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->record.open, 0u);
  EXPECT_EQ(state->to[0].state, SendState::delivered);
  EXPECT_EQ(state->to[3].reply, "250 2.0.0 ok");
  EXPECT_EQ(cdrs(ann_), 4u);  // one for each recipient
}

TEST_F(SubmissionTest, TellsTheSenderOfAFailureAndTriesTheRestAgain) {
  const auto id = hand_in(mail({"carol@example.net", "dave@example.net"}));
  auto sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::failed, "550 5.1.1 no such user"), outcome_of(SendState::deferred, "451 4.7.1 later")}).ok());
  ASSERT_EQ(inbox(ann_).size(), 1u);
  const std::string report = inbox(ann_)[0];
  EXPECT_TRUE(report.starts_with("Return-Path: <>\r\n")) << report;
  EXPECT_NE(report.find("Final-Recipient: rfc822; carol@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"), std::string::npos) << report;
  EXPECT_NE(report.find("\r\nIn-Reply-To: <1@example.test>\r\n"), std::string::npos) << report;
  EXPECT_EQ(report.find("dave"), std::string::npos);
  EXPECT_EQ(submission().show(id)->to[1].reply, "451 4.7.1 later");
  EXPECT_TRUE(claim().empty());
  fixture_.clock().advance(6min);
  sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_EQ(sent[0].mail.to.size(), 1u);
  EXPECT_EQ(sent[0].mail.to[0].address, "dave@example.net");
  ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::relayed, "250 ok")}).ok());
  EXPECT_EQ(inbox(ann_).size(), 1u);
  EXPECT_EQ(keywords(id), (Keywords{"$seen", "$submitted"}));
}

TEST_F(SubmissionTest, TellsOnceOfADelayAndGivesUpInTheEnd) {
  hand_in(mail({"carol@example.net"}));
  int attempts = 0;
  for (int hour = 0; hour < 24 * 6; ++hour) {
    for (const MailToSend& each : claim()) {
      ++attempts;
      ASSERT_TRUE(tell(each, {outcome_of(SendState::deferred, "451 4.3.0 not now")}).ok());
    }
    fixture_.clock().advance(1h);
  }
  const auto reports = inbox(ann_);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_NE(reports[0].find("Action: delayed\r\nStatus: 4.3.0"), std::string::npos) << reports[0];
  EXPECT_NE(reports[0].find("Will-Retry-Until: "), std::string::npos);
  EXPECT_NE(reports[1].find("Action: failed\r\nStatus: 5.4.7"), std::string::npos) << reports[1];
  EXPECT_GT(attempts, 25);
  EXPECT_EQ(jobs(), 0u);
}

TEST_F(SubmissionTest, ComesAgainAsSoonAsTheFirstOfItsRecipientsMay) {
  hand_in(mail({"carol@example.net", "dave@example.net"}));
  auto busy = outcome_of(SendState::deferred, "451 4.3.0 not now"), untrusted = outcome_of(SendState::deferred, "451 4.7.5 no certificate");
  untrusted.failure = policies::Failure::tls;  // asked less often
  ASSERT_TRUE(tell(claim().at(0), {busy, untrusted}).ok());
  fixture_.clock().advance(6min);
  EXPECT_EQ(claim().size(), 1u);
}

TEST_F(SubmissionTest, ReportsAsNotifyAsks) {  // RFC 3461 section 4.1
  auto handed = mail({"a@example.net", "b@example.net", "c@example.net", "bob@example.test"});
  handed.to[0].request.notify.never = true;
  handed.to[1].request.notify.success = true;
  handed.to[1].request.orcpt = "rfc822;B@example.net";
  handed.to[2].request.notify.delay = true;
  handed.to[3].request.notify.success = true;
  handed.request.envid = "QQ314159";
  hand_in(std::move(handed));
  auto sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::failed, "550 no"), outcome_of(SendState::relayed, "250 ok"), outcome_of(SendState::failed, "550 no")}).ok());
  const auto reports = inbox(ann_);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_NE(reports[0].find("Final-Recipient: rfc822; bob@example.test\r\nAction: delivered"), std::string::npos) << reports[0];
  EXPECT_NE(reports[1].find("Original-Envelope-Id: QQ314159\r\n"), std::string::npos);
  EXPECT_NE(reports[1].find("Original-Recipient: rfc822; B@example.net\r\nFinal-Recipient: rfc822; b@example.net\r\nAction: relayed"), std::string::npos) << reports[1];
}

TEST_F(SubmissionTest, ReportsNothingToTheNullReversePath) {  // RFC 5321 section 6.1
  auto handed = mail({"carol@example.net"});
  handed.from.clear();
  hand_in(std::move(handed));
  const auto sent = claim();
  ASSERT_TRUE(tell(sent.at(0), {outcome_of(SendState::failed, "550 no")}).ok());
  EXPECT_TRUE(inbox(ann_).empty());
  EXPECT_EQ(jobs(), 0u);
}

TEST_F(SubmissionTest, SendsReportsToSendersElsewhereAndNoneOfThose) {
  auto handed = mail({"carol@example.net"});
  handed.from = "mailto:ann@elsewhere.example";
  hand_in(std::move(handed));
  auto sent = claim();
  ASSERT_TRUE(tell(sent.at(0), {outcome_of(SendState::failed, "550 no")}).ok());
  sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].mail.from, "");
  EXPECT_EQ(sent[0].mail.to[0].address, "ann@elsewhere.example");
  ASSERT_TRUE(sent[0].mail.content);
  EXPECT_NE(sent[0].mail.content->find("Auto-Submitted: auto-replied\r\n"), std::string::npos);
  ASSERT_TRUE(tell(sent[0], {outcome_of(SendState::failed, "550 no bounces")}).ok());
  EXPECT_EQ(jobs(), 0u);
  EXPECT_TRUE(inbox(ann_).empty());
}

TEST_F(SubmissionTest, FailsTheOutcomeOfALostLease) {
  hand_in(mail({"carol@example.net"}));
  const auto old = claim();
  fixture_.clock().advance(10min);
  const auto again = claim();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(tell(old.at(0), {outcome_of(SendState::relayed, "250 ok")}).error().kind, Errc::conflict);
  EXPECT_TRUE(tell(again[0], {outcome_of(SendState::failed, "550 no")}).ok());
  EXPECT_EQ(inbox(ann_).size(), 1u);
}

TEST_F(SubmissionTest, NeitherLosesNorDoublesWhateverMomentACrashTakes) {
  // hand in: hint and job for each destination, account. outcome: hint, job; report; hint …, account, job.
  for (std::uint64_t batch = 1; batch <= 12; ++batch) {
    const std::size_t before = inbox(ann_).size(), copies = inbox(bob_).size();
    auto handed = mail({"carol@example.net", "dave@example.net", "bob@example.test"});
    hand_in(std::move(handed));
    auto sent = claim();
    ASSERT_EQ(sent.size(), 1u) << batch;
    fixture_.engine().crash_before_batch(batch);
    const auto told = tell(sent[0], {outcome_of(SendState::failed, "550 no"), outcome_of(SendState::relayed, "250 ok")});
    rooms_of(fixture_.store()).workers.wait_until_idle();
    fixture_.reopen();
    EXPECT_TRUE(fixture_.verify_clean()) << batch;
    for (int round = 0; round < 4; ++round) {
      fixture_.clock().advance(10min);
      ASSERT_TRUE(fixture_.sweep().ok());
      for (const MailToSend& each : claim()) {
        EXPECT_LE(batch, 2u) << "sent twice though the outcome was known";  // hint, then the job with its outcome
        EXPECT_TRUE(tell(each, {outcome_of(SendState::failed, "550 no"), outcome_of(SendState::relayed, "250 ok")}).ok());
      }
    }
    EXPECT_EQ(inbox(ann_).size(), before + 1) << batch;
    EXPECT_EQ(inbox(bob_).size(), copies + 1) << batch;
    EXPECT_EQ(jobs(), 0u) << batch;
    if (told.ok()) break;
    ASSERT_LT(batch, 12u) << "the outcome never passed";
  }
  fixture_.clock().advance(20min);
  ASSERT_TRUE(fixture_.sweep().ok());
}

TEST_F(SubmissionTest, AcceptsNothingThatNeverLeaves) {
  for (std::uint64_t batch = 1; batch <= 20; ++batch) {
    const std::size_t copies = inbox(bob_).size();
    fixture_.engine().crash_before_batch(batch);
    const auto id = try_hand_in(mail({"carol@example.net", "bob@example.test", "eve@example.org"}));
    rooms_of(fixture_.store()).workers.wait_until_idle();
    fixture_.reopen();
    fixture_.clock().advance(2min);
    ASSERT_TRUE(fixture_.sweep().ok());
    const auto sent = claim();
    EXPECT_EQ(sent.size(), id.ok() ? 2u : 0u) << batch;
    EXPECT_EQ(inbox(bob_).size(), copies + (id.ok() ? 1u : 0u)) << batch;
    for (const MailToSend& each : sent) EXPECT_TRUE(tell(each, {outcome_of(SendState::relayed, "250 ok")}).ok());
    fixture_.clock().advance(20min);
    ASSERT_TRUE(fixture_.sweep().ok());
    EXPECT_EQ(jobs(), 0u) << batch;
    EXPECT_TRUE(fixture_.verify_clean()) << batch;
    if (id.ok() && batch > 12) break;
  }
}

TEST_F(SubmissionTest, CutsManyRecipientsIntoTransactionsThatEveryServerTakes) {  // RFC 5321 section 4.5.3.1.8
  std::vector<std::string> to;
  for (int i = 0; i < 250; ++i) to.push_back("r" + std::to_string(i) + "@example.net");
  hand_in(mail(to));
  std::set<std::uint32_t> numbers;
  for (const MailToSend& each : claim()) {
    EXPECT_LE(each.mail.to.size(), 100u);
    for (const auto& recipient : each.mail.to) numbers.insert(recipient.number);
  }
  EXPECT_EQ(numbers.size(), 250u);
}

TEST_F(SubmissionTest, RefusesMoreRecipientsThanABatchCanName) {
  std::vector<std::string> remote;
  for (int i = 0; i < 100'000; ++i) remote.push_back("carol@host" + std::to_string(i) + ".example.net");
  EXPECT_EQ(try_hand_in(mail(remote)).error().kind, Errc::too_large);
  for (std::string& address : remote) address = std::string(64, '"') + address;
  EXPECT_EQ(try_hand_in(mail(remote)).error().kind, Errc::too_large);
  EXPECT_EQ(jobs(), 0u);
  auto local = mail({"bob@example.test"});
  local.to.resize(100'000, local.to[0]);
  EXPECT_EQ(try_hand_in(std::move(local)).error().kind, Errc::too_large);
  EXPECT_TRUE(inbox(bob_).empty());
}

TEST_F(SubmissionTest, ServesManyOfItsOwn) {
  std::vector<std::string> to;
  for (int i = 0; i < 250; ++i) {
    to.push_back("r" + std::to_string(i) + "@example.test");
    fixture_.create(to.back());
  }
  const auto id = hand_in(mail(to));
  EXPECT_EQ(submission().show(id)->record.open, 0u);
  const auto shown = submission().show(id);
  for (const auto& recipient : shown->to) EXPECT_EQ(recipient.state, SendState::delivered);
  EXPECT_EQ(cdrs(ann_), 250u);
}

TEST_F(SubmissionTest, EndsWithoutReportsWhatItsSenderCancels) {
  const auto id = hand_in(mail({"carol@example.net", "eve@example.org"}));
  EXPECT_EQ(*submission().cancel(id), 2u);
  EXPECT_EQ(jobs(), 0u);
  EXPECT_TRUE(inbox(ann_).empty());
  EXPECT_TRUE(submission().show(id)->record.canceled);
  EXPECT_EQ(keywords(id), (Keywords{"$seen", "$submitted"}));
}

TEST_F(SubmissionTest, CancelsOnAsManyWorkersAsThereAre) {
  std::vector<schema::MessageId> handed;
  for (int i = 0; i < 40; ++i) handed.push_back(hand_in(mail({"carol@example.net", "eve@example.org"})));
  std::atomic<int> canceled{0};
  for (const auto id : handed) {
    ASSERT_TRUE(fixture_.store().run([&, id] { canceled += submission().cancel(id).ok() ? 1 : 0; }).ok());
  }
  rooms_of(fixture_.store()).workers.wait_until_idle();
  EXPECT_EQ(canceled, 40);
  EXPECT_EQ(jobs(), 0u);
}

TEST_F(SubmissionTest, ForgetsASubmissionWhenItsTimeIsOverAndLeavesNothing) {
  const auto id = hand_in(mail({"carol@example.net", "bob@example.test"}));
  ASSERT_TRUE(tell(claim().at(0), {outcome_of(SendState::relayed, "250 ok")}).ok());
  fixture_.clock().advance(24h * 91);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(submission().show(id).error().kind, Errc::not_found);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(SubmissionTest, TakesJobsAndSubmissionsWithAnAccountThatIsRemoved) {
  hand_in(mail({"carol@example.net", "bob@example.test"}));
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(SubmissionTest, TellsWhoAskedThatMailFromOutsideIsStored) {  // RFC 3461 section 5.2.3
  auto incoming = test::incoming_for(fixture_.store(), {bob_});
  incoming.from = "mailto:sender@example.net";
  incoming.to[0].request.notify.success = true;
  incoming.request.envid = "E1";
  ASSERT_TRUE(fixture_.deliver(std::move(incoming), kText)[0].ok());
  fixture_.clock().advance(1s);
  ASSERT_TRUE(fixture_.sweep().ok());
  const auto sent = claim();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].mail.to[0].address, "sender@example.net");
  EXPECT_NE(sent[0].mail.content->find("Action: delivered\r\n"), std::string::npos);
  EXPECT_NE(sent[0].mail.content->find("Original-Envelope-Id: E1\r\n"), std::string::npos);
}

// Else anybody could have us write to anybody.
TEST_F(SubmissionTest, TellsNobodyOfSuccessWhoNeedNotBeTheSender) {
  auto incoming = test::incoming_for(fixture_.store(), {bob_});
  incoming.from = "mailto:victim@example.net";
  incoming.to[0].request.notify.success = true;
  incoming.judgement.may_be_forged = true;
  ASSERT_TRUE(fixture_.deliver(std::move(incoming), kText)[0].ok());
  fixture_.clock().advance(1s);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(claim().empty());
}

TEST_F(SubmissionTest, TellsNobodyOfJunkWhoseSenderMayBeForged) {
  auto incoming = test::incoming_for(fixture_.store(), {bob_});
  incoming.from = "mailto:victim@example.net";
  incoming.to[0].request.notify.success = true;
  incoming.judgement.junk = true;
  ASSERT_TRUE(fixture_.deliver(std::move(incoming), kText)[0].ok());
  fixture_.clock().advance(1s);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(claim().empty());
}

}  // namespace
}  // namespace telepost
