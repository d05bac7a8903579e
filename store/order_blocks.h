// What one batch has read of a mailbox's order by received time (store/received_order.h): the closed blocks of one group. A batch that
// takes many messages out of the order one beside the other reads their group once, not each one's block; one that takes out a single
// message reads that block alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/records.h"

namespace telepost::store {

class OrderBlocks {
 public:
  struct Entry {
    std::string upper;  // exclusive
    schema::BlockRecord record;
  };
  // Told of each block that had to be read alone. True where it is the one of the time before: then its group is worth being read. What goes
  // from all over a large mailbox hardly meets a group twice.
  bool is_met_again(const std::string& upper) { return std::exchange(met_, upper) == upper; }
  // All blocks of a group, in their order; `lower` is where the first one begins. Group: none where it is the front group.
  void keep(std::string lower, std::vector<Entry> blocks, std::optional<Entry> group) {
    lower_ = std::move(lower);
    blocks_ = std::move(blocks);
    group_ = std::move(group);
  }

  // The block that a key lies in, or its closed group. nullptr: not known here.
  const Entry* block_of(std::string_view key) const {
    if (key < lower_) return nullptr;
    const auto block = first_above(key);
    return block == blocks_.end() ? nullptr : &*block;
  }
  const Entry* group_of(std::string_view key) const { return group_ && block_of(key) != nullptr ? &*group_ : nullptr; }

  // What is written. Another count changes the entry; a new bound, or one that is gone, changes what lies in which block.
  void put(std::uint8_t level, const Entry& entry) {
    Entry* const known = level == 0 ? block_at(entry.upper) : group_ && group_->upper == entry.upper ? &*group_ : nullptr;
    if (known != nullptr) known->record = entry.record;
    else forget();
  }
  void forget() { blocks_.clear(), group_.reset(); }

 private:
  std::vector<Entry>::const_iterator first_above(std::string_view key) const {
    return std::upper_bound(blocks_.begin(), blocks_.end(), key, [](std::string_view one, const Entry& entry) { return one < entry.upper; });
  }
  Entry* block_at(std::string_view upper) {
    for (Entry& block : blocks_) {
      if (block.upper == upper) return &block;
    }
    return nullptr;
  }

  std::string met_;  // upper of the block that was read alone last
  std::string lower_;
  std::vector<Entry> blocks_;
  std::optional<Entry> group_;
};

}  // namespace telepost::store
