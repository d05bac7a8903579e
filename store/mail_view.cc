#include "store/mail_view.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_index.h"
#include "store/index_erasure.h"
#include "store/log_ranges.h"
#include "store/message_writer.h"
#include "store/received_order.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kMaxListed = 10'000;
}  // namespace

MailView::MailView(std::unique_ptr<PartitionReader> snapshot, schema::HeadRecord head)
    : snapshot_(std::move(snapshot)), head_(std::move(head)) {}

Result<MailView> MailView::open(Rooms& rooms, schema::AccountId account) {
  TELEPOST_ASSIGN(AccountIndex::Whole whole, AccountIndex::catch_up(rooms, account));
  return Result<MailView>(MailView(std::move(whole.snapshot), std::move(whole.head)));
}

Result<std::optional<schema::OrderRecord>> MailView::index_order(schema::MailboxId order) const {
  return stored<schema::decode_OrderRecord>(*snapshot_, Space::point, keys::order(order));
}

Result<MailView::Listed> MailView::find(const Order& order) const {
  const schema::MailboxId all = order.mailbox.value_or(keys::kAllMail);
  if (order.mailbox) {
    TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::point, keys::mailbox(*order.mailbox)));
    if (!bytes) return {Errc::not_found, "no such mailbox"};
    TELEPOST_ASSIGN(auto mailbox, schema::decode_MailboxRecord(*bytes));
    if (order.collapse == Collapse::none) return Listed{all, mailbox.messages, std::move(mailbox.front)};
  }
  Listed listed{order.collapse == Collapse::threads ? keys::threads_of(all) : all, 0, {}};
  TELEPOST_ASSIGN(auto record, index_order(listed.order));
  if (record) listed.messages = record->messages;
  if (record) listed.front = std::move(record->front);
  return listed;
}

Result<std::uint64_t> MailView::total(const Order& order) const {
  TELEPOST_ASSIGN(const Listed listed, find(order));
  return listed.messages;
}

Result<std::vector<schema::LocalId>> MailView::list(const Order& order, std::uint64_t position, std::size_t limit) const {
  TELEPOST_ASSIGN(const Listed listed, find(order));
  std::vector<schema::LocalId> messages;
  const std::size_t wanted = std::min(limit, kMaxListed);
  if (position >= listed.messages || wanted == 0) return messages;
  const ReceivedOrder::View view(*snapshot_, listed.order, listed.front);
  TELEPOST_TRY(view.list(position, [&](std::string_view key, std::string_view) {
    messages.push_back({~ByteReader(key.substr(8)).u64()});
    return messages.size() < wanted;
  }));
  return messages;
}

Result<std::optional<std::uint64_t>> MailView::position_of(const Order& order, schema::LocalId message) const {
  TELEPOST_ASSIGN(const Listed listed, find(order));
  TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::point, keys::message(message)));
  if (!bytes || listed.messages == 0) return std::optional<std::uint64_t>();
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  return ReceivedOrder::View(*snapshot_, listed.order, listed.front).position_of(order_key(record.received, message));
}

Result<std::vector<std::optional<schema::ThreadId>>> MailView::threads_of(const std::vector<schema::LocalId>& messages) const {
  std::vector<std::string> wanted;
  for (const schema::LocalId message : messages) wanted.push_back(keys::indexed_message(message));
  TELEPOST_ASSIGN(const auto records, snapshot_->get_many(Space::point, wanted));
  std::vector<std::optional<schema::ThreadId>> threads(messages.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i]) continue;
    TELEPOST_ASSIGN(const auto record, schema::decode_IndexedMessageRecord(*records[i]));
    if (!record.gone) threads[i] = record.thread;
  }
  return threads;
}

Result<std::vector<std::optional<MailView::Messages>>> MailView::messages_of(const std::vector<schema::ThreadId>& threads) const {
  std::vector<std::string> wanted;
  for (const schema::ThreadId thread : threads) wanted.push_back(keys::thread(thread));
  TELEPOST_ASSIGN(const auto records, snapshot_->get_many(Space::point, wanted));
  std::vector<std::optional<Messages>> messages(threads.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i]) continue;
    TELEPOST_ASSIGN(const auto record, schema::decode_ThreadRecord(*records[i]));
    messages[i].emplace();
    for (const schema::ThreadRecord::Member& member : record.members) messages[i]->push_back(member.local);
  }
  return messages;
}

Result<MailView::ThreadCounts> MailView::thread_counts(schema::MailboxId mailbox) const {
  TELEPOST_TRY(find({mailbox, Collapse::none}));
  TELEPOST_ASSIGN(const auto record, index_order(keys::threads_of(mailbox)));
  return record ? ThreadCounts{record->messages, record->unread, record->modseq} : ThreadCounts{};
}

// Live entries and those of what is gone, by modseq.
Result<std::vector<MailView::ThreadChange>> MailView::log_since(schema::Modseq since, std::size_t limit) const {
  const schema::Modseq first{since.value + 1};
  const auto scan = [&](const std::string& begin, const std::string& end, const auto& visit) { return snapshot_->scan(Space::scan, begin, end, visit); };
  const auto entry = [](schema::Modseq modseq, std::string_view value, bool is_gone) -> Result<ThreadChange> {
    TELEPOST_ASSIGN(const auto record, schema::decode_ThreadChangeRecord(value));
    return ThreadChange{modseq, record, is_gone};
  };
  return gather_log<ThreadChange>(keys::thread_change(first), keys::thread_gone(first), limit, scan, entry);
}

Result<bool> MailView::is_thread(schema::ThreadId thread) const {
  TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::point, keys::thread(thread)));
  return bytes.has_value();
}

// What was there at `since` and is gone was destroyed; what was not there and is gone was never seen. What went and came back, as by
// undelete, was there all the time.
Result<MailView::ThreadChanges> MailView::thread_changes(schema::Modseq since, std::size_t limit,
                                                         std::optional<schema::Modseq> begun) const {
  TELEPOST_ASSIGN(const schema::ReindexRecord made_anew, IndexErasure::record(*snapshot_));
  if (since < std::max(head_.floor, made_anew.threads_since) || since > head_.modseq) return {Errc::unsupported, "changes since that state are not known"};
  TELEPOST_ASSIGN(auto log, log_since(since, limit + 1));
  ThreadChanges changes;
  changes.until = head_.modseq;
  changes.more = log.size() > limit;
  if (changes.more) log.resize(limit);
  if (changes.more) changes.until = log.back().modseq;
  std::set<schema::ThreadId> told;
  for (const ThreadChange& change : log) {
    const schema::ThreadId thread = change.record.thread;
    if (!change.gone) {
      // Went and came back since: the entry of its going tells that readers know it.
      const bool known = change.record.created <= begun.value_or(since) || told.contains(thread);
      (known ? changes.updated : changes.created).push_back(thread);
      continue;
    }
    if (change.record.created > since) continue;
    TELEPOST_ASSIGN(const bool is_back, is_thread(thread));
    if (told.insert(thread).second && !is_back) changes.destroyed.push_back(thread);
  }
  return changes;
}

}  // namespace telepost::store
