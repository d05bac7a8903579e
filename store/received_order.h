// The order of a mailbox by received time, newest first, with counts, so that a position is found and a position is told at the
// same cost anywhere in it.
//
// The R records are cut into blocks of about 256, blocks into groups of about 64; each closed block and group has a
// record named by its exclusive upper bound in the order. What is newest, the front block and the front group, is
// counted in the mailbox record, which every delivery writes anyway: a delivery writes no block record but one time in 256. A
// block is closed when the front has kBlock messages and the next one is newer than all of them, so that no
// delivery needs to read. Messages that arrive out of order (import) may fill a block to kFullBlock; then it is split.
//
// Order keys are the 16 bytes ~received ~local of schema/keys.h: the newest sorts first.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "schema/records.h"
#include "store/account_write.h"
#include "store/order_blocks.h"

namespace telepost::store {

inline constexpr std::uint32_t kBlock = 256;
inline constexpr std::uint32_t kFullBlock = 512;
inline constexpr std::uint32_t kGroup = 64;
inline constexpr std::uint32_t kFullGroup = 128;

class ReceivedOrder {
 public:
  // The mailbox record is written's own copy; both outlive this.
  ReceivedOrder(AccountWrite& write, schema::MailboxRecord& mailbox) : write_(write), mailbox_(mailbox) {}

  // True if inserting this key needs no read (it is newer than all): allowed in a write without_reads.
  static bool is_newest(const schema::MailboxRecord& mailbox, std::string_view key);

  // The R record itself is the caller's. Inserting another than the newest, and removing, need a write with_reads.
  Result<void> insert(const std::string& key);
  Result<void> remove(const std::string& key);
  Result<void> clear();  // precondition: the mailbox holds no message any more; its block records go

  // Where a position lies: `skip` records behind the first R key at or above mailbox + `from`.
  struct Place {
    std::string from;  // 16 bytes, or "" for the newest
    std::uint64_t skip;
  };
  static Result<Place> find(const PartitionReader& reader, const schema::MailboxRecord& mailbox, std::uint64_t position);
  // The position of the first key at or above `key` of its block, and that block's lower bound: count on from there.
  static Result<Place> block_of(const PartitionReader& reader, const schema::MailboxRecord& mailbox,
                                std::string_view key);

 private:
  using Entry = OrderBlocks::Entry;
  struct Holding {
    Entry group;        // the front group as an entry, too
    std::string lower;  // the upper bound of what comes before its blocks
    bool front;
  };
  Result<Holding> group_holding(std::string_view upper) const;
  void close_front_block();
  void close_front_group();
  Result<void> split_front_block();
  Result<void> split_block(const Entry& block);
  Result<void> split_front_group();
  Result<void> split_group(const Entry& group);
  Result<void> drop_empty_block(const Entry& block);
  Result<std::string> middle_key(std::string_view lower, std::string_view upper);
  Result<Entry> first_above(std::uint8_t level, std::string_view key) const;
  Result<Entry> block_holding(std::string_view key);
  Result<Entry> closed_group_holding(std::string_view key) const;
  Result<std::vector<Entry>> entries(std::uint8_t level, std::string_view above, std::string_view last) const;
  void put(std::uint8_t level, const Entry& entry);
  void erase(std::uint8_t level, std::string_view upper);
  bool in_front_block(std::string_view key) const;
  bool in_front_group(std::string_view key) const;

  AccountWrite& write_;
  schema::MailboxRecord& mailbox_;
};

}  // namespace telepost::store
