#include "schema/records.h"

#include <utility>

#include "schema/record_codec.h"

namespace telepost::schema {

std::string_view name_of(AccountState state) {
  switch (state) {
    case AccountState::active: return "active";
    case AccountState::disabled: return "disabled";
    case AccountState::closed: return "closed";
    case AccountState::deleting: return "deleting";
  }
  return "unknown";
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::none: return "";
    case Role::inbox: return "inbox";
    case Role::sent: return "sent";
    case Role::drafts: return "drafts";
    case Role::trash: return "trash";
    case Role::junk: return "junk";
    case Role::archive: return "archive";
  }
  return "";
}

std::string encode(const AccountRecord& r) {
  Encoder out;
  out.number(r.state).time(r.created).text(r.class_of_service).texts(r.addresses).text(r.name).text(r.password);
  if (!r.policy.empty()) out.text(r.policy);
  return out.take();
}
Result<AccountRecord> decode_AccountRecord(std::string_view bytes) {
  AccountRecord r;
  Decoder in(bytes, "account record");
  in.choice(r.state, AccountState::active, AccountState::deleting).time(r.created).text(r.class_of_service)
      .texts(r.addresses).text(r.name).text(r.password);
  if (in.more()) in.text(r.policy);
  return in.finish(std::move(r));
}

std::string encode(const HeadRecord& r) {
  Encoder out;
  out.number(r.modseq).number(r.floor).number(r.next_mailbox).number(r.next_uidvalidity);
  out.number(r.earliest_hint.has_value());
  if (r.earliest_hint) out.time(*r.earliest_hint);
  out.number(r.trim_due.has_value());
  if (r.trim_due) out.time(*r.trim_due);
  out.number(r.cdr_hint).number(r.cdr_sequence);
  for (const Usage& usage : r.usage) out.number(usage.messages).number(usage.bytes);
  out.number(r.archived.messages).number(r.archived.bytes).number(r.kept.messages).number(r.kept.bytes);
  out.number(r.over_quota_since.has_value());
  if (r.over_quota_since) out.time(*r.over_quota_since);
  out.number(r.policy_revision);
  const bool is_indexed = r.trash.value != 0 || r.indexed.value != 0 || r.indexed_trash.value != 0;
  const bool was_warned = is_indexed || r.quota_warned != HeadRecord{}.quota_warned;
  if (r.parked == Usage{} && !r.purge_due && !was_warned) return out.take();
  out.number(r.parked.messages).number(r.parked.bytes).number(r.purge_due.has_value());
  if (r.purge_due) out.time(*r.purge_due);
  for (const std::optional<Time>& warned : r.quota_warned) {
    if (!was_warned) break;
    out.number(warned.has_value());
    if (warned) out.time(*warned);
  }
  if (is_indexed) out.number(r.trash).number(r.indexed).number(r.indexed_trash);
  return out.take();
}
Result<HeadRecord> decode_HeadRecord(std::string_view bytes) {
  HeadRecord r;
  Decoder in(bytes, "head record");
  in.number(r.modseq).number(r.floor).number(r.next_mailbox).number(r.next_uidvalidity);
  bool hinted = false;
  in.number(hinted);
  if (hinted) in.time(r.earliest_hint.emplace());
  bool trims = false;
  in.number(trims);
  if (trims) in.time(r.trim_due.emplace());
  in.number(r.cdr_hint).number(r.cdr_sequence);
  for (Usage& usage : r.usage) in.number(usage.messages).number(usage.bytes);
  if (!in.more()) return in.finish(std::move(r));  // written before messages were kept or archived
  in.number(r.archived.messages).number(r.archived.bytes).number(r.kept.messages).number(r.kept.bytes);
  bool over = false;
  in.number(over);
  if (over) in.time(r.over_quota_since.emplace());
  in.number(r.policy_revision);
  if (!in.more()) return in.finish(std::move(r));
  bool purges = false;
  in.number(r.parked.messages).number(r.parked.bytes).number(purges);
  if (purges) in.time(r.purge_due.emplace());
  if (!in.more()) return in.finish(std::move(r));
  for (std::optional<Time>& each : r.quota_warned) {
    bool warned = false;
    in.number(warned);
    if (warned) in.time(each.emplace());
  }
  if (in.more()) in.number(r.trash).number(r.indexed).number(r.indexed_trash);
  return in.finish(std::move(r));
}

std::uint64_t online_bytes(const HeadRecord& head) {
  std::uint64_t bytes = 0;
  for (const Usage& usage : head.usage) bytes += usage.bytes;
  return bytes - head.archived.bytes;
}

std::string encode(const MailboxRecord& r) {
  Encoder out;
  out.number(r.id).number(r.parent).text(r.name).number(r.role).number(r.subscribed)
      .number(r.uidvalidity).number(r.uidnext).number(r.messages).number(r.unseen).number(r.bytes)
      .number(r.created_modseq).number(r.modseq).front(r.front);
  if (r.sort_order != 0 || r.unseen_drafts != 0 || r.properties_modseq.value != 0) {
    out.number(r.sort_order).number(r.unseen_drafts).number(r.properties_modseq);
  }
  return out.take();
}
Result<MailboxRecord> decode_MailboxRecord(std::string_view bytes) {
  MailboxRecord r;
  Decoder in(bytes, "mailbox record");
  in.number(r.id).number(r.parent).text(r.name).choice(r.role, Role::none, Role::archive).number(r.subscribed)
      .number(r.uidvalidity).number(r.uidnext).number(r.messages).number(r.unseen).number(r.bytes)
      .number(r.created_modseq).number(r.modseq).front(r.front);
  if (in.more()) {
    in.number(r.sort_order).number(r.unseen_drafts).number(r.properties_modseq);
    if (r.sort_order == 0 && r.unseen_drafts == 0 && r.properties_modseq.value == 0) return {Errc::corrupt, "bytes that are no mailbox record"};
  }
  return in.finish(std::move(r));
}

std::string encode(const BlockRecord& r) { return Encoder().number(r.messages).number(r.blocks).take(); }
Result<BlockRecord> decode_BlockRecord(std::string_view bytes) {
  BlockRecord r;
  Decoder in(bytes, "block record");
  in.number(r.messages).number(r.blocks);
  return in.finish(std::move(r));
}

std::string encode(const PieceRecord& r) {
  Encoder out;
  out.number(r.codec).number(r.size_bytes).number(r.generation);
  if (r.is_packed()) out.number(r.stored_bytes);
  return out.take();
}
Result<PieceRecord> decode_PieceRecord(std::string_view bytes) {
  PieceRecord r;
  Decoder in(bytes, "piece record");
  in.choice(r.codec, PieceRecord::Codec::raw, PieceRecord::Codec::flac).number(r.size_bytes).number(r.generation);
  if (r.is_packed()) in.number(r.stored_bytes);
  return in.finish(std::move(r));
}

std::string encode(const OrphanRecord& r) { return Encoder().number(r.generation).time(r.reclaim).take(); }
Result<OrphanRecord> decode_OrphanRecord(std::string_view bytes) {
  OrphanRecord r;
  Decoder in(bytes, "orphan record");
  in.number(r.generation).time(r.reclaim);
  return in.finish(std::move(r));
}

std::string encode(const AddressRecord& r) { return Encoder().number(r.account).take(); }
Result<AddressRecord> decode_AddressRecord(std::string_view bytes) {
  AddressRecord r;
  Decoder in(bytes, "address record");
  in.number(r.account);
  return in.finish(std::move(r));
}

std::string encode(const AccountListRecord& r) { return Encoder().time(r.created).text(r.address).take(); }
Result<AccountListRecord> decode_AccountListRecord(std::string_view bytes) {
  AccountListRecord r;
  Decoder in(bytes, "account list record");
  in.time(r.created).text(r.address);
  return in.finish(std::move(r));
}

std::string encode(const StoreRecord& r) {
  Encoder out;
  out.number(r.format).number(r.incarnation).text(r.id).time(r.created).time(r.latest);
  if (r.leap) out.time(*r.leap);
  return out.take();
}
Result<StoreRecord> decode_StoreRecord(std::string_view bytes) {
  StoreRecord r;
  Decoder in(bytes, "store record");
  in.number(r.format).number(r.incarnation).text(r.id).time(r.created).time(r.latest);
  if (in.more()) in.time(r.leap.emplace());
  return in.finish(std::move(r));
}

std::string encode(const CdrRecord& r) {
  return Encoder().number(r.event).time(r.time).text(r.id).number(r.kind).text(r.result).number(r.local)
      .number(r.size_bytes).text(r.address).text(r.other).text(r.network).text(r.trace).take();
}
Result<CdrRecord> decode_CdrRecord(std::string_view bytes) {
  CdrRecord r;
  Decoder in(bytes, "CDR");
  in.choice(r.event, CdrRecord::Event::delivery, CdrRecord::Event::sending).time(r.time).text(r.id)
      .choice(r.kind, Kind::email, Kind::text).text(r.result).number(r.local).number(r.size_bytes).text(r.address)
      .text(r.other).text(r.network).text(r.trace);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
