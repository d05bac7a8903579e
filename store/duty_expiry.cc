// Messages past their time.
#include "store/duty.h"
#include "store/message_dates.h"
#include "store/message_edit.h"
#include "store/rooms.h"

namespace telepost::store {

Result<void> expire(DutyWork& work, AccountWrite& write, const DueItem& item) {
  Result<MessageEdit> edit = MessageEdit::open(write, item.local());
  if (!edit.ok() && edit.error().kind == Errc::not_found) return {};  // expunged meanwhile
  TELEPOST_TRY(edit);
  // The policy of this moment decides, not the one of the delivery.
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(write, {edit->record(), edit->summary()}));
  if (!lifecycle.expires) return {};
  if (lifecycle.expires->time > work.rooms.clock.now()) {
    write.add_due(lifecycle.expires->time, due::kExpire, item.id);
    return {};
  }
  work.run.count().bytes_freed += edit->record().size_bytes;
  TELEPOST_TRY(edit->expunge(schema::Removal::expired, work.rooms.clock.now()));
  work.audit.add(schema::AuditRecord::Action::expired, policies::policy_of(*lifecycle.expires->rule), lifecycle.expires->reason, item.local());
  return {};
}

}  // namespace telepost::store
