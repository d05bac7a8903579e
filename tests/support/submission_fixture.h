// A store with two accounts, and mail that one of them hands in, claims and tells of, as its adapter and its senders do.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "store/outbox.h"
#include "store/rooms.h"
#include "store/submission.h"
#include "tests/support/outgoing_mail.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost::test {

inline const std::string kText = "From: Ann <ann@example.test>\r\nMessage-ID: <1@example.test>\r\nSubject: hello\r\n\r\nbody\r\n";

inline store::MailOutcome outcome_of(schema::SendState state, const std::string& reply) {
  store::MailOutcome outcome;
  outcome.state = state;
  outcome.reply = reply;
  outcome.remote = "mx.example.net";
  return outcome;
}

class SubmissionTest : public testing::Test {
 protected:
  void SetUp() override {
    ann_ = fixture_.create("ann@example.test");
    bob_ = fixture_.create("bob@example.test");
    fixture_.clock().advance(std::chrono::minutes(20));
    ASSERT_TRUE(fixture_.sweep().ok());
  }
  void TearDown() override {
    rooms_of(fixture_.store()).workers.wait_until_idle();
    EXPECT_TRUE(fixture_.verify_clean());
  }

  store::Submission& submission() { return fixture_.store().submission(); }
  store::HandedIn mail(const std::vector<std::string>& to) {
    store::HandedIn mail;
    mail.account = ann_;
    mail.from = "mailto:ann@example.test";
    mail.origin.network = "submission";
    mail.origin.trace = "t1";
    mail.trace_block = "Return-Path: <ann@example.test>\r\nReceived: by mx.example.test id t1; Fri, 20 Nov 2026 16:25:30 +0000\r\n";
    for (const std::string& address : to) {
      store::HandedIn::To& one = mail.to.emplace_back();
      one.address = address;
      if (address.ends_with("@example.test")) one.local = *fixture_.resolve(address);
    }
    return mail;
  }
  Result<schema::MessageId> try_hand_in(store::HandedIn mail, const std::string& text = kText) {
    const auto intake = submission().begin(std::move(mail));
    intake->write(text);
    const auto all = store::wait_for<std::vector<Result<store::Delivered>>>([&](auto done) { intake->finish(std::move(done)); });
    TELEPOST_ASSIGN(const store::Delivered delivered, (*all)[0]);
    return delivered.id;
  }
  schema::MessageId hand_in(store::HandedIn mail, const std::string& text = kText) {
    const auto id = try_hand_in(std::move(mail), text);
    EXPECT_TRUE(id.ok()) << to_string(id.error());
    rooms_of(fixture_.store()).workers.wait_until_idle();
    return id.ok() ? *id : schema::MessageId{};
  }
  std::vector<store::MailToSend> claim(std::size_t limit = 16) { return test::claim(fixture_.store(), limit); }
  Result<void> tell(const store::MailToSend& sent, std::vector<store::MailOutcome> outcomes) {
    return test::tell(fixture_.store(), sent, std::move(outcomes));
  }
  std::vector<std::string> keywords(schema::MessageId id) { return fixture_.store().reader().summary(id)->summary.keywords; }
  std::vector<std::string> inbox(schema::AccountId account) { return texts_in_inbox(fixture_.store(), account); }
  std::size_t jobs() {
    std::size_t count = 0;
    EXPECT_TRUE(fixture_.store().outbox().list({}, 0, 100, [&](const store::Job&) { return ++count > 0; }).ok());
    return count;
  }
  std::size_t cdrs(schema::AccountId account) { return fixture_.store().accounts().show(account)->head.cdr_sequence; }

  StoreFixture fixture_;
  schema::AccountId ann_, bob_;
};

}  // namespace telepost::test
