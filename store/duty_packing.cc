// Cold messages become smaller: what the account's list says is due, where its class of service agrees at this moment.
#include "store/duty.h"
#include "store/message_dates.h"
#include "store/message_edit.h"
#include "store/packing.h"
#include "store/rooms.h"

namespace telepost::store {
namespace {

constexpr std::uint64_t kBytesTogether = 4u << 20;  // of sources: about a second of work, for which other due work waits
constexpr std::size_t kMessagesTogether = 200;

struct Wanted {
  schema::MessageRecord record;
  policies::Dated rule;
};
// Nothing: the message is gone, or no rule is about it.
Result<std::optional<Wanted>> wanted(AccountWrite& write, schema::LocalId local) {
  Result<MessageEdit> edit = MessageEdit::open(write, local);
  if (!edit.ok() && edit.error().kind == Errc::not_found) return std::optional<Wanted>();
  TELEPOST_TRY(edit);
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(write, {edit->record(), edit->summary()}));
  if (!lifecycle.compress_after) return std::optional<Wanted>();
  return std::optional(Wanted{edit->record(), *lifecycle.compress_after});
}

}  // namespace

Result<std::size_t> pack(DutyWork& work, const std::vector<DueItem>& items) {
  std::vector<schema::LocalId> messages;
  std::size_t taken = 0;
  {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(work.rooms, work.account, AccountWrite::Mode::with_reads));
    std::uint64_t bytes = 0;
    for (; taken < items.size() && messages.size() < kMessagesTogether && bytes < kBytesTogether; ++taken) {
      const auto message = wanted(write, items[taken].local());
      if (!message.ok() && message.error().kind == Errc::corrupt) continue;  // told when it is finished
      TELEPOST_TRY(message);
      if (!*message || (*message)->rule.time > work.rooms.clock.now()) continue;
      messages.push_back(items[taken].local());
      bytes += (*message)->record.size_bytes;
    }
  }
  TELEPOST_ASSIGN(const Packed packed, Packing(work.rooms, work.account).pack(messages));
  work.run.count().bytes_freed += packed.bytes_freed;
  work.damaged = packed.damaged;
  return taken;
}

Result<void> finish_packing(DutyWork& work, AccountWrite& write, const DueItem& item) {
  const auto damaged = work.damaged.find(item.local());
  if (damaged != work.damaged.end()) return damaged->second;
  TELEPOST_ASSIGN(const auto message, wanted(write, item.local()));
  if (!message) return {};
  if (message->rule.time > work.rooms.clock.now()) {
    write.add_due(message->rule.time, due::kCompress, item.id);
  } else if (message->record.codec.kind != schema::ContentCodec::Kind::raw) {
    work.audit.add(schema::AuditRecord::Action::compressed, policies::policy_of(*message->rule.rule), message->rule.reason, item.local());
  }
  return {};
}

}  // namespace telepost::store
