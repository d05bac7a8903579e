// A message with several recipients and one answer: whatever moment a crash takes, a sweep gives each recipient exactly one copy,
// or nobody has one and the sender, who was told nothing, tries again.
#include <gtest/gtest.h>

#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using store::Delivered;
using store::Incoming;
using test::incoming_for;
using test::sources_of;
using test::StoreFixture;
using Reply = Incoming::Reply;
using Sources = std::vector<std::string>;

// One message to many accounts, and the store that it goes to.
struct Letter {
  explicit Letter(std::size_t recipients, std::string delivery_key, std::string content)
      : key(std::move(delivery_key)), text(std::move(content)) {
    for (std::size_t i = 0; i < recipients; ++i) accounts.push_back(fixture.create("user" + std::to_string(i) + "@example.test"));
    fixture.clock().advance(20min);
    EXPECT_TRUE(fixture.sweep().ok());
  }
  // Whether every recipient was acknowledged.
  bool send(Reply reply = Reply::one_for_all) {
    bool all = true;
    for (const auto& delivered : fixture.deliver(incoming_for(fixture.store(), accounts, reply, key), text)) all = all && delivered.ok();
    return all;
  }
  // What a crash left in the calendar is done once all its times have passed.
  void let_time_pass() {
    for (const Duration step : {Duration(2min), Duration(16min), Duration(61min), Duration(1min)}) {
      fixture.clock().advance(step);
      const auto swept = fixture.sweep();
      ASSERT_TRUE(swept.ok());
      EXPECT_EQ(swept->total().failed, 0u);
    }
  }
  std::vector<std::size_t> copies() {
    std::vector<std::size_t> counts;
    for (const AccountId account : accounts) {
      const Sources sources = sources_of(fixture.store(), account);
      for (const std::string& source : sources) EXPECT_TRUE(source == text);
      counts.push_back(sources.size());
    }
    return counts;
  }
  std::vector<std::size_t> each(std::size_t count) const { return std::vector<std::size_t>(accounts.size(), count); }

  StoreFixture fixture;
  const std::string key;
  const std::string text;
  std::vector<AccountId> accounts;
};

// Crashes before each batch of one sending. `after` acts on what is there after the crash and the opening.
template <typename After>
void crash_everywhere(std::size_t recipients, const std::string& key, const std::string& text, std::uint64_t step, After after) {
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed; batch += step) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    Letter letter(recipients, key, text);
    letter.fixture.engine().crash_before_batch(batch);
    const bool acknowledged = letter.send();
    crashed = letter.fixture.engine().crashed();
    EXPECT_TRUE(acknowledged || crashed);
    letter.fixture.reopen();
    EXPECT_TRUE(letter.fixture.verify_clean());
    after(letter, acknowledged);
    if (testing::Test::HasFailure()) return;
    EXPECT_TRUE(letter.fixture.verify_spotless());
    EXPECT_TRUE(letter.fixture.empties_to_nothing());
  }
}

void expect_one_or_none(Letter& letter, bool acknowledged) {
  letter.let_time_pass();
  const auto copies = letter.copies();
  EXPECT_TRUE(copies == letter.each(1) || (!acknowledged && copies == letter.each(0))) << testing::PrintToString(copies);
}

TEST(DeliverToMany, ACrashLeavesEachRecipientOneCopyOrNobody) {
  crash_everywhere(3, "", test::mail("one"), 1, expect_one_or_none);
}

TEST(DeliverToMany, ACrashLeavesEachRecipientOneCopyOfALargeMessageOrNobody) {
  crash_everywhere(3, "", test::mail_with("one", {test::random_lines(1, 40'000)}), 1, expect_one_or_none);
}

TEST(DeliverToMany, WithFiftyRecipientsToo) { crash_everywhere(50, "key", test::mail("one"), 7, expect_one_or_none); }

// Small parts, all of them inline as far as the store allows, to more accounts than are held in memory at once.
std::string bulky() { return test::mail_with("bulky", std::vector<std::string>(40, test::random_lines(1, 25'000))); }

TEST(DeliverToMany, MoreThanMemoryShouldHoldGoesInSeveralCommits) {
  Letter letter(700, "", bulky());
  const std::uint64_t before = letter.fixture.engine().operations().commits;
  EXPECT_TRUE(letter.send());
  EXPECT_GE(letter.fixture.engine().operations().commits - before, 3u);
  EXPECT_EQ(letter.copies(), letter.each(1));
  EXPECT_TRUE(letter.fixture.verify_clean());
}

TEST(DeliverToMany, ACrashBetweenTheCommitsOfABulkyMessageLeavesOneCopyOrNobody) {
  crash_everywhere(300, "", bulky(), 300, expect_one_or_none);
}

TEST(DeliverToMany, AFailureAfterTheFirstCommitIsNoRefusal) {
  for (std::uint64_t operation = 300; !testing::Test::HasFailure(); operation += 400) {
    Letter letter(300, "", bulky());
    letter.fixture.engine().fail_operation(operation, Errc::io);
    const bool acknowledged = letter.send();
    const bool failed = letter.fixture.engine().operation_number() >= operation;
    letter.fixture.reopen();
    expect_one_or_none(letter, acknowledged);
    if (!failed) break;
  }
}

TEST(DeliverToMany, AResendWithTheKeyNeverDoubles) {
  crash_everywhere(3, "key", test::mail("one"), 1, [](Letter& letter, bool) {
    EXPECT_TRUE(letter.send());
    EXPECT_EQ(letter.copies(), letter.each(1));
    letter.let_time_pass();
    EXPECT_EQ(letter.copies(), letter.each(1));
  });
}

TEST(DeliverToMany, AResendAfterTheIntentsWereServedNeverDoubles) {
  crash_everywhere(3, "key", test::mail_with("one", {test::random_lines(1, 40'000)}), 1, [](Letter& letter, bool) {
    letter.let_time_pass();
    EXPECT_TRUE(letter.send());
    letter.let_time_pass();
    EXPECT_EQ(letter.copies(), letter.each(1));
  });
}

TEST(DeliverToMany, AResendToFiftyAfterACrashBetweenFirstAndLastNeverDoubles) {
  crash_everywhere(50, "key", test::mail("one"), 9, [](Letter& letter, bool) {
    EXPECT_TRUE(letter.send());
    letter.let_time_pass();
    EXPECT_EQ(letter.copies(), letter.each(1));
  });
}

TEST(DeliverToMany, AResendMayCrashTooAndThenBeAnsweredOneByOne) {
  for (std::uint64_t second = 1; second < 12; ++second) {
    SCOPED_TRACE("the resend crashes before batch " + std::to_string(second));
    crash_everywhere(3, "key", test::mail("one"), 1, [&](Letter& letter, bool) {
      letter.fixture.engine().crash_before_batch(second);
      letter.send();
      letter.fixture.reopen();
      EXPECT_TRUE(letter.fixture.verify_clean());
      letter.let_time_pass();
      EXPECT_TRUE(letter.send(Reply::one_for_each));
      EXPECT_EQ(letter.copies(), letter.each(1));
    });
    if (HasFailure()) return;
  }
}

TEST(DeliverToMany, AFailedCommitIsNoAcknowledgementAndLosesNothing) {
  for (std::uint64_t operation = 1;; ++operation) {
    SCOPED_TRACE("operation " + std::to_string(operation) + " fails");
    Letter letter(3, "key", test::mail("one"));
    letter.fixture.engine().fail_operation(operation, Errc::io);
    const bool acknowledged = letter.send();
    const bool failed = letter.fixture.engine().operation_number() >= operation;
    letter.fixture.reopen();
    letter.let_time_pass();
    const auto copies = letter.copies();
    for (std::size_t i = 0; i < copies.size(); ++i) EXPECT_LE(copies[i], 1u);
    EXPECT_TRUE(!acknowledged || copies == letter.each(1));
    EXPECT_TRUE(letter.send());
    EXPECT_EQ(letter.copies(), letter.each(1));
    EXPECT_TRUE(letter.fixture.verify_clean());
    if (!failed || HasFailure()) break;
  }
}

TEST(DeliverToMany, WhatARecipientDeletedMeanwhileDoesNotComeBack) {
  crash_everywhere(3, "", test::mail("one"), 1, [](Letter& letter, bool) {
    std::vector<std::size_t> expected;
    for (const AccountId account : letter.accounts) {
      const auto page = letter.fixture.store().reader().list_by_uid(account, store::kInbox, {1}, {~0u}, 10);
      ASSERT_TRUE(page.ok());
      for (const store::Listed& listed : page->messages) {
        ASSERT_TRUE(letter.fixture.store().changer().expunge({account, listed.summary.local}).ok());
      }
      expected.push_back(page->messages.empty() ? 1 : 0);
    }
    letter.let_time_pass();
    // With the first copy the intents went, and the sender was never answered: who had none may have none.
    const auto copies = letter.copies();
    for (std::size_t i = 0; i < copies.size(); ++i) EXPECT_LE(copies[i], expected[i]);
  });
}

TEST(DeliverToMany, AnIntentThatPolicyRefusesIsDone) {
  crash_everywhere(3, "", test::mail("one"), 1, [](Letter& letter, bool) {
    std::vector<AccountId> shut;
    for (const AccountId account : letter.accounts) {
      if (!sources_of(letter.fixture.store(), account).empty()) continue;
      ASSERT_TRUE(letter.fixture.store().accounts().set_state(account, schema::AccountState::closed).ok());
      shut.push_back(account);
    }
    letter.let_time_pass();
    for (const AccountId account : shut) EXPECT_TRUE(sources_of(letter.fixture.store(), account).empty());
  });
}

TEST(DeliverToMany, LmtpCopiesAreEachThereOrNotAndNeverHalf) {
  bool crashed = true;
  for (std::uint64_t batch = 1; crashed; ++batch) {
    SCOPED_TRACE("crash before batch " + std::to_string(batch));
    Letter letter(4, "key", test::mail_with("one", {test::random_lines(1, 40'000), "small"}));
    letter.fixture.engine().crash_before_batch(batch);
    const auto results = letter.fixture.deliver(incoming_for(letter.fixture.store(), letter.accounts, Reply::one_for_each, "key"), letter.text);
    crashed = letter.fixture.engine().crashed();
    letter.fixture.reopen();
    EXPECT_TRUE(letter.fixture.verify_clean());
    const auto copies = letter.copies();
    for (std::size_t i = 0; i < copies.size(); ++i) EXPECT_TRUE(copies[i] == 1 || (copies[i] == 0 && !results[i].ok()));
    EXPECT_TRUE(letter.send(Reply::one_for_each));
    EXPECT_EQ(letter.copies(), letter.each(1));
    letter.let_time_pass();
    EXPECT_TRUE(letter.fixture.verify_spotless());
    EXPECT_TRUE(letter.fixture.empties_to_nothing());
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace telepost
