// The store of a simulation, spoken to in the model's words: accounts by their place in the list, mailboxes by path, kinds by name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"
#include "tests/simulation/model.h"
#include "tests/support/store_fixture.h"

namespace telepost::simulation {

struct Letter {  // on its way in
  Message message;
  std::vector<std::size_t> to;  // accounts
  bool is_junk = false;
  std::optional<Millis> received;  // kept from elsewhere
};

std::string source_of(const Message& message);  // with the size that it wants, or more where its header is longer

class Live {
 public:
  explicit Live(std::uint64_t seed);

  test::ManualClock& clock() { return fixture_.clock(); }
  test::MemoryEngine& engine() { return fixture_.engine(); }
  store::Store& store() { return fixture_.store(); }
  test::StoreFixture& fixture() { return fixture_; }

  void create(const std::string& address, const Account& account);
  Result<void> set_class(std::size_t who, const std::string& service);
  Result<void> set_own(std::size_t who, const ClassText& own);
  void set_classes(const std::map<std::string, ClassText>& classes);

  // One result for each recipient: its number.
  std::vector<Result<std::uint64_t>> deliver(const Letter& letter);
  Result<void> set_keyword(std::size_t who, std::uint64_t number, const std::string& keyword, bool on);
  Result<void> move(std::size_t who, std::uint64_t number, const std::string& from, const std::string& to);
  Result<void> copy(std::size_t who, std::uint64_t number, const std::string& to);
  Result<void> remove_from(std::size_t who, std::uint64_t number, const std::string& mailbox);
  Result<void> expunge(std::size_t who, std::uint64_t number);
  Result<void> restore(std::size_t who, std::uint64_t number);
  Result<void> add_hold(const Hold& hold);
  Result<void> release(const std::string& hold);
  std::set<std::string> holds();  // those that are in force, by their reasons

  Result<void> keep_time();  // as a server does by itself
  // After the engine crashed; also as a process that ends and starts again.
  void reopen();

  schema::MessageId id(std::size_t who, std::uint64_t number) const { return {accounts_[who].id, {number}}; }
  // The account as the store has it now: what is in view and what is kept, as far as readers can tell.
  Result<Account> read(std::size_t who);
  Result<std::string> source(std::size_t who, std::uint64_t number) { return store().reader().source_text(id(who, number)); }

 private:
  struct Known {
    schema::AccountId id;
    std::string address;
    std::map<std::string, schema::MailboxId> mailboxes;
  };
  Result<void> read_mailbox(std::size_t who, const store::MailboxInTree& mailbox, Account& into);
  Result<void> read_kept(std::size_t who, Account& into);
  test::StoreFixture fixture_;
  std::vector<Known> accounts_;
  schema::ClassSet classes_;
};

// What of the two differs, in words; "" where nothing does. What no reader can tell (since when a message is seen) is not compared.
std::string difference(const Account& model, const Account& store);

}  // namespace telepost::simulation
