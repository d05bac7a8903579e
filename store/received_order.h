// An order by received time, newest first, with counts, so that a position is found and a position is told at the same cost
// anywhere in it: that of a mailbox, or one of the account's index, which stand under numbers of their own (schema/keys.h).
//
// The R records are cut into blocks of about 256, blocks into groups of about 64; each closed block and group has a
// record named by its exclusive upper bound in the order. What is newest, the front block and the front group, is
// counted in the mailbox's record, which every delivery writes anyway: a delivery writes no block record but one time in 256. A
// block is closed when the front has kBlock messages and the next one is newer than all of them, so that no
// delivery needs to read. Messages that arrive out of order (import) may fill a block to kFullBlock; then it is split.
//
// Order keys are the 16 bytes ~received ~local of schema/keys.h: the newest sorts first.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  // The front is the caller's to write; it outlives this.
  ReceivedOrder(AccountWrite& write, schema::MailboxId order, schema::OrderFront& front) : write_(write), order_(order), front_(front) {}

  // True if inserting this key needs no read (it is newer than all): allowed in a write without_reads.
  static bool is_newest(const schema::OrderFront& front, std::string_view key) { return front.newest.empty() || key < front.newest; }

  // The R record itself is the caller's. Inserting another than the newest, and removing, need a mode with reads.
  Result<void> insert(const std::string& key);
  Result<void> remove(const std::string& key);
  Result<void> clear();  // precondition: the order holds no message any more; its block records go

  // An order as it stands in a partition. Both outlive it.
  class View {
   public:
    View(const PartitionReader& reader, schema::MailboxId order, const schema::OrderFront& front)
        : reader_(reader), order_(order), front_(front) {}
    // visit(order key, value of the R record) from the position-th on, until it gives false or the order ends.
    using Visit = std::function<bool(std::string_view key, std::string_view value)>;
    Result<void> list(std::uint64_t position, const Visit& visit) const;
    Result<void> list_from(std::string_view key, const Visit& visit) const;  // from the first key at or above this
    Result<std::optional<std::uint64_t>> position_of(std::string_view key) const;  // none: it is not in the order

    // Where a position lies: `skip` records behind the first key at or above `from`; "" for the newest.
    struct Place {
      std::string from;
      std::uint64_t skip;
    };
    Result<Place> find(std::uint64_t position) const;
    Result<Place> block_of(std::string_view key) const;  // of the block that covers it: its begin, and its position

   private:
    const PartitionReader& reader_;
    const schema::MailboxId order_;
    const schema::OrderFront& front_;
  };

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
  const schema::MailboxId order_;
  schema::OrderFront& front_;
};

}  // namespace telepost::store
