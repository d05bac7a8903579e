// An account whose index of threads and orders is read on, by whoever a test lets read.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "schema/records.h"
#include "store/mail_view.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost::test {

class AccountIndexFixture : public testing::Test {
 protected:
  void SetUp() override { ann_ = fixture_.create("ann@example.test"); }
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }

  schema::LocalId deliver(const std::string& header, std::optional<Time> received = {}) {
    fixture_.clock().advance(std::chrono::seconds(1));
    store::Incoming incoming = incoming_for(fixture_.store(), {ann_});
    incoming.origin.identity = "trunk";
    incoming.received = received;
    const auto delivered = fixture_.deliver(std::move(incoming), header + "\r\n\r\nx\r\n")[0];
    EXPECT_TRUE(delivered.ok()) << to_string(delivered.error());
    return delivered.ok() ? delivered->id.local : schema::LocalId{};
  }
  schema::LocalId mail(const std::string& own, const std::string& more = "") {
    return deliver("From: bob@example.net\r\nMessage-ID: <" + own + ">" + (more.empty() ? "" : "\r\n" + more));
  }
  schema::LocalId text_from(const std::string& caller, const std::string& kind = "sms") {
    return deliver("Telepost-Kind: " + kind + "\r\nTelepost-Caller: " + caller);
  }
  store::MailView view() {
    auto opened = fixture_.store().view(ann_);
    EXPECT_TRUE(opened.ok()) << to_string(opened.error());
    return std::move(*opened);
  }
  schema::ThreadId thread_of(schema::LocalId message) { return view().threads_of({message})->at(0).value_or(schema::ThreadId{}); }
  std::vector<schema::LocalId> messages_with(schema::LocalId message) { return *view().messages_of({thread_of(message)})->at(0); }
  std::uint64_t tail() {
    const schema::HeadRecord head = fixture_.store().accounts().show(ann_)->head;
    return head.modseq.value - head.indexed.value;
  }
  schema::HeadRecord head() { return fixture_.store().accounts().show(ann_)->head; }

  StoreFixture fixture_;
  schema::AccountId ann_;
};

}  // namespace telepost::test
