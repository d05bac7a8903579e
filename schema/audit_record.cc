#include "schema/audit_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {

using Action = AuditRecord::Action;

std::string_view name_of(Action action) {
  switch (action) {
    case Action::expired: return "expired";
    case Action::purged: return "purged";
    case Action::restored: return "restored";
    case Action::archived: return "archived";
    case Action::brought_back: return "brought_back";
    case Action::compressed: return "compressed";
    case Action::hold_added: return "hold_added";
    case Action::hold_released: return "hold_released";
    case Action::account_removed: return "account_removed";
    case Action::clock_accepted: return "clock_accepted";
    case Action::policy_changed: return "policy_changed";
    case Action::message_deleted: return "message_deleted";
    case Action::mailbox_deleted: return "mailbox_deleted";
    case Action::sending_ended: return "sending_ended";
    case Action::account_state_changed: return "account_state_changed";
  }
  return "";
}

std::string encode(const AuditRecord& r) {
  Encoder out;
  out.number(r.action).time(r.time).number(r.account).text(r.policy).text(r.reason);
  out.list(r.messages, [](Encoder& each, LocalId local) { each.number(local); });
  return out.take();
}

Result<AuditRecord> decode_AuditRecord(std::string_view bytes) {
  AuditRecord r;
  Decoder in(bytes, "audit record");
  in.choice(r.action, Action::expired, Action::account_state_changed).time(r.time).number(r.account).text(r.policy).text(r.reason);
  in.list(r.messages, [](Decoder& each, LocalId& local) { each.number(local); });
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
