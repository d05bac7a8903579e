#include "store/undelete.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/audit.h"
#include "store/kept_messages.h"
#include "store/mailboxes.h"
#include "store/message_dates.h"
#include "store/message_edit.h"
#include "store/quota.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::KeptRecord;

namespace {

constexpr std::size_t kRestoredAtOnce = 200;

// Into the batch, which over_quota and too_large leave as it was.
Result<Undelete::Restored> bring_back(AccountWrite& write, AuditTrail& audit, const KeptMessages::Entry& entry) {
  const schema::LocalId local = entry.record.summary.local;
  TELEPOST_TRY(ask_quota(write, entry.record.summary.kind, entry.record.summary.size_bytes));
  TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::bring_back(write, entry));
  Undelete::Restored restored{{write.account(), local}, {}};
  for (const KeptRecord::Place& place : entry.record.places) {
    TELEPOST_ASSIGN(const schema::MailboxId mailbox, mailbox_of(write, place));
    if (edit.is_in(mailbox)) continue;
    TELEPOST_TRY(edit.place(mailbox));
    TELEPOST_ASSIGN(auto again, place_of(write, mailbox, true));
    restored.paths.push_back(std::move(again.path));
  }
  TELEPOST_TRY(edit.finish());
  audit.add(schema::AuditRecord::Action::restored, "undelete", "asked for", local);
  return restored;
}

struct Left {
  Time since, before;
};

// The first of those that left then.
Result<std::vector<KeptMessages::Entry>> some_of(const AccountWrite& write, const Left& left, KeptMessages::Until until) {
  const auto key_of = until == KeptMessages::Until::release ? keys::parked : keys::kept;
  std::vector<KeptMessages::Entry> entries;
  TELEPOST_ASSIGN(const auto kept, write.scan(Space::scan, key_of(left.since, {}), key_of(left.before, {}), kRestoredAtOnce));
  for (const auto& [key, value] : kept) {
    TELEPOST_ASSIGN(KeptRecord record, schema::decode_KeptRecord(value));
    entries.push_back({std::move(record), until});
  }
  return entries;
}

}  // namespace

Result<void> Undelete::list(schema::AccountId account, Time since, const std::function<bool(const Deleted&)>& visit) {
  Duration keep{};
  {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
    keep = write.service().settings.undelete.keep;
  }
  const auto snapshot = rooms_.engine->snapshot(schema::Partition::account(account));
  Result<void> decoded;
  bool more = true;
  const auto tell = [&](std::string_view key, std::string_view value) {
    const auto record = schema::decode_KeptRecord(value);
    if (!record.ok()) decoded = record.error();
    else {
      const bool held = key[0] == 'U';
      more = visit({{account, record->summary.local}, *record, held ? std::nullopt : std::optional(record->departed.time + keep)});
    }
    return decoded.ok() && more;
  };
  TELEPOST_TRY(snapshot->scan(Space::scan, keys::kept(since, {}), keys::after("Z"), tell));
  TELEPOST_TRY(decoded);
  if (more) TELEPOST_TRY(snapshot->scan(Space::scan, keys::parked(since, {}), keys::after("U"), tell));
  return decoded;
}

Result<Undelete::Restored> Undelete::restore(schema::MessageId id) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, id.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(id.local)));
  const Error gone{Errc::not_found, "message " + schema::to_string(id) + " is gone for good, or never was"};
  if (!bytes) return gone;
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  if (!record.placements.empty()) return {Errc::exists, "message " + schema::to_string(id) + " is not deleted"};
  if (!record.departed) return gone;
  TELEPOST_ASSIGN(const auto entry, KeptMessages(write).find(id.local, *record.departed));
  if (!entry) return {Errc::corrupt, "a kept message without its entry; run telepost verify"};
  AuditTrail audit(id.account);
  TELEPOST_ASSIGN(Restored restored, bring_back(write, audit, *entry));
  audit.attach_to(rooms_, write);
  TELEPOST_TRY(write.commit());
  return restored;
}

Result<void> Undelete::restore_since(schema::AccountId account, Time since, const std::function<bool(const Restored&)>& visit) {
  const Left left{since, rooms_.clock.stamp() + Duration(1)};  // what goes meanwhile stays gone
  for (;;) {
    Result<void> refused;
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
    AuditTrail audit(account);
    std::vector<Restored> done;
    // What holds keep lies apart, and comes back once the rest did.
    TELEPOST_ASSIGN(auto entries, some_of(write, left, KeptMessages::Until::purge));
    if (entries.empty()) {
      TELEPOST_ASSIGN(entries, some_of(write, left, KeptMessages::Until::release));
    }
    for (const KeptMessages::Entry& entry : entries) {
      if (write.full()) break;
      Result<Restored> restored = bring_back(write, audit, entry);
      const bool has_no_room = !restored.ok() && (restored.error().kind == Errc::over_quota || restored.error().kind == Errc::too_large);
      if (has_no_room) refused = restored.error();
      if (has_no_room) break;
      TELEPOST_TRY(restored);
      done.push_back(std::move(*restored));
    }
    if (done.empty()) return refused;
    audit.attach_to(rooms_, write);
    TELEPOST_TRY(write.commit());
    for (const Restored& restored : done) {
      if (!visit(restored)) return {};
    }
    if (!refused.ok()) return refused;
  }
}

}  // namespace telepost::store
