// One answer for several recipients of whom some refuse: the others have the message, and its sender learns once who has not.
#include <gtest/gtest.h>

#include <functional>

#include "store/outbox.h"
#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/submission_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using store::Delivered;
using store::Incoming;
using How = Delivered::How;

const std::string kLong = "Subject: long\r\n\r\n" + test::random_lines(1, 2'000);

class DeliverRefusal : public test::SubmissionTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(schema::read_classes(R"(<policies xmlns="urn:telepost:policy:1">
        <class name="full"><quota bytes="1000"/></class>
        <class name="crowded"><quota messages="1"/></class>
        <class name="mute"><kind name="email" allow="false"/></class></policies>)", "test", classes_).ok());
    fixture_.store().set_classes(classes_);
    SubmissionTest::SetUp();
    full_ = member("full@example.test", "full");
    also_full_ = member("also@example.test", "full");
    mute_ = member("mute@example.test", "mute");
    fixture_.clock().advance(20min);
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  AccountId member(const std::string& address, const std::string& of_service) {
    const AccountId account = fixture_.create(address);
    EXPECT_TRUE(fixture_.store().accounts().set_class(account, of_service).ok());
    return account;
  }
  std::vector<Result<Delivered>> send(const std::vector<AccountId>& to, const std::string& from = "mailto:sue@sender.example",
                                      const std::function<void(Incoming&)>& with = [](Incoming&) {}) {
    Incoming incoming = test::incoming_for(fixture_.store(), to, Incoming::Reply::one_for_all);
    incoming.from = from;
    with(incoming);
    return fixture_.deliver(std::move(incoming), kLong);
  }
  void settle(Duration time = 0s) {
    rooms_of(fixture_.store()).workers.wait_until_idle();
    fixture_.clock().advance(time);
    const auto swept = fixture_.sweep();
    ASSERT_TRUE(swept.ok());
    rooms_of(fixture_.store()).workers.wait_until_idle();
  }
  // Reports on their way out: whom they are for, and their text.
  std::vector<std::pair<std::string, std::string>> reports() {
    std::vector<std::pair<std::string, std::string>> reports;
    for (const store::MailToSend& each : claim()) {
      if (each.mail.report) reports.emplace_back(each.mail.to.at(0).address, each.mail.content.value_or(""));
    }
    return reports;
  }
  // What waits is relayed until nothing does; how many of them were reports.
  std::size_t relay_all() {
    std::size_t reports = 0;
    for (int round = 0; round < 10; ++round) {
      settle(10min);
      for (const store::MailToSend& each : claim(100)) {
        reports += each.mail.report ? 1u : 0u;
        EXPECT_TRUE(tell(each, {test::outcome_of(schema::SendState::relayed, "250 2.0.0 ok")}).ok());
      }
    }
    EXPECT_EQ(jobs(), 0u);
    return reports;
  }
  struct Grown {
    std::size_t ann, bob, full;
  };
  Grown held() { return {inbox(ann_).size(), inbox(bob_).size(), inbox(full_).size()}; }
  // Sends to ann, bob and two who refuse, with a crash before each batch of that and of what follows in turn.
  void crash_everywhere(const std::function<void()>& after, const std::function<void(bool taken, std::size_t reports, const Grown&)>& check) {
    bool crashed = true;
    for (std::uint64_t batch = 1; crashed && !HasFailure(); ++batch) {
      SCOPED_TRACE("crash before batch " + std::to_string(batch));
      const Grown before = held();
      fixture_.store().set_classes(classes_);
      fixture_.engine().crash_before_batch(batch);
      const bool taken = send({full_, ann_, bob_, mute_})[0].ok();
      rooms_of(fixture_.store()).workers.wait_until_idle();
      (void)fixture_.sweep();
      crashed = fixture_.engine().crashed();
      fixture_.reopen();
      fixture_.store().set_classes(classes_);
      EXPECT_TRUE(fixture_.verify_clean());
      after();
      const std::size_t reports = relay_all();
      const Grown now = held();
      check(taken, reports, {now.ann - before.ann, now.bob - before.bob, now.full - before.full});
    }
  }
  static std::size_t count(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
  }

  schema::ClassSet classes_;
  AccountId full_, also_full_, mute_;
};

TEST_F(DeliverRefusal, TheOthersHaveItAndTheSenderGetsOneReport) {  // RFC 5321 section 6.1, RFC 3464 section 2
  const auto delivered = send({full_, ann_, mute_, bob_, also_full_});
  std::vector<How> how;
  for (const auto& each : delivered) {
    ASSERT_TRUE(each.ok()) << to_string(each.error());
    how.push_back(each->how);
  }
  EXPECT_EQ(how, (std::vector<How>{How::promised, How::stored, How::promised, How::stored, How::promised}));
  settle();
  EXPECT_EQ(inbox(ann_), (std::vector<std::string>{kLong}));
  EXPECT_EQ(inbox(bob_), (std::vector<std::string>{kLong}));
  EXPECT_TRUE(inbox(full_).empty() && inbox(also_full_).empty() && inbox(mute_).empty());
  const auto sent = reports();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, "sue@sender.example");
  EXPECT_EQ(count(sent[0].second, "\r\nAction: failed\r\n"), 3u);
  EXPECT_NE(sent[0].second.find("Final-Recipient: rfc822; full@example.test\r\nAction: failed\r\nStatus: 5.2.3\r\n"), std::string::npos) << sent[0].second;
  EXPECT_NE(sent[0].second.find("Final-Recipient: rfc822; also@example.test\r\nAction: failed\r\nStatus: 5.2.3\r\n"), std::string::npos);
  EXPECT_NE(sent[0].second.find("Final-Recipient: rfc822; mute@example.test\r\nAction: failed\r\nStatus: 5.2.1\r\n"), std::string::npos);
  EXPECT_NE(sent[0].second.find("\r\nSubject: long\r\n"), std::string::npos);
  EXPECT_EQ(relay_all(), 1u) << "the same, and no other";
}

// The sender is asked to try again where that may help one of them (RFC 5321 section 4.2.5); else the first one answers for all.
TEST_F(DeliverRefusal, WhereNobodyTakesItNothingIsStoredAndNobodyIsTold) {
  const AccountId crowded = member("crowded@example.test", "crowded");
  ASSERT_TRUE(send({crowded})[0].ok());
  const auto answer = [&](const std::vector<AccountId>& to) {
    const auto answers = send(to);
    for (const auto& each : answers) {
      EXPECT_FALSE(each.ok());
      EXPECT_EQ(each.error().kind, answers[0].error().kind);
    }
    return answers[0].error().kind;
  };
  EXPECT_EQ(answer({mute_, full_}), Errc::refused);
  EXPECT_EQ(answer({full_, mute_}), Errc::too_large) << "it is larger than all that the account may hold";
  EXPECT_EQ(answer({mute_, full_, crowded}), Errc::over_quota);
  EXPECT_EQ(answer({mute_}), Errc::refused);
  settle(10min);
  EXPECT_TRUE(reports().empty());
  EXPECT_TRUE(inbox(full_).empty() && inbox(mute_).empty());
  EXPECT_EQ(inbox(crowded).size(), 1u);
}

TEST_F(DeliverRefusal, NobodyIsToldWhoIsNotTheSender) {
  for (const auto& with : std::vector<std::function<void(Incoming&)>>{
           [](Incoming& incoming) { incoming.judgement.junk = true; },
           [](Incoming& incoming) { incoming.judgement.forged = true; },
           [](Incoming& incoming) { incoming.from = ""; },
           [](Incoming& incoming) { incoming.to[0].request.notify.never = true; },
           [](Incoming& incoming) { incoming.to[0].request.notify.success = true; }}) {
    EXPECT_TRUE(send({full_, ann_}, "mailto:sue@sender.example", with)[0].ok());
    settle();
    EXPECT_TRUE(reports().empty());
  }
}

TEST_F(DeliverRefusal, AForgedMessageIsNotReportedAsDeliveredEither) {
  EXPECT_TRUE(send({ann_, bob_}, "mailto:sue@sender.example", [](Incoming& incoming) {
    incoming.judgement.forged = true;
    for (store::Recipient& to : incoming.to) to.request.notify.success = true;
  })[0].ok());
  settle();
  EXPECT_TRUE(reports().empty());
}

TEST_F(DeliverRefusal, ALocalSenderFindsTheReportInItsInbox) {
  EXPECT_TRUE(send({full_, bob_}, "mailto:ann@example.test")[0].ok());
  settle();
  ASSERT_EQ(inbox(ann_).size(), 1u);
  EXPECT_NE(inbox(ann_)[0].find("Final-Recipient: rfc822; full@example.test\r\n"), std::string::npos);
}

TEST_F(DeliverRefusal, TheFirstCopyMayBeExpungedMeanwhile) {
  const auto delivered = send({full_, ann_});
  ASSERT_TRUE(delivered[1].ok());
  const auto gone = fixture_.store().changer().expunge(delivered[1]->id);
  ASSERT_TRUE(gone.ok());
  settle();
  EXPECT_EQ(reports().size(), 1u);
  for (const Duration time : {Duration(16min), Duration(2h), Duration(1h)}) settle(time);
  EXPECT_TRUE(inbox(ann_).empty());
}

// Killed at any batch: the sender was told nothing and nobody has it, or the others have it and there is one report.
TEST_F(DeliverRefusal, ACrashLosesNeitherCopyNorReportAndDoublesNone) {
  crash_everywhere([] {}, [](bool taken, std::size_t reports, const Grown& grown) {
    EXPECT_EQ(grown.ann, grown.bob);
    EXPECT_TRUE(grown.ann == 1 || (grown.ann == 0 && !taken));
    EXPECT_EQ(grown.full, 0u);
    EXPECT_EQ(reports, grown.ann);
  });
}

// The policy of the moment in which the rest are served decides.
TEST_F(DeliverRefusal, WhoTakesItAfterTheCrashGetsACopyInsteadOfAReport) {
  crash_everywhere([this] { fixture_.store().set_classes({}); }, [](bool taken, std::size_t reports, const Grown& grown) {
    EXPECT_TRUE(grown.ann == 1 || (grown.ann == 0 && !taken));
    EXPECT_EQ(reports + grown.full, grown.ann);
  });
}

// The account of the first copy is deleted before the others were told: the report is due with one of them.
TEST_F(DeliverRefusal, TheReportOutlivesTheFirstCopysAccount) {
  bool crashed = true;
  std::size_t seen = 0;
  for (std::uint64_t batch = 1; crashed && !HasFailure(); ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    const AccountId dan = fixture_.create("dan" + std::to_string(batch) + "@example.test");
    fixture_.clock().advance(20min);
    ASSERT_TRUE(fixture_.sweep().ok());
    fixture_.engine().crash_before_batch(batch);
    (void)send({dan, full_});
    rooms_of(fixture_.store()).workers.wait_until_idle();
    crashed = fixture_.engine().crashed();
    fixture_.reopen();
    fixture_.store().set_classes(classes_);
    const bool stored = !inbox(dan).empty();
    ASSERT_TRUE(fixture_.store().accounts().remove(dan).ok());
    const std::size_t told = relay_all();
    // What had become due in the account itself went with it.
    EXPECT_LE(told, stored ? 1u : 0u);
    seen += told;
  }
  EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace telepost
