// What senders of mail do with a store: claim what waits, read it, and tell what became of it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/completion.h"
#include "store/outbox.h"
#include "store/rooms.h"
#include "store/store.h"
#include "store/submission.h"

namespace telepost::test {

inline std::vector<store::MailToSend> claim(store::Store& store, std::size_t limit = 16) {
  store::Outbox::Claim wanted;
  wanted.limit = limit;
  wanted.owner = "test";
  auto given = store.submission().claim(wanted);
  EXPECT_TRUE(given.ok()) << to_string(given.error());
  rooms_of(store).workers.wait_until_idle();
  return given.ok() ? std::move(*given) : std::vector<store::MailToSend>();
}

inline Result<void> tell(store::Store& store, const store::MailToSend& sent, std::vector<store::MailOutcome> outcomes) {
  return store::wait_for<void>([&](auto done) { store.submission().outcome(sent.job, std::move(outcomes), std::move(done)); });
}

// The same of all its recipients.
inline void tell(store::Store& store, const store::MailToSend& sent, schema::SendState state, const std::string& reply) {
  std::vector<store::MailOutcome> outcomes(sent.mail.to.size());
  for (store::MailOutcome& outcome : outcomes) {
    outcome.state = state;
    outcome.reply = reply;
  }
  EXPECT_TRUE(tell(store, sent, std::move(outcomes)).ok());
}

inline std::string text_of(store::Store& store, const store::MailToSend& sent) {
  std::string text = sent.mail.header;
  const schema::MessageId id{sent.job.record.account, sent.job.record.message};
  EXPECT_TRUE(store.reader().source(id, sent.mail.content_offset, sent.mail.content_size, {}, [&](std::string_view piece) {
    text += piece;
    return true;
  }).ok());
  return text;
}

inline std::vector<std::string> texts_in_inbox(store::Store& store, schema::AccountId account) {
  std::vector<std::string> texts;
  const auto page = store.reader().list_by_uid(account, schema::MailboxId{1}, {1}, {100'000}, 1000);
  for (const store::Listed& listed : page->messages) texts.push_back(*store.reader().source_text({account, listed.summary.local}));
  return texts;
}

}  // namespace telepost::test
