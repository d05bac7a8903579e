// The change log, and the order by received time with its counts.
#include <algorithm>

#include "base/bytes.h"
#include "schema/index_records.h"
#include "schema/keys.h"
#include "store/index_erasure.h"
#include "store/search_index.h"
#include "store/verify_account.h"
#include "store/verify_index.h"
#include "store/verify_search.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

const std::string kEnd(16, '\xff');  // the bound of the oldest block and group, see store/received_order.cc

std::string bound(const std::string& stored) { return stored.empty() ? kEnd : stored; }

using Entries = std::vector<std::pair<std::string, schema::BlockRecord>>;

std::size_t place_of(const Entries& entries, std::string_view key) {
  return static_cast<std::size_t>(std::upper_bound(entries.begin(), entries.end(), key, [](std::string_view wanted, const auto& entry) {
    return wanted < entry.first;
  }) - entries.begin());
}

}  // namespace

Result<void> AccountVerification::read_changes() {
  TELEPOST_TRY(scan(Space::scan, "D", "R", [this](std::string_view key, std::string_view value) -> Result<void> {
    if (key.size() == 9 && key[0] == 'L') read_change(key, value);
    else if (key.size() == 9 && key[0] == 'G') read_gone(key, value);
    else if (is_of_contacts(key)) return {};
    else if (key.size() != 9 || (key[0] != 'N' && key[0] != 'O')) unknown(key);  // of the index
    return {};
  }));
  for (const Known& message : messages_) {
    if (!message.logged) damage("change", keys::message(message.local), "a message without its entry in the change log");
  }
  return {};
}

void AccountVerification::read_change(std::string_view key, std::string_view value) {
  const schema::Modseq modseq{ByteReader(key.substr(1)).u64()};
  const auto change = schema::decode_ChangeRecord(value);
  if (!change.ok()) return damage("record", key, change.error().detail);
  if (change->gone()) return damage("change", key, "a tombstone among the live entries");
  const schema::LocalId local{change->id};
  Known* const message = find(local);
  if (message == nullptr) {
    if (!explained_.contains(local.value)) damage("change", key, "an entry of a message that is not there");
    return;
  }
  if (modseq > head_.modseq) damage("change", key, "an entry above the head's modseq");
  else if (message->modseq != modseq) damage("change", key, "an entry that is not at its message's last change");
  message->logged = true;
}

void AccountVerification::read_gone(std::string_view key, std::string_view value) {
  const schema::Modseq modseq{ByteReader(key.substr(1)).u64()};
  const auto change = schema::decode_ChangeRecord(value);
  if (!change.ok()) return damage("record", key, change.error().detail);
  if (!change->gone()) return damage("change", key, "a live entry among the tombstones");
  if (modseq > head_.modseq) return damage("change", key, "a tombstone above the head's modseq");
  if (modseq <= head_.floor) return damage("change", key, "a tombstone at or below the floor");
  if (change->what == schema::ChangeRecord::What::message_gone && modseq > head_.indexed) untold_.insert(change->id);
  // An import may bring a message back under its id: then the tombstone stays, for clients that knew the old placements.
  using What = schema::ChangeRecord::What;
  const Known* const message = change->what == What::message_gone ? find({change->id}) : nullptr;
  const bool lives = change->what == What::mailbox_gone ? mailbox({static_cast<std::uint32_t>(change->id)}) != nullptr
                                                        : message != nullptr && message->created <= modseq && !gone_for_readers_.contains(change->id);
  if (lives) damage("change", key, "a tombstone of something that is there");
}

Result<void> AccountVerification::verify_order() {
  for (auto& [id, box] : mailboxes_) TELEPOST_TRY(verify_order_of(box));
  for (const Known& message : messages_) {
    if (message.orders == message.placements) continue;
    // Told already where an entry contradicts its message; else one is missing.
    TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::point, keys::message(message.local)));
    if (!bytes) continue;
    TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
    for (const schema::Placement& placement : record.placements) {
      const std::string key = keys::received(placement.mailbox, record.received, message.local);
      TELEPOST_ASSIGN(const auto uid, snapshot_->get(Space::scan, key));
      if (!uid) damage("order", key, "a placement that the order by received time does not hold");
      else if (ByteReader(*uid).u32() != placement.uid.value) damage("order", key, "an entry of the order by received time with another uid");
    }
  }
  // Entries and blocks of mailboxes that are not there.
  const Visit strange = [this](std::string_view key, std::string_view) -> Result<void> {
    damage("order", key, "an entry of a mailbox that is not there");
    return {};
  };
  std::string begin = "R";
  for (const auto& [id, box] : mailboxes_) {
    const std::string prefix = keys::received_order(id);
    TELEPOST_TRY(scan(Space::scan, begin, prefix, strange));
    begin = keys::after(prefix);
  }
  const schema::MailboxId first_of_index = keys::threads_of({0});
  TELEPOST_TRY(scan(Space::scan, begin, keys::received_order(first_of_index), strange));
  return scan(Space::scan, "C", keys::block(first_of_index, 0, {}), [this](std::string_view key, std::string_view) -> Result<void> {
    if (key.size() != 22 || mailbox({ByteReader(key.substr(1)).u32()}) == nullptr) damage("blocks", key, "a block of a mailbox that is not there");
    return {};
  });
}

Result<void> AccountVerification::verify_index() {
  const IndexVerification::Facts facts{head_, messages_, gone_for_readers_, untold_, explained_};
  const auto made_anew = IndexErasure::record(*snapshot_);
  if (!made_anew.ok() && made_anew.error().kind != Errc::corrupt) return made_anew.error();
  if (!made_anew.ok()) damage("record", keys::kReindex, made_anew.error().detail);
  // Where anything was read already, nobody takes the rest out (store/index_erasure.h).
  const auto is_whole = [&](const schema::ReindexRecord::Erasure& erasure, std::string_view check, schema::Modseq position) {
    if (erasure.is_due && position.value != 0) damage(check, keys::kReindex, "an index that is to be taken out and was read into already");
    else if (erasure.is_due) scope_.debris(check, partition_, keys::kReindex, "an index that is being made anew");
    return !erasure.is_due;
  };
  const schema::ReindexRecord reindex = made_anew.ok() ? *made_anew : schema::ReindexRecord{};
  if (is_whole(reindex.threads, "index", head_.indexed)) TELEPOST_TRY(IndexVerification(scope_, partition_, *snapshot_, facts).run());
  const auto search = SearchIndex::record(*snapshot_);
  if (!search.ok() && search.error().kind != Errc::corrupt) return search.error();
  // One that is damaged is told of where the words are verified, whatever else is due.
  const bool is_read = !search.ok() || is_whole(reindex.words, "search", search->position);
  if (is_read) TELEPOST_TRY(SearchVerification(scope_, partition_, *snapshot_, facts).run());
  return {};
}

Result<void> AccountVerification::verify_order_of(Recount& box) {
  const schema::MailboxId id = box.record.id;
  bool broken = false;
  const auto bad = [&](std::string_view key, std::string what) {
    damage("record", key, std::move(what));
    broken = true;
  };
  TELEPOST_ASSIGN(OrderRecount recount, OrderRecount::read(*snapshot_, id, box.record.front, bad));
  const std::string prefix = keys::received_order(id);
  std::uint64_t entries = 0;
  TELEPOST_TRY(scan(Space::scan, prefix, keys::after(prefix), [&](std::string_view key, std::string_view value) -> Result<void> {
    ++entries;
    recount.count(key.substr(keys::kReceivedOrderOffset));
    const schema::LocalId local{~ByteReader(key.substr(keys::kReceivedOrderOffset + 8)).u64()};
    Known* const message = find(local);
    if (message == nullptr) {
      if (!explained_.contains(local.value)) damage("order", key, "an entry of a message that is not there");
      box.order_uncertain = true;
    } else if (keys::received(id, message->received, local) != key) {
      damage("order", key, "an entry at another time than its message's");
    } else {
      message->orders += hash_of_placement(id, {ByteReader(value).u32()});
    }
    return {};
  }));
  // Where entries are missing or too many the counts cannot agree.
  if (box.order_uncertain || broken || entries != box.messages) return {};
  const std::string mismatch = recount.mismatch();
  if (!mismatch.empty()) damage("blocks", keys::mailbox(id), "mailbox '" + box.record.name + "': " + mismatch);
  return {};
}

Result<OrderRecount> OrderRecount::read(const PartitionReader& reader, schema::MailboxId order, const schema::OrderFront& front,
                                        const std::function<void(std::string_view, std::string)>& bad) {
  std::array<Entries, 2> levels;
  for (const std::uint8_t level : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::string prefix = keys::block(order, level, {});
    TELEPOST_TRY(reader.scan(Space::scan, prefix, keys::after(prefix), [&](std::string_view key, std::string_view value) {
      const auto record = schema::decode_BlockRecord(value);
      if (!record.ok()) bad(key, record.error().detail);
      levels[level].emplace_back(key.substr(prefix.size()), record.ok() ? *record : schema::BlockRecord{});
      return true;
    }));
  }
  return Result<OrderRecount>(OrderRecount(front, std::move(levels[0]), std::move(levels[1])));
}

OrderRecount::OrderRecount(const schema::OrderFront& front, Entries blocks, Entries groups)
    : front_(front), blocks_(std::move(blocks)), groups_(std::move(groups)), in_block_(blocks_.size() + 1), in_group_(groups_.size() + 1) {}

void OrderRecount::count(std::string_view key) {
  if (first_.empty()) first_ = key;
  const bool front_block = key < bound(front_.block_upper);
  const bool front_group = key < bound(front_.group_upper);
  const std::size_t block = front_block ? blocks_.size() : place_of(blocks_, key);
  const std::size_t group = front_group ? groups_.size() : place_of(groups_, key);
  ++in_block_[block];
  ++in_group_[group];
}

std::string OrderRecount::mismatch() const {
  if (front_.block_messages != in_block_.back()) return "the front block counts other than it holds";
  if (front_.group_messages != in_group_.back()) return "the front group counts other than it holds";
  if (!first_.empty() && !front_.newest.empty() && first_ < front_.newest) return "its newest message is newer than its record says";
  std::vector<std::uint32_t> blocks_of(groups_.size() + 1);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const std::string& upper = blocks_[i].first;
    if (upper <= front_.block_upper) return "a closed block lies before the front block";
    if (blocks_[i].second.messages != in_block_[i]) return "a block counts other than it holds";
    // A group's bound is its last block's.
    const bool front = upper <= bound(front_.group_upper);
    ++blocks_of[front ? groups_.size()
                      : static_cast<std::size_t>(std::lower_bound(groups_.begin(), groups_.end(), upper, [](const auto& entry, const std::string& wanted) {
                          return entry.first < wanted;
                        }) - groups_.begin())];
  }
  if (front_.group_blocks != blocks_of.back()) return "the front group counts other blocks than it has";
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].second.messages != in_group_[i]) return "a group counts other than it holds";
    if (groups_[i].second.blocks != blocks_of[i]) return "a group counts other blocks than it has";
  }
  return {};
}

}  // namespace telepost::store
