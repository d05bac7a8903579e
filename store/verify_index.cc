#include "store/verify_index.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/mix.h"
#include "schema/keys.h"
#include "store/index_orders.h"
#include "store/message_writer.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

std::uint64_t hash_of(std::uint64_t a, std::uint64_t b) { return mix(mix(a) ^ b); }
std::uint64_t hash_of(std::string_view key) {
  ByteReader reader(key);
  const std::uint64_t received = reader.u64();
  return hash_of(received, reader.u64());
}
std::uint64_t number_of(std::string_view key) { return ByteReader(key.substr(1)).u64(); }
const schema::MailboxId kFirstOrder = keys::threads_of({0});

}  // namespace

Result<void> IndexVerification::scan(Space space, char letter, std::size_t key_size, const Visit& visit) {
  Result<void> visited;
  const std::string begin(1, letter);
  TELEPOST_TRY(snapshot_.scan(space, begin, keys::after(begin), [&](std::string_view key, std::string_view value) {
    if (key.size() == key_size) visited = visit(key, value);
    else if (space == Space::point) damage(key, "no key of an account looks so");
    return visited.ok();
  }));
  return visited;
}

IndexVerification::Entry* IndexVerification::entry(schema::LocalId local) {
  const auto& messages = facts_.messages;
  const auto place = std::lower_bound(messages.begin(), messages.end(), local,
                                      [](const Known& message, schema::LocalId wanted) { return message.local < wanted; });
  return place == messages.end() || place->local != local ? nullptr : &entries_[static_cast<std::size_t>(place - messages.begin())];
}

Result<void> IndexVerification::run() {
  if (facts_.head.indexed > facts_.head.modseq) damage(keys::kHead, "the index has read further than the change log goes");
  TELEPOST_TRY(scan(Space::point, 'V', 9, [this](std::string_view key, std::string_view value) { return read_message(key, value), Result<void>(); }));
  TELEPOST_TRY(scan(Space::point, 'Y', 9, [this](std::string_view key, std::string_view value) { return read_thread(key, value), Result<void>(); }));
  compare_messages();
  TELEPOST_TRY(verify_ties());
  TELEPOST_TRY(verify_log());
  return verify_orders();
}

void IndexVerification::read_message(std::string_view key, std::string_view value) {
  const schema::LocalId local{number_of(key)};
  const auto record = schema::decode_IndexedMessageRecord(value);
  if (!record.ok()) return scope_.damage("record", partition_, key, record.error().detail);
  Entry* const found = entry(local);
  const bool untold = facts_.untold.contains(local.value);
  if (found == nullptr) {
    if (untold && !record->gone) vanished_[local.value] = record->thread;
    else if (!facts_.explained.contains(local.value)) damage(key, "a message that is not there");
    return;
  }
  found->thread = record->thread;
  found->live = !record->gone;
  const bool placed = !facts_.unplaced.contains(local.value);
  if (record->gone && placed && known(*found).modseq <= facts_.head.indexed) damage(key, "a message that is there is held to be gone");
  if (!record->gone && !placed && !untold) damage(key, "a message that is gone is held to be there");
}

void IndexVerification::read_thread(std::string_view key, std::string_view value) {
  const schema::ThreadId id{number_of(key)};
  const auto record = schema::decode_ThreadRecord(value);
  if (!record.ok()) return scope_.damage("record", partition_, key, record.error().detail);
  threads_.insert(id.value);
  const auto is_ordered = [](const auto& a, const auto& b) { return order_key(a.received, a.local) > order_key(b.received, b.local); };
  const bool sorted = std::adjacent_find(record->members.begin(), record->members.end(), [&](const auto& a, const auto& b) { return !is_ordered(a, b); }) == record->members.end();
  if (record->members.empty() || !sorted) damage(key, "a thread without messages, or not in their order");
  if (record->created > record->modseq || record->modseq > facts_.head.indexed) damage(key, "a thread that changed after what the index has read");
  for (const schema::ThreadRecord::Member& member : record->members) {
    compare_member(key, id, member);
    orders_[keys::kAllMail].entries.add(hash_of(order_key(member.received, member.local)));
  }
  for (const auto& [mailbox, standing] : standings_of(record->members, facts_.head.indexed_trash)) {
    Expected& expected = orders_[keys::threads_of(mailbox)];
    expected.entries.add(hash_of(standing.newest));
    expected.unread += standing.unread ? 1u : 0u;
  }
  for (const std::uint64_t hash : record->ids) ids_.add(hash_of(hash, id.value));
  if (record->partner != 0) partners_.insert(hash_of(record->partner, id.value));
  log_.add(hash_of(hash_of(record->modseq.value, id.value), record->created.value));
}

void IndexVerification::compare_member(std::string_view key, schema::ThreadId id, const schema::ThreadRecord::Member& member) {
  Entry* const found = entry(member.local);
  if (found == nullptr) {
    const auto gone = vanished_.find(member.local.value);
    if (gone != vanished_.end() && gone->second == id) vanished_.erase(gone);
    else if (!facts_.explained.contains(member.local.value)) damage(key, "a thread with a message that is not there");
    return;
  }
  if (!found->live || found->thread != id || std::exchange(found->met, true)) damage(key, "a thread with another's message, or one that is gone");
  const Known& message = known(*found);
  if (message.modseq > facts_.head.indexed || facts_.unplaced.contains(member.local.value)) return;  // it has yet to read of it
  std::uint64_t mailboxes = 0;
  for (const schema::MailboxId mailbox : member.mailboxes) mailboxes += hash_of_placement(mailbox, {});
  if (message.received != member.received || message.mailboxes != mailboxes || message.unread != member.unread) {
    damage(key, "a thread that tells other facts of a message than its own records");
  }
}

void IndexVerification::compare_messages() {
  for (const Entry& each : entries_) {
    const Known& message = known(each);
    const bool is_read = message.modseq <= facts_.head.indexed && !facts_.unplaced.contains(message.local.value);
    if (is_read && !each.live) damage(keys::indexed_message(message.local), "a message without a thread");
    else if (each.live && !each.met) damage(keys::indexed_message(message.local), "a message whose thread does not have it");
  }
  for (const auto& [local, thread] : vanished_) damage(keys::indexed_message({local}), "a message whose thread does not have it");
}

Result<void> IndexVerification::verify_ties() {
  Sum met;
  TELEPOST_TRY(scan(Space::point, 'N', 9, [&](std::string_view key, std::string_view value) -> Result<void> {
    const std::uint64_t thread = ByteReader(value).u64();
    if (value.size() != 8 || !threads_.contains(thread)) damage(key, "a message id that leads to no thread");
    met.add(hash_of(number_of(key), thread));
    return {};
  }));
  if (met != ids_) damage("N", "the message ids that lead to threads are not those that the threads name");
  return scan(Space::point, 'P', 9, [&](std::string_view key, std::string_view value) -> Result<void> {
    const auto record = schema::decode_PartnerRecord(value);
    if (!record.ok()) return scope_.damage("record", partition_, key, record.error().detail), Result<void>();
    for (const schema::PartnerRecord::Open& open : record->threads) {
      if (!partners_.contains(hash_of(number_of(key), open.thread.value))) damage(key, "a conversation that is another's, or not there");
    }
    if (record->threads.empty()) damage(key, "a partner without conversations");
    return {};
  });
}

Result<void> IndexVerification::verify_log() {
  Sum met;
  TELEPOST_TRY(scan(Space::scan, 'N', 9, [&](std::string_view key, std::string_view value) -> Result<void> {
    const auto change = schema::decode_ThreadChangeRecord(value);
    if (!change.ok()) return scope_.damage("record", partition_, key, change.error().detail), Result<void>();
    met.add(hash_of(hash_of(number_of(key), change->thread.value), change->created.value));
    return {};
  }));
  if (met != log_) damage("N", "the entries of the threads' log are not those of the threads");
  return scan(Space::scan, 'O', 9, [&](std::string_view key, std::string_view value) -> Result<void> {
    const schema::Modseq modseq{number_of(key)};
    const auto change = schema::decode_ThreadChangeRecord(value);
    if (!change.ok()) return scope_.damage("record", partition_, key, change.error().detail), Result<void>();
    if (modseq <= facts_.head.floor || modseq > facts_.head.indexed) damage(key, "a thread that went at or below the floor, or has yet to go");
    return {};
  });
}

// While the index counts by another trash, its orders count by neither.
Result<bool> IndexVerification::is_recounting() {
  TELEPOST_ASSIGN(const auto bytes, snapshot_.get(Space::point, std::string(keys::kRecount)));
  if (!bytes) return false;
  const auto record = schema::decode_RecountRecord(*bytes);
  if (!record.ok()) scope_.damage("record", partition_, keys::kRecount, record.error().detail);
  return true;
}

// Every order that should be there, and every one that is.
Result<void> IndexVerification::verify_orders() {
  std::map<schema::MailboxId, schema::OrderRecord> records;
  TELEPOST_TRY(scan(Space::point, 'C', 5, [&](std::string_view key, std::string_view value) -> Result<void> {
    auto record = schema::decode_OrderRecord(value);
    const schema::MailboxId order{ByteReader(key.substr(1)).u32()};
    if (!record.ok()) scope_.damage("record", partition_, key, record.error().detail);
    else records.emplace(order, std::move(*record));
    orders_.try_emplace(order);
    return {};
  }));
  TELEPOST_ASSIGN(const bool recounting, is_recounting());
  for (const auto& [order, expected] : orders_) {
    const auto record = records.find(order);
    TELEPOST_TRY(verify_order(order, expected, record == records.end() ? nullptr : &record->second, recounting));
  }
  std::uint64_t entries = 0;
  const std::string first = keys::received_order(kFirstOrder);
  TELEPOST_TRY(snapshot_.scan(Space::scan, first, keys::after("R"), [&](std::string_view, std::string_view) { return ++entries > 0; }));
  if (entries != in_orders_) damage(first, "entries of an order that is not there");
  return snapshot_.scan(Space::scan, keys::block(kFirstOrder, 0, {}), keys::after("C"), [&](std::string_view key, std::string_view) {
    if (!orders_.contains({ByteReader(key.substr(1)).u32()})) damage(key, "a block of an order that is not there");
    return true;
  });
}

Result<void> IndexVerification::verify_order(schema::MailboxId order, const Expected& expected, const schema::OrderRecord* record, bool recounting) {
  const std::string key = keys::order(order);
  if (record == nullptr) return damage(key, "an order without its record"), Result<void>();
  if (record->messages != expected.entries.count) damage(key, "an order counts other than the threads hold");
  else if (!recounting && record->unread != expected.unread) damage(key, "an order counts other unread threads than there are");
  const auto bad = [&](std::string_view block, std::string what) { scope_.damage("record", partition_, block, std::move(what)); };
  TELEPOST_ASSIGN(OrderRecount recount, OrderRecount::read(snapshot_, order, record->front, bad));
  Sum met;
  const std::string prefix = keys::received_order(order);
  TELEPOST_TRY(snapshot_.scan(Space::scan, prefix, keys::after(prefix), [&](std::string_view entry_key, std::string_view) {
    const std::string_view order_part = entry_key.substr(keys::kReceivedOrderOffset);
    met.add(hash_of(order_part));
    recount.count(order_part);
    return true;
  }));
  in_orders_ += met.count;
  if (met != expected.entries) damage(key, "an order holds other messages than the threads");
  else if (const std::string mismatch = recount.mismatch(); !mismatch.empty()) damage(key, mismatch);
  return {};
}

}  // namespace telepost::store
