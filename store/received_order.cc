#include "store/received_order.h"

#include "base/assert.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

// Sorts behind every key: the upper bound of the oldest block and group.
const std::string kEnd(16, '\xff');

std::string bound(std::string_view stored) { return stored.empty() ? kEnd : std::string(stored); }

// The record key just behind the one of `upper`: uppers are exclusive, so a key equal to one lies above it.
std::string above(schema::MailboxId order, std::uint8_t level, std::string_view upper) {
  return keys::block(order, level, upper) + '\0';
}

std::string level_end(schema::MailboxId order, std::uint8_t level) {
  return keys::after(keys::block(order, level, {}));
}

std::string_view upper_of(std::string_view record_key) { return record_key.substr(6); }

}  // namespace

bool ReceivedOrder::in_front_block(std::string_view key) const {
  return front_.block_upper.empty() || key < front_.block_upper;
}
bool ReceivedOrder::in_front_group(std::string_view key) const {
  return front_.group_upper.empty() || key < front_.group_upper;
}

void ReceivedOrder::put(std::uint8_t level, const Entry& entry) {
  write_.put_once(Space::scan, keys::block(order_, level, entry.upper), schema::encode(entry.record));
  write_.order_blocks(order_).put(level, entry);
}
void ReceivedOrder::erase(std::uint8_t level, std::string_view upper) {
  write_.erase(Space::scan, keys::block(order_, level, upper));
  write_.order_blocks(order_).forget();
}

Result<ReceivedOrder::Entry> ReceivedOrder::first_above(std::uint8_t level, std::string_view key) const {
  TELEPOST_ASSIGN(const auto found, write_.scan(Space::scan, above(order_, level, key),
                                                level_end(order_, level), 1));
  if (found.empty()) return {Errc::corrupt, "the order by received time has no block for a message"};
  TELEPOST_ASSIGN(const auto record, schema::decode_BlockRecord(found[0].second));
  return Entry{std::string(upper_of(found[0].first)), record};
}

Result<ReceivedOrder::Entry> ReceivedOrder::block_holding(std::string_view key) {
  OrderBlocks& read = write_.order_blocks(order_);
  if (const Entry* const known = read.block_of(key)) return *known;
  TELEPOST_ASSIGN(const Entry block, first_above(0, key));
  if (!read.is_met_again(block.upper)) return block;
  TELEPOST_ASSIGN(Holding holding, group_holding(block.upper));
  TELEPOST_ASSIGN(auto blocks, entries(0, holding.lower, holding.group.upper));
  read.keep(std::move(holding.lower), std::move(blocks), holding.front ? std::nullopt : std::optional(std::move(holding.group)));
  return block;
}

Result<ReceivedOrder::Entry> ReceivedOrder::closed_group_holding(std::string_view key) const {
  const Entry* const known = write_.order_blocks(order_).group_of(key);
  return known != nullptr ? Result<Entry>(*known) : first_above(1, key);
}

// Entries with upper in (above, last].
Result<std::vector<ReceivedOrder::Entry>> ReceivedOrder::entries(std::uint8_t level, std::string_view above_key,
                                                                 std::string_view last) const {
  TELEPOST_ASSIGN(const auto found, write_.scan(Space::scan, above(order_, level, above_key),
                                                above(order_, level, last), 4 * kFullGroup));
  std::vector<Entry> list;
  for (const auto& [key, value] : found) {
    TELEPOST_ASSIGN(const auto record, schema::decode_BlockRecord(value));
    list.push_back({std::string(upper_of(key)), record});
  }
  return list;
}

Result<void> ReceivedOrder::insert(const std::string& key) {
  const bool newest = is_newest(front_, key);
  if (newest && front_.block_messages >= kBlock) close_front_block();
  if (in_front_block(key)) {
    if (newest || front_.newest.empty() || key < front_.newest) front_.newest = key;
    ++front_.block_messages;
    ++front_.group_messages;
    if (front_.block_messages >= kFullBlock) return split_front_block();
    return {};
  }
  TELEPOST_ASSIGN(Entry block, first_above(0, key));
  ++block.record.messages;
  put(0, block);
  if (in_front_group(key)) {
    ++front_.group_messages;
  } else {
    TELEPOST_ASSIGN(Entry group, first_above(1, key));
    ++group.record.messages;
    put(1, group);
  }
  if (block.record.messages >= kFullBlock) return split_block(block);
  return {};
}

// What the front block holds becomes a closed block; its newest key is the bound, since the next message is newer.
void ReceivedOrder::close_front_block() {
  put(0, {bound(front_.block_upper), {front_.block_messages, 0}});
  front_.block_upper = front_.newest;
  front_.block_messages = 0;
  ++front_.group_blocks;
  if (front_.group_blocks >= kGroup) close_front_group();
}

void ReceivedOrder::close_front_group() {
  put(1, {bound(front_.group_upper), {front_.group_messages, front_.group_blocks}});
  front_.group_upper = front_.block_upper;
  front_.group_messages = 0;
  front_.group_blocks = 0;
}

// The key of the kBlock-th message from `lower` on: messages before it stay in the newer half.
Result<std::string> ReceivedOrder::middle_key(std::string_view lower, std::string_view upper) {
  const std::string prefix = keys::received_order(order_);
  TELEPOST_ASSIGN(const auto records, write_.scan(Space::scan, prefix + std::string(lower),
                                                  prefix + std::string(upper), kBlock + 1));
  if (records.size() <= kBlock) return {Errc::corrupt, "a block of the order by received time counts more than it holds"};
  return records[kBlock].first.substr(keys::kReceivedOrderOffset);
}

Result<void> ReceivedOrder::split_front_block() {
  TELEPOST_ASSIGN(const std::string middle, middle_key({}, bound(front_.block_upper)));
  put(0, {bound(front_.block_upper), {front_.block_messages - kBlock, 0}});
  front_.block_upper = middle;
  front_.block_messages = kBlock;
  ++front_.group_blocks;
  if (front_.group_blocks >= kFullGroup) return split_front_group();
  return {};
}

// The group that a block lies in, by the block's upper bound, and where the group begins. A scan backwards would find the
// block before; forwards, the group's blocks tell it.
Result<ReceivedOrder::Holding> ReceivedOrder::group_holding(std::string_view upper) const {
  const std::string front_upper = bound(front_.group_upper);
  if (upper <= front_upper) {
    return Holding{{front_upper, {front_.group_messages, front_.group_blocks}}, bound(front_.block_upper), true};
  }
  TELEPOST_ASSIGN(const auto groups, entries(1, {}, kEnd));
  Holding holding{{}, front_upper, false};
  for (const Entry& candidate : groups) {
    holding.group = candidate;
    if (candidate.upper >= upper) break;
    holding.lower = candidate.upper;
  }
  return holding;
}

Result<void> ReceivedOrder::split_block(const Entry& block) {
  TELEPOST_ASSIGN(Holding holding, group_holding(block.upper));
  TELEPOST_ASSIGN(const auto blocks, entries(0, holding.lower, holding.group.upper));
  std::string lower = holding.lower;
  for (const Entry& candidate : blocks) {
    if (candidate.upper >= block.upper) break;
    lower = candidate.upper;
  }
  TELEPOST_ASSIGN(const std::string middle, middle_key(lower, block.upper));
  put(0, {middle, {kBlock, 0}});
  put(0, {block.upper, {block.record.messages - kBlock, 0}});
  if (holding.front) {
    ++front_.group_blocks;
    if (front_.group_blocks >= kFullGroup) return split_front_group();
    return {};
  }
  ++holding.group.record.blocks;
  put(1, holding.group);
  if (holding.group.record.blocks >= kFullGroup) return split_group(holding.group);
  return {};
}

// The older half of the front group's blocks becomes a closed group.
Result<void> ReceivedOrder::split_front_group() {
  TELEPOST_ASSIGN(const auto blocks, entries(0, bound(front_.block_upper), bound(front_.group_upper)));
  std::uint32_t messages = 0;
  for (std::size_t i = kGroup; i < blocks.size(); ++i) messages += blocks[i].record.messages;
  put(1, {bound(front_.group_upper), {messages, static_cast<std::uint32_t>(blocks.size()) - kGroup}});
  front_.group_upper = blocks[kGroup - 1].upper;
  front_.group_messages -= messages;
  front_.group_blocks = kGroup;
  return {};
}

Result<void> ReceivedOrder::split_group(const Entry& group) {
  TELEPOST_ASSIGN(const Holding holding, group_holding(group.upper));
  TELEPOST_ASSIGN(const auto blocks, entries(0, holding.lower, group.upper));
  std::uint32_t newer = 0;
  for (std::size_t i = 0; i < kGroup; ++i) newer += blocks[i].record.messages;
  put(1, {blocks[kGroup - 1].upper, {newer, kGroup}});
  put(1, {group.upper, {group.record.messages - newer, group.record.blocks - kGroup}});
  return {};
}

Result<void> ReceivedOrder::remove(const std::string& key) {
  if (in_front_block(key)) {
    --front_.block_messages;
    --front_.group_messages;
    return {};
  }
  TELEPOST_ASSIGN(Entry block, block_holding(key));
  --block.record.messages;
  put(0, block);
  if (in_front_group(key)) {
    --front_.group_messages;
  } else {
    TELEPOST_ASSIGN(Entry group, closed_group_holding(key));
    --group.record.messages;
    put(1, group);
  }
  return block.record.messages == 0 ? drop_empty_block(block) : Result<void>();
}

// An empty block's range falls to the block behind it. The last block of a group must keep its bound, which is the
// group's: there the block before it takes the bound over, and a group that has no other block goes with it. The oldest
// group may stay with one empty block: it is the end of the order.
Result<void> ReceivedOrder::drop_empty_block(const Entry& block) {
  TELEPOST_ASSIGN(Holding holding, group_holding(block.upper));
  Entry& group = holding.group;
  if (block.upper == group.upper) {
    TELEPOST_ASSIGN(const auto blocks, entries(0, holding.lower, group.upper));
    if (blocks.size() > 1) {
      const Entry& before = blocks[blocks.size() - 2];
      erase(0, before.upper);
      put(0, {block.upper, before.record});
    } else if (holding.front) {
      erase(0, block.upper);
      front_.block_upper = front_.group_upper;
    } else {
      if (block.upper == kEnd) return {};
      erase(0, block.upper);
      erase(1, group.upper);
      return {};
    }
  } else {
    erase(0, block.upper);
  }
  --group.record.blocks;
  if (holding.front) front_.group_blocks = group.record.blocks;
  else put(1, group);
  return {};
}

Result<void> ReceivedOrder::clear() {
  for (const std::uint8_t level : {std::uint8_t{0}, std::uint8_t{1}}) {
    TELEPOST_ASSIGN(const auto all, entries(level, {}, kEnd));
    for (const Entry& entry : all) erase(level, entry.upper);
  }
  front_.newest.clear();
  front_.block_upper.clear();
  front_.group_upper.clear();
  front_.block_messages = front_.group_messages = front_.group_blocks = 0;
  return {};
}

namespace {

struct Walked {
  std::string lower;        // where the entry that was stopped at begins
  std::uint64_t before = 0; // messages before it
};

// Walks entries of a level from `lower` on; stop(entry's upper, messages before, its messages) ends it there.
template <typename Stop>
Result<Walked> walk(const PartitionReader& reader, schema::MailboxId order, std::uint8_t level, std::string lower,
                    std::uint64_t before, Stop stop) {
  Walked walked{lower, before};
  Result<void> decoded;
  TELEPOST_TRY(reader.scan(Space::scan, above(order, level, lower), level_end(order, level),
                           [&](std::string_view key, std::string_view value) {
                             const auto record = schema::decode_BlockRecord(value);
                             if (!record.ok()) decoded = record.error();
                             if (!record.ok() || stop(upper_of(key), walked.before, record->messages)) return false;
                             walked.before += record->messages;
                             walked.lower = upper_of(key);
                             return true;
                           }));
  TELEPOST_TRY(std::move(decoded));
  return walked;
}

}  // namespace

Result<ReceivedOrder::View::Place> ReceivedOrder::View::find(std::uint64_t position) const {
  if (position < front_.block_messages) return Place{"", position};
  const auto holds = [&](std::string_view, std::uint64_t before, std::uint32_t messages) {
    return position < before + messages;
  };
  // Groups are read even where the front group would do: the same cost at every position and size.
  TELEPOST_ASSIGN(const Walked group, walk(reader_, order_, 1, bound(front_.group_upper), front_.group_messages, holds));
  const bool front = position < front_.group_messages;
  TELEPOST_ASSIGN(const Walked block, walk(reader_, order_, 0, front ? bound(front_.block_upper) : group.lower,
                                           front ? front_.block_messages : group.before, holds));
  return Place{block.lower, position - block.before};
}

Result<ReceivedOrder::View::Place> ReceivedOrder::View::block_of(std::string_view key) const {
  if (front_.block_upper.empty() || key < front_.block_upper) return Place{"", 0};
  const auto holds = [&](std::string_view upper, std::uint64_t, std::uint32_t) { return key < upper; };
  TELEPOST_ASSIGN(const Walked group, walk(reader_, order_, 1, bound(front_.group_upper), front_.group_messages, holds));
  const bool front = front_.group_upper.empty() || key < front_.group_upper;
  TELEPOST_ASSIGN(const Walked block, walk(reader_, order_, 0, front ? bound(front_.block_upper) : group.lower,
                                           front ? front_.block_messages : group.before, holds));
  return Place{block.lower, block.before};
}

Result<void> ReceivedOrder::View::list_from(std::string_view key, const Visit& visit) const {
  const std::string prefix = keys::received_order(order_);
  return reader_.scan(Space::scan, prefix + std::string(key), keys::after(prefix), [&](std::string_view found, std::string_view value) {
    return visit(found.substr(keys::kReceivedOrderOffset), value);
  });
}

Result<void> ReceivedOrder::View::list(std::uint64_t position, const Visit& visit) const {
  TELEPOST_ASSIGN(Place place, find(position));
  return list_from(place.from, [&](std::string_view key, std::string_view value) {
    if (place.skip == 0) return visit(key, value);
    --place.skip;
    return true;
  });
}

Result<std::optional<std::uint64_t>> ReceivedOrder::View::position_of(std::string_view key) const {
  TELEPOST_ASSIGN(const Place block, block_of(key));
  std::uint64_t position = block.skip;
  bool found = false;
  TELEPOST_TRY(list_from(block.from, [&](std::string_view candidate, std::string_view) {
    found = candidate == key;
    position += found ? 0u : 1u;
    return candidate < key;
  }));
  return found ? std::optional(position) : std::nullopt;
}

}  // namespace telepost::store
