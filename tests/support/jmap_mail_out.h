// An account of JMAP's beside another one, and what leaves it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/jmap_mail.h"
#include "tests/support/outgoing_mail.h"

namespace telepost::test {

class JmapMailOut : public JmapMail {
 protected:
  JmapMailOut() {
    fixture_.clock().advance(std::chrono::minutes(20));
    EXPECT_TRUE(fixture_.sweep().ok());
  }
  ~JmapMailOut() override { rooms_of(store()).workers.wait_until_idle(); }

  std::vector<store::MailToSend> claim() { return test::claim(store()); }
  void tell(const store::MailToSend& sent, schema::SendState state, const std::string& reply) { test::tell(store(), sent, state, reply); }
  std::string text_of(const store::MailToSend& sent) { return test::text_of(store(), sent); }
  std::vector<std::string> inbox(schema::AccountId account) { return texts_in_inbox(store(), account); }

  const schema::AccountId bob_ = fixture_.create("mailto:bob@example.test");
};

}  // namespace telepost::test
