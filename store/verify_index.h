// The account's index against the messages: each that it has read of lies in its thread and in the orders where it belongs, nothing
// else does, and the counts are those. What the messages say is summed up by passes over their own records (store/verify_account.h).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "schema/index_records.h"
#include "store/verify_account.h"

namespace telepost::store {

class IndexVerification {
 public:
  // All outlive it; locals as numbers.
  struct Facts {
    const schema::HeadRecord& head;
    const std::deque<AccountVerification::Known>& messages;  // by local number
    const std::unordered_set<std::uint64_t>& unplaced;       // those that are gone for readers
    const std::unordered_set<std::uint64_t>& untold;         // gone by tombstones that the index has yet to read
    const std::unordered_set<std::uint64_t>& explained;      // damaged, which was told already
  };
  IndexVerification(VerifyScope& scope, const schema::Partition& partition, const PartitionReader& snapshot, const Facts& facts)
      : scope_(scope), partition_(partition), snapshot_(snapshot), facts_(facts), entries_(facts.messages.size()) {}
  Result<void> run();

 private:
  using Known = AccountVerification::Known;
  struct Entry {
    schema::ThreadId thread{};
    bool live = false;
    bool met = false;  // as a member of it
  };
  // Sums of hashes, so that what is met in one order compares with what is met in another.
  struct Sum {
    std::uint64_t count = 0, hashes = 0;
    void add(std::uint64_t hash) { ++count, hashes += hash; }
    bool operator==(const Sum&) const = default;
  };
  struct Expected {
    Sum entries;
    std::uint64_t unread = 0;
  };
  using Visit = std::function<Result<void>(std::string_view key, std::string_view value)>;
  Result<void> scan(Space space, char letter, std::size_t key_size, const Visit& visit);
  void damage(std::string_view key, std::string what) { scope_.damage("index", partition_, key, std::move(what)); }
  Entry* entry(schema::LocalId local);
  const Known& known(const Entry& entry) const { return facts_.messages[static_cast<std::size_t>(&entry - entries_.data())]; }

  void read_message(std::string_view key, std::string_view value);
  void read_thread(std::string_view key, std::string_view value);
  void compare_member(std::string_view key, schema::ThreadId id, const schema::ThreadRecord::Member& member);
  void compare_messages();
  Result<void> verify_ties();
  Result<void> verify_log();
  Result<void> verify_orders();
  Result<bool> is_recounting();
  Result<void> verify_order(schema::MailboxId order, const Expected& expected, const schema::OrderRecord* record, bool recounting);

  VerifyScope& scope_;
  const schema::Partition& partition_;
  const PartitionReader& snapshot_;
  const Facts facts_;
  std::vector<Entry> entries_;                          // of each message
  std::map<std::uint64_t, schema::ThreadId> vanished_;  // messages that are untold, and have no record any more
  std::unordered_set<std::uint64_t> threads_;
  std::unordered_set<std::uint64_t> partners_;          // hash of a thread and its partner
  Sum ids_, log_;                                       // as the threads tell
  std::map<schema::MailboxId, Expected> orders_;
  std::uint64_t in_orders_ = 0;
};

}  // namespace telepost::store
