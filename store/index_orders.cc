#include "store/index_orders.h"

#include <algorithm>

#include "schema/keys.h"
#include "store/message_writer.h"
#include "store/received_order.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

std::string record_key(schema::MailboxId order, const std::string& key) {
  return keys::received_order(order) + key;
}

}  // namespace

Standings standings_of(const std::vector<schema::ThreadRecord::Member>& members, schema::MailboxId trash) {
  Standings standings;
  bool unread = false, unread_in_trash = false;
  for (const schema::ThreadRecord::Member& member : members) {  // oldest first
    const std::string key = order_key(member.received, member.local);
    for (const schema::MailboxId mailbox : member.mailboxes) standings[mailbox].newest = key;
    standings[keys::kAllMail].newest = key;
    if (!member.unread) continue;
    const bool in_trash = std::find(member.mailboxes.begin(), member.mailboxes.end(), trash) != member.mailboxes.end();
    unread_in_trash |= in_trash;
    unread |= !in_trash || member.mailboxes.size() > 1;
  }
  for (auto& [mailbox, standing] : standings) standing.unread = mailbox == trash ? unread_in_trash : unread;
  return standings;
}

Result<schema::OrderRecord*> IndexOrders::open(schema::MailboxId order) {
  const auto known = open_.find(order);
  if (known != open_.end()) return &known->second;
  TELEPOST_ASSIGN(const auto bytes, write_.get(Space::point, keys::order(order)));
  schema::OrderRecord record;
  if (bytes) {
    TELEPOST_ASSIGN(record, schema::decode_OrderRecord(*bytes));
  }
  return &open_.emplace(order, std::move(record)).first->second;
}

Result<void> IndexOrders::insert(schema::MailboxId order, const std::string& key) {
  TELEPOST_ASSIGN(schema::OrderRecord* const record, open(order));
  write_.put(Space::scan, record_key(order, key), {});
  ++record->messages;
  return ReceivedOrder(write_, order, record->front).insert(key);
}

Result<void> IndexOrders::remove(schema::MailboxId order, const std::string& key) {
  TELEPOST_ASSIGN(schema::OrderRecord* const record, open(order));
  write_.erase(Space::scan, record_key(order, key));
  --record->messages;
  ReceivedOrder received(write_, order, record->front);
  TELEPOST_TRY(received.remove(key));
  return record->messages == 0 ? received.clear() : Result<void>();
}

Result<void> IndexOrders::change(schema::MailboxId mailbox, const Standing* was, const Standing* is, schema::Modseq modseq) {
  const schema::MailboxId order = keys::threads_of(mailbox);
  if (was == nullptr || is == nullptr || was->newest != is->newest) {
    if (was != nullptr) TELEPOST_TRY(remove(order, was->newest));
    if (is != nullptr) TELEPOST_TRY(insert(order, is->newest));
  }
  const bool was_unread = was != nullptr && was->unread;
  const bool is_unread = is != nullptr && is->unread;
  if (was_unread == is_unread && (was == nullptr) == (is == nullptr)) return {};
  TELEPOST_ASSIGN(schema::OrderRecord* const record, open(order));
  record->unread += is_unread ? 1u : 0u;
  record->unread -= was_unread ? 1u : 0u;
  record->modseq = std::max(record->modseq, modseq);
  return {};
}

Result<void> IndexOrders::stand(const Standings& was, const Standings& is, schema::Modseq modseq) {
  for (const auto& [mailbox, standing] : was) {
    const auto now = is.find(mailbox);
    TELEPOST_TRY(change(mailbox, &standing, now == is.end() ? nullptr : &now->second, modseq));
  }
  for (const auto& [mailbox, standing] : is) {
    if (!was.contains(mailbox)) TELEPOST_TRY(change(mailbox, nullptr, &standing, modseq));
  }
  return {};
}

void IndexOrders::finish() {
  for (const auto& [order, record] : open_) {
    if (record.messages == 0) write_.erase(Space::point, keys::order(order));
    else write_.put(Space::point, keys::order(order), schema::encode(record));
  }
  open_.clear();
}

}  // namespace telepost::store
