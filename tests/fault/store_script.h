// A scripted life of a store, and a model of what it acknowledged: whatever failed, what was told to be done is there, nothing is
// torn, and what was not told is there as a whole or not at all.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost::test {

class StoreScript {
 public:
  explicit StoreScript(StoreFixture& fixture) : fixture_(fixture) {}

  // Deliveries to several accounts, one answer for many, large parts, flags, moves, copies, expunges, creation and deletion of
  // accounts, sweeps, an export. Goes on after a failure, as adapters do.
  void run();
  // The store has been opened again or recovered: compares it with what was acknowledged.
  void check();
  // As the senders of what was not acknowledged would.
  void send_again();

 private:
  // A message by its key. What is not settled (a verb failed on the way) may be as before or as after it.
  struct Expected {
    std::string text;
    std::string account;
    std::optional<schema::MessageId> id;  // none: not acknowledged
    bool deleted = false, deletion_tried = false;
    std::optional<bool> seen = false;       // none: not settled
    std::optional<std::string> mailbox = "INBOX";
  };
  struct Letter {
    std::vector<std::string> to;
    std::string text;
    store::Incoming::Reply reply;
    bool acknowledged = false;
  };

  void send(const std::string& key, const std::vector<std::string>& to, const std::string& text,
            store::Incoming::Reply reply = store::Incoming::Reply::one_for_each);
  void transmit(const std::string& key, Letter& letter);
  void flag(const std::string& name);
  void move(const std::string& name, const std::string& mailbox);
  void expunge(const std::string& name);
  void remove_account(const std::string& address);
  void pass(Duration time);
  void export_cdrs();
  void check_message(const std::string& name, const Expected& expected);
  void check_copies();
  std::optional<schema::AccountId> account(const std::string& address);

  StoreFixture& fixture_;
  std::map<std::string, Letter> letters_;     // by delivery key
  std::map<std::string, Expected> messages_;  // by delivery key and address
  std::set<std::string> removed_;             // addresses whose account was removed, or was to be
  std::string cdr_cursor_;
  std::multiset<std::uint64_t> cdrs_;         // local numbers of exported deliveries
};

}  // namespace telepost::test
