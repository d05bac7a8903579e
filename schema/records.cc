#include "schema/records.h"

#include <utility>

#include "schema/contact_records.h"
#include "schema/mail_job.h"
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

std::string_view name_of(Removal reason) {
  switch (reason) {
    case Removal::expunged: return "expunged";
    case Removal::expired: return "expired";
    case Removal::account_deleted: return "account_deleted";
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

namespace {

// What a message that only arrived does not have, so that its record does not carry it.
constexpr std::uint64_t kHasSeen = 1, kHasTrashed = 2, kHasDeparted = 4, kHasTier = 8, kHasCodec = 16, kHasAccessed = 32,
                        kHasParked = 64, kHasRestored = 128;

std::uint64_t later_fields(const MessageRecord& r) {
  return (r.seen ? kHasSeen : 0) | (r.trashed ? kHasTrashed : 0) | (r.departed ? kHasDeparted : 0) |
         (r.tier != Tier::online ? kHasTier : 0) | (r.codec != ContentCodec{} ? kHasCodec : 0) |
         (r.accessed ? kHasAccessed : 0) | (r.parked ? kHasParked : 0) | (r.restored ? kHasRestored : 0);
}

}  // namespace

std::string encode(const MessageRecord& r) {
  Encoder out;
  out.placements(r.placements).number(r.created).number(r.modseq).time(r.received).number(r.size_bytes)
      .list(r.segments, [](Encoder& each, const Segment& segment) {
        each.number(segment.size).number(segment.piece.has_value());
        if (segment.piece) each.digest(*segment.piece);
      });
  const std::uint64_t fields = later_fields(r);
  if (fields == 0) return out.take();
  out.number(fields);
  if (r.seen) out.time(*r.seen);
  if (r.trashed) out.time(*r.trashed);
  if (r.departed) out.number(r.departed->reason).time(r.departed->time);
  if (fields & kHasTier) {
    out.number(r.tier).number(r.archived.number).list(r.archived.parts, [](Encoder& each, const Digest& part) { each.digest(part); });
  }
  if (fields & kHasCodec) out.number(r.codec.kind).number(r.codec.dictionary);
  if (r.accessed) out.time(*r.accessed);
  if (r.parked) out.time(*r.parked);
  if (r.restored) out.time(*r.restored);
  return out.take();
}
Result<MessageRecord> decode_MessageRecord(std::string_view bytes) {
  MessageRecord r;
  Decoder in(bytes, "message record");
  in.placements(r.placements).number(r.created).number(r.modseq).time(r.received).number(r.size_bytes)
      .list(r.segments, [](Decoder& from, Segment& segment) {
        bool shared = false;
        from.number(segment.size).number(shared);
        if (shared) from.digest(segment.piece.emplace());
      });
  if (!in.more()) return in.finish(std::move(r));
  std::uint64_t fields = 0;
  in.number(fields);
  if (fields & kHasSeen) in.time(r.seen.emplace());
  if (fields & kHasTrashed) in.time(r.trashed.emplace());
  if (fields & kHasDeparted) {
    Departure& departed = r.departed.emplace();
    in.choice(departed.reason, Removal::expunged, Removal::account_deleted).time(departed.time);
  }
  if (fields & kHasTier) {
    in.choice(r.tier, Tier::online, Tier::archived).number(r.archived.number)
        .list(r.archived.parts, [](Decoder& from, Digest& part) { from.digest(part); });
  }
  if (fields & kHasCodec) {
    in.choice(r.codec.kind, ContentCodec::Kind::raw, ContentCodec::Kind::zstd).number(r.codec.dictionary);
  }
  if (fields & kHasAccessed) in.time(r.accessed.emplace());
  if (fields & kHasParked) in.time(r.parked.emplace());
  if (fields & kHasRestored) in.time(r.restored.emplace());
  if (fields != later_fields(r)) return {Errc::corrupt, "a message record with fields that are not known"};
  return in.finish(std::move(r));
}

std::string encode(const Summary& r) {
  Encoder out;
  const unsigned flags = (r.has_attachment ? 1u : 0u) | (r.sender_is_whole ? 2u : 0u);
  out.number(r.local).number(r.kind).number(r.importance).number(r.sensitivity).number(flags).number(r.created).number(r.modseq)
      .time(r.received).number(r.size_bytes).texts(r.keywords).text(r.from).text(r.from_name).text(r.subject).text(r.preview);
  out.number(r.duration.has_value());
  if (r.duration) out.number(static_cast<std::uint64_t>(r.duration->count()));
  out.number(r.pages.has_value());
  if (r.pages) out.number(*r.pages);
  return out.take();
}
Result<Summary> decode_Summary(std::string_view bytes) {
  Summary r;
  std::uint8_t flags = 0;
  Decoder in(bytes, "summary");
  in.number(r.local).choice(r.kind, Kind::email, Kind::text).choice(r.importance, Importance::normal, Importance::high)
      .choice(r.sensitivity, Sensitivity::none, Sensitivity::company).choice<std::uint8_t>(flags, 0, 3)
      .number(r.created).number(r.modseq).time(r.received).number(r.size_bytes).texts(r.keywords).text(r.from)
      .text(r.from_name).text(r.subject).text(r.preview);
  r.has_attachment = (flags & 1u) != 0;
  r.sender_is_whole = (flags & 2u) != 0;
  bool present = false;
  in.number(present);
  if (present) {
    std::int64_t millis = 0;
    in.number(millis);
    r.duration = Duration(millis);
  }
  in.number(present);
  if (present) in.number(r.pages.emplace());
  return in.finish(std::move(r));
}

std::string encode(const ChangeRecord& r) {
  return Encoder().number(r.what).number(r.id).number(r.created).placements(r.placements).number(r.reason)
      .time(r.time).take();
}
Result<ChangeRecord> decode_ChangeRecord(std::string_view bytes) {
  ChangeRecord r;
  Decoder in(bytes, "change record");
  in.choice(r.what, ChangeRecord::What::message, kAddressBookGone).number(r.id).number(r.created)
      .placements(r.placements).choice(r.reason, Removal::expunged, Removal::account_deleted).time(r.time);
  return in.finish(std::move(r));
}

std::string encode(const DeliveryKeyRecord& r) { return Encoder().number(r.local).time(r.expires).take(); }
Result<DeliveryKeyRecord> decode_DeliveryKeyRecord(std::string_view bytes) {
  DeliveryKeyRecord r;
  Decoder in(bytes, "delivery key record");
  in.number(r.local).time(r.expires);
  return in.finish(std::move(r));
}

std::string encode(const IntentRecord& r) {
  return Encoder().list(r.recipients, [](Encoder& out, const IntentRecord::Recipient& recipient) {
    out.number(recipient.message.account).number(recipient.message.local).text(recipient.address);
  }).text(r.delivery_key).number(r.request.ret).text(r.request.envid).number(r.request.require_tls).number(r.request.tls_optional)
      .list(r.recipients, [](Encoder& out, const IntentRecord::Recipient& recipient) {
    out.number(number_of(recipient.request.notify)).text(recipient.request.orcpt);
  }).take();
}
Result<IntentRecord> decode_IntentRecord(std::string_view bytes) {
  IntentRecord r;
  Decoder in(bytes, "intent record");
  in.list(r.recipients, [](Decoder& from, IntentRecord::Recipient& recipient) {
    from.number(recipient.message.account).number(recipient.message.local).text(recipient.address);
  }).text(r.delivery_key);
  if (!in.more()) return in.finish(std::move(r));  // written before requests were kept
  in.choice(r.request.ret, ReportReturn::unspecified, ReportReturn::headers).text(r.request.envid).number(r.request.require_tls)
      .number(r.request.tls_optional);
  std::vector<RecipientRequest> requests;
  in.list(requests, [](Decoder& from, RecipientRequest& request) {
    std::uint8_t notify = 0;
    from.number(notify).text(request.orcpt);
    request.notify = notify_from(notify);
  });
  if (requests.size() != r.recipients.size()) return {Errc::corrupt, "an intent record whose requests are not its recipients'"};
  for (std::size_t i = 0; i < requests.size(); ++i) r.recipients[i].request = std::move(requests[i]);
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
