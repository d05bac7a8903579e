#include "schema/message_records.h"

#include <utility>

#include "schema/mail_job.h"
#include "schema/record_codec.h"

namespace telepost::schema {

std::string_view name_of(Removal reason) {
  switch (reason) {
    case Removal::expunged: return "expunged";
    case Removal::expired: return "expired";
    case Removal::account_deleted: return "account_deleted";
  }
  return "";
}

std::string_view name_of(Reach reach) { return reach == Reach::server_only ? "server_only" : "all_clients"; }

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
  Encoder out;
  out.number(r.what).number(r.id).number(r.created).placements(r.placements).number(r.reason).time(r.time);
  if (r.reach != Reach::all_clients) out.number(r.reach);
  return out.take();
}
Result<ChangeRecord> decode_ChangeRecord(std::string_view bytes) {
  ChangeRecord r;
  Decoder in(bytes, "change record");
  in.choice(r.what, ChangeRecord::What::message, ChangeRecord::What::address_book_gone).number(r.id).number(r.created)
      .placements(r.placements).choice(r.reason, Removal::expunged, Removal::account_deleted).time(r.time);
  if (in.more()) in.choice(r.reach, Reach::server_only, Reach::server_only);
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

}  // namespace telepost::schema
