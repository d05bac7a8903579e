// Messages past their time.
#include "schema/keys.h"
#include "store/duty.h"
#include "store/message_edit.h"
#include "store/redating.h"
#include "store/rooms.h"

namespace telepost::store {

Result<void> expire(DutyWork& work, AccountWrite& write, const DueItem& item) {
  Result<MessageEdit> edit = MessageEdit::open(write, item.local());
  if (!edit.ok() && edit.error().kind == Errc::not_found) return {};  // expunged meanwhile
  TELEPOST_TRY(edit);
  // The policy of this moment decides, not the one of the delivery.
  const policies::Lifecycle& lifecycle = edit->lifecycle();
  if (!lifecycle.expires) return {};
  if (lifecycle.expires->time > work.run.until()) {
    write.add_due(lifecycle.expires->time, due::kExpire, item.id);
    return {};
  }
  const schema::Reach reach = lifecycle.expires->on_server_only ? schema::Reach::server_only : schema::Reach::all_clients;
  TELEPOST_ASSIGN(const MessageEdit::Gone gone, edit->expunge(schema::Removal::expired, work.rooms.clock.now(), reach));
  if (gone == MessageEdit::Gone::for_good) work.run.count().bytes_freed += edit->record().size_bytes;
  work.audit.add(schema::AuditRecord::Action::expired, policies::policy_of(*lifecycle.expires->rule), lifecycle.expires->reason, item.local());
  return {};
}

// Records, then the summaries that they name. What is damaged is found by the message's own turn.
Result<void> read_expiring(AccountWrite& write, const std::vector<const DueItem*>& items) {
  std::vector<std::string> keys;
  for (const DueItem* const item : items) keys.push_back(schema::keys::message(item->local()));
  TELEPOST_TRY(write.read_ahead(Space::point, keys));
  std::vector<std::string> summaries;
  for (const std::string& key : keys) {
    TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, key));
    const auto record = bytes ? schema::decode_MessageRecord(*bytes) : Result<schema::MessageRecord>(Errc::not_found, "");
    if (!record.ok() || record->placements.empty()) continue;
    summaries.push_back(schema::keys::summary(record->placements.front().mailbox, record->placements.front().uid));
  }
  return write.read_ahead(Space::scan, summaries);
}

Result<void> redate(DutyWork& work, AccountWrite& write, const DueItem& item) {
  TELEPOST_ASSIGN(const auto rest, Redating::step(write, item.local()));
  if (!rest) return {};
  // Under another policy than the item's it begins anew, and may be no further than it was.
  if (due::id_of(*rest) > item.id) put_rest(work, write, item, due::id_of(*rest));
  else write.add_due(write.now(), due::kRedate, due::id_of(*rest));
  return {};
}

}  // namespace telepost::store
