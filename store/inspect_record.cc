#include "store/inspect_record.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/app_password.h"
#include "schema/hold_record.h"
#include "schema/lease_record.h"
#include "schema/audit_record.h"
#include "schema/visit_record.h"
#include "schema/dictionary_records.h"
#include "schema/kept_record.h"
#include "schema/mail_job.h"
#include "schema/message.h"
#include "schema/push_subscription_record.h"
#include "schema/redating_record.h"
#include "schema/upload_record.h"
#include "store/describer.h"
#include "transcoders/codec/coded.h"

namespace telepost::store {
namespace {

std::string_view name_of(schema::ChangeRecord::What what) {
  switch (what) {
    case schema::ChangeRecord::What::message: return "message";
    case schema::ChangeRecord::What::message_gone: return "message_gone";
    case schema::ChangeRecord::What::mailbox_gone: return "mailbox_gone";
    case schema::ChangeRecord::What::placement_gone: return "placement_gone";
    case schema::ChangeRecord::What::card_gone: return "card_gone";
    case schema::ChangeRecord::What::address_book_gone: return "address_book_gone";
  }
  return "";
}

std::string_view name_of(schema::PieceRecord::Codec codec) {
  switch (codec) {
    case schema::PieceRecord::Codec::raw: return "raw";
    case schema::PieceRecord::Codec::dense: return "dense";
    case schema::PieceRecord::Codec::zstd: return "zstd";
    case schema::PieceRecord::Codec::flac: return "flac";
  }
  return "unknown";
}
std::string_view name_of(schema::CdrRecord::Event event) {
  switch (event) {
    case schema::CdrRecord::Event::delivery: return "delivery";
    case schema::CdrRecord::Event::retrieval: return "retrieval";
    case schema::CdrRecord::Event::notification: return "notification";
    case schema::CdrRecord::Event::call: return "call";
    case schema::CdrRecord::Event::sms_segment: return "sms_segment";
    case schema::CdrRecord::Event::mms: return "mms";
    case schema::CdrRecord::Event::fax_page: return "fax_page";
    case schema::CdrRecord::Event::sending: return "sending";
  }
  return "";
}

}  // namespace

bool describe_account(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_AccountRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("state", schema::name_of(r->state)).time("created", r->created).text("class", r->class_of_service)
      .texts("addresses", r->addresses).text("name", r->name).flag("password", !r->password.empty());
  return true;
}

bool describe_head(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_HeadRecord(bytes);
  if (!r.ok()) return false;
  Describer out(fields);
  out.number("modseq", r->modseq).number("floor", r->floor).number("next_mailbox", r->next_mailbox)
      .number("next_uidvalidity", r->next_uidvalidity).time("earliest_hint", r->earliest_hint).time("trim_due", r->trim_due)
      .number("cdr_hint", r->cdr_hint).number("cdr_sequence", r->cdr_sequence);
  if (r->kept.messages > 0) out.number("kept", r->kept.messages).number("kept_bytes", r->kept.bytes).number("parked", r->parked.messages);
  if (r->purge_due) out.time("purge_due", r->purge_due);
  if (r->indexed.value > 0) out.number("indexed", r->indexed);
  for (std::size_t kind = 1; kind < r->usage.size(); ++kind) {
    const schema::Usage& usage = r->usage[kind];
    if (usage.messages == 0 && usage.bytes == 0) continue;
    out.text(schema::name_of(static_cast<schema::Kind>(kind)), std::to_string(usage.messages) + " messages, " + std::to_string(usage.bytes) + " bytes");
  }
  return true;
}

bool describe_mailbox(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_MailboxRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("id", r->id).number("parent", r->parent).text("name", r->name).text("role", schema::name_of(r->role))
      .flag("subscribed", r->subscribed).number("uidvalidity", r->uidvalidity).number("uidnext", r->uidnext)
      .number("messages", r->messages).number("unseen", r->unseen).number("bytes", r->bytes)
      .number("created_modseq", r->created_modseq).number("modseq", r->modseq)
      .number("front_block_messages", r->front.block_messages).number("front_group_messages", r->front.group_messages)
      .number("front_group_blocks", r->front.group_blocks).hex("front_newest", r->front.newest)
      .hex("front_block_upper", r->front.block_upper).hex("front_group_upper", r->front.group_upper)
      .number("sort_order", r->sort_order).number("unseen_drafts", r->unseen_drafts).number("properties_modseq", r->properties_modseq);
  return true;
}

bool describe_block(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_BlockRecord(bytes);
  if (r.ok()) Describer(fields).number("messages", r->messages).number("blocks", r->blocks);
  return r.ok();
}

bool describe_message(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_MessageRecord(bytes);
  if (!r.ok()) return false;
  std::vector<std::string> segments;
  for (const schema::Segment& segment : r->segments) {
    segments.push_back(std::to_string(segment.size) + (segment.piece ? ":" + to_hex(*segment.piece) : std::string(":inline")));
  }
  Describer(fields).placements(r->placements).number("created", r->created).number("modseq", r->modseq).time("received", r->received)
      .number("size", r->size_bytes).texts("segments", segments);
  Describer out(fields);
  if (r->seen) out.time("seen", r->seen);
  if (r->trashed) out.time("trashed", r->trashed);
  if (r->departed) out.text("departed", name_of(r->departed->reason)).time("departed_at", r->departed->time);
  if (r->tier == schema::Tier::archived) out.number("archived", r->archived.number).number("archived_parts", r->archived.parts.size());
  if (r->codec != schema::ContentCodec{}) out.number("codec", static_cast<unsigned>(r->codec.kind)).number("dictionary", r->codec.dictionary);
  if (r->accessed) out.time("accessed", r->accessed);
  if (r->parked) out.time("parked", r->parked);
  return true;
}

bool describe_summary(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_Summary(bytes);
  if (!r.ok()) return false;
  Describer out(fields);
  out.number("local", r->local).text("kind", schema::name_of(r->kind)).text("importance", schema::name_of(r->importance))
      .text("sensitivity", schema::name_of(r->sensitivity)).flag("has_attachment", r->has_attachment).flag("sender_is_whole", r->sender_is_whole).number("created", r->created)
      .number("modseq", r->modseq).time("received", r->received).number("size", r->size_bytes).texts("keywords", r->keywords)
      .text("from", r->from).size("from_name", r->from_name).size("subject", r->subject).size("preview", r->preview);
  if (r->duration) out.number("duration_ms", r->duration->count());
  if (r->pages) out.number("pages", *r->pages);
  return true;
}

bool describe_kept(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_KeptRecord(bytes);
  if (!r.ok()) return false;
  std::vector<std::string> places;
  for (const auto& place : r->places) places.push_back(std::to_string(place.mailbox.value));
  Describer(fields).text("reason", name_of(r->departed.reason)).time("departed", r->departed.time).texts("mailboxes", places);
  if (r->hold != 0) Describer(fields).number("hold", r->hold);
  return describe_summary(schema::encode(r->summary), fields);
}

bool describe_change(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_ChangeRecord(bytes);
  if (!r.ok()) return false;
  Describer out(fields);
  out.text("what", name_of(r->what)).number("id", r->id).number("created", r->created).placements(r->placements);
  if (r->gone()) out.text("reason", name_of(r->reason)).time("time", r->time);
  if (r->reach != schema::Reach::all_clients) out.text("reach", name_of(r->reach));
  return true;
}

bool describe_delivery_key(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_DeliveryKeyRecord(bytes);
  if (r.ok()) Describer(fields).number("local", r->local).time("expires", r->expires);
  return r.ok();
}

bool describe_app_password(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_AppPasswordRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("name", r->name).time("created", r->created).list("scopes", names_of(r->scopes), [](std::string_view name) { return name; });
  return true;
}

bool describe_push_subscription(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_PushSubscriptionRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("device", r->device).time("created", r->created).time("expires", r->expires).time("due", r->due)
      .flag("asked", r->is_asked).flag("verified", r->is_verified).texts("types", r->types.value_or(std::vector<std::string>{"*"}))
      .number("told", r->told.modseq);
  return true;
}

bool describe_upload(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_UploadRecord(bytes);
  if (r.ok()) Describer(fields).number("size_bytes", r->size_bytes).text("type", r->type).time("created", r->created).time("expires", r->expires);
  return r.ok();
}

bool describe_intent(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_IntentRecord(bytes);
  if (!r.ok()) return false;
  std::vector<std::string> recipients;
  for (const auto& recipient : r->recipients) recipients.push_back(recipient.address + " " + to_string(recipient.message));
  Describer(fields).texts("recipients", recipients).flag("delivery_key", !r->delivery_key.empty());
  return true;
}

bool describe_piece(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_PieceRecord(bytes);
  if (!r.ok()) return false;
  Describer out(fields);
  out.text("codec", name_of(r->codec)).number("size", r->size_bytes).number("generation", r->generation);
  if (r->is_packed()) out.number("stored", r->stored_bytes);
  return true;
}

bool describe_packed(std::string_view bytes, Fields& fields) {
  const auto facts = transcoders::codec::read_coded_facts(bytes);
  if (!facts.ok()) return false;
  Describer(fields).size("stored", bytes).number("size", facts->size).number("dictionary", facts->dictionary).flag("flac", facts->flac);
  return true;
}

bool describe_dictionaries(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_DictionarySetRecord(bytes);
  if (!r.ok()) return false;
  Describer out(fields);
  out.number("next", r->next);
  for (std::size_t kind = 1; kind < r->kinds.size(); ++kind) {
    if (r->kinds[kind].current != 0) out.number(schema::name_of(static_cast<schema::Kind>(kind)), r->kinds[kind].current);
  }
  return true;
}

bool describe_dictionary(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_DictionaryRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("kind", schema::name_of(r->kind)).time("created", r->created).number("accounts", r->accounts)
      .number("samples", r->samples).number("size", r->size_bytes).hex("digest", r->digest.view());
  return true;
}

bool describe_orphan(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_OrphanRecord(bytes);
  if (r.ok()) Describer(fields).number("generation", r->generation).time("reclaim", r->reclaim);
  return r.ok();
}

bool describe_address(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_AddressRecord(bytes);
  if (r.ok()) Describer(fields).text("account", to_string(r->account));
  return r.ok();
}

bool describe_listed(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_AccountListRecord(bytes);
  if (r.ok()) Describer(fields).time("created", r->created).text("address", r->address);
  return r.ok();
}

bool describe_redating(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_RedatingRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("classes", r->classes).text("after", to_string(r->after)).number("done", r->done);
  return true;
}

bool describe_store(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_StoreRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("format", r->format).number("incarnation", r->incarnation).hex("id", r->id).time("created", r->created)
      .time("latest", r->latest).time("leap", r->leap);
  return true;
}

bool describe_audit(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_AuditRecord(bytes);
  if (!r.ok()) return false;
  std::vector<std::string> messages;
  for (const schema::LocalId local : r->messages) messages.push_back(to_string(schema::MessageId{r->account, local}));
  Describer(fields).text("action", schema::name_of(r->action)).time("time", r->time).text("account", to_string(r->account))
      .text("policy", r->policy).text("reason", r->reason).texts("messages", messages);
  return true;
}

bool describe_visit(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_VisitRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("event", schema::name_of(r->event)).text("result", schema::name_of(r->result)).time("time", r->time)
      .number("visit", r->visit).text("listener", r->listener).text("peer", r->peer).text("account", to_string(r->account)).text("name", r->name)
      .text("method", r->method).text("reason", r->reason).time("begun", r->begun).number("bytes_in", r->bytes_in).number("bytes_out", r->bytes_out);
  return true;
}

bool describe_hold(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_HoldRecord(bytes);
  if (r.ok()) Describer(fields).text("state", r->state == schema::HoldRecord::State::active ? "active" : "releasing").text("about", to_string(*r)).text("reason", r->reason);
  return r.ok();
}

bool describe_lease(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_LeaseRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("owner", r->owner).number("epoch", r->epoch).number("renewal", r->renewal)
      .number("length_ms", r->length.count()).time("until", r->until);
  return true;
}

bool describe_cdr(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_CdrRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).text("event", name_of(r->event)).time("time", r->time).hex("id", r->id).text("kind", schema::name_of(r->kind))
      .text("result", r->result).number("local", r->local).number("size", r->size_bytes).text("address", r->address)
      .text("other", r->other).text("network", r->network).text("trace", r->trace);
  return true;
}

bool describe_mailbox_number(std::string_view bytes, Fields& fields) {
  if (bytes.size() == 4) Describer(fields).number("mailbox", ByteReader(bytes).u32());
  return bytes.size() == 4;
}

bool describe_account_number(std::string_view bytes, Fields& fields) {
  if (bytes.size() == 8) Describer(fields).text("account", to_string(schema::AccountId{ByteReader(bytes).u64()}));
  return bytes.size() == 8;
}

bool describe_digests(std::string_view bytes, Fields& fields) {
  if (bytes.empty()) return true;
  if (const auto report = schema::decode_ReportRecord(bytes); report.ok()) {
    std::vector<std::string> recipients;
    for (const auto& recipient : report->recipients) recipients.push_back(recipient.address);
    Describer(fields).text("report", name_of(report->state)).text("to", report->to).texts("recipients", recipients);
    return true;
  }
  if (is_valid_utf8(bytes) && bytes.find(':') != std::string_view::npos) {
    Describer(fields).text("address", bytes);
    return true;
  }
  std::vector<std::string> digests;
  for (std::size_t at = 0; at < bytes.size(); at += 32) digests.push_back(to_hex(bytes.substr(at, 32)));
  Describer(fields).texts("pieces", digests);
  return bytes.size() % 32 == 0;
}

bool describe_link(std::string_view bytes, Fields& fields) {
  if (bytes.size() == 8) Describer(fields).text("check", to_rfc3339(from_millis(static_cast<std::int64_t>(ByteReader(bytes).u64()))));
  return bytes.size() == 8;
}

bool describe_size(std::string_view bytes, Fields& fields) {
  Describer(fields).number("size", bytes.size());
  return true;
}

bool describe_messages(std::string_view bytes, Fields& fields) {
  std::vector<std::string> messages;
  for (ByteReader reader(bytes); reader.rest().size() >= 16;) {
    const schema::AccountId account{reader.u64()};
    messages.push_back(to_string(schema::MessageId{account, {reader.u64()}}));
  }
  if (!messages.empty()) Describer(fields).texts("messages", messages);
  return bytes.size() % 16 == 0;
}

bool describe_nothing(std::string_view bytes, Fields&) { return bytes.empty(); }

bool describe_hex(std::string_view bytes, Fields& fields) {
  Describer(fields).hex("bytes", bytes);
  return true;
}

}  // namespace telepost::store
