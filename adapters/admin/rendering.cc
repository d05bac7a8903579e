#include "adapters/admin/rendering.h"

#include "transcoders/mime/body.h"
#include "transcoders/mime/fields.h"

namespace telepost::adapters::admin {
namespace {

using namespace schema;

double seconds_of(Duration duration) { return static_cast<double>(duration.count()) / 1000.0; }

void put_text(Json& object, const char* name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

template <typename Number>
void put_number(Json& object, const char* name, const std::optional<Number>& value) {
  if (value) object[name] = *value;
}

void put_duration(Json& object, const std::optional<Duration>& duration) {
  if (duration) object["duration"] = seconds_of(*duration);
}

struct FactsToJson {
  Json operator()(const std::monostate&) const { return nullptr; }
  Json operator()(const VoiceFacts& facts) const {
    Json object = Json::object();
    put_duration(object, facts.duration);
    put_text(object, "caller", facts.caller);
    put_text(object, "called", facts.called);
    put_text(object, "redirected_from", facts.redirected_from);
    put_text(object, "reason", facts.reason);
    put_text(object, "presentation", facts.presentation);
    put_text(object, "codec", facts.codec);
    put_text(object, "call_id", facts.call_id);
    if (facts.start) object["start"] = to_rfc3339(*facts.start);
    return object;
  }
  Json operator()(const FaxFacts& facts) const {
    Json object = Json::object();
    put_number(object, "pages", facts.pages);
    put_text(object, "resolution", facts.resolution);
    put_text(object, "remote_id", facts.remote_id);
    put_text(object, "caller", facts.caller);
    put_text(object, "called", facts.called);
    put_text(object, "result", facts.result);
    put_text(object, "call_id", facts.call_id);
    return object;
  }
  Json operator()(const SmsFacts& facts) const {
    Json object = Json::object();
    put_text(object, "coding", facts.coding);
    put_number(object, "reference", facts.reference);
    object["segments"] = facts.segments;
    object["segments_missing"] = facts.segments_missing;
    put_text(object, "caller", facts.caller);
    put_text(object, "called", facts.called);
    return object;
  }
  Json operator()(const VideoFacts& facts) const {
    Json object = Json::object();
    put_text(object, "codec", facts.codec);
    put_number(object, "width", facts.width);
    put_number(object, "height", facts.height);
    put_duration(object, facts.duration);
    put_text(object, "caller", facts.caller);
    put_text(object, "called", facts.called);
    return object;
  }
};

// Flat, in the order of the tree: the section number tells the depth.
void append_parts(Json& list, const Part& part) {
  Json object = {{"part", part.id}, {"type", part.type}};
  put_text(object, "charset", part.charset);
  put_text(object, "disposition", part.disposition);
  put_text(object, "filename", part.filename);
  object["encoding"] = part.encoding;
  object["offset"] = part.body.offset;
  object["size"] = part.body.size;
  if (part.digest) object["sha256"] = to_hex(*part.digest);
  list.push_back(std::move(object));
  for (const Part& child : part.children) append_parts(list, child);
}

Json usage_of(const HeadRecord& head, Usage& total) {
  Json usage = Json::object();
  for (std::size_t kind = 1; kind < kKinds; ++kind) {
    const Usage& one = head.usage[kind];
    if (one.messages == 0) continue;
    total.messages += one.messages;
    total.bytes += one.bytes;
    usage[std::string(name_of(static_cast<Kind>(kind)))] = {{"messages", one.messages}, {"size", one.bytes}};
  }
  return usage;
}

}  // namespace

Json to_json(const store::Account& account) {
  Usage total;
  Json usage = usage_of(account.head, total);
  return {{"id", to_string(account.id)},
          {"state", name_of(account.profile.state)},
          {"class", account.profile.class_of_service},
          {"addresses", account.profile.addresses},
          {"name", account.profile.name},
          {"password", !account.profile.password.empty()},
          {"created", to_rfc3339(account.profile.created)},
          {"modseq", account.head.modseq.value},
          {"messages", total.messages},
          {"size", total.bytes},
          {"kinds", std::move(usage)}};
}

Json to_json(const store::MailboxInTree& mailbox) {
  const MailboxRecord& record = mailbox.record;
  return {{"mailbox", mailbox.path},           {"id", record.id.value},
          {"role", name_of(record.role)},      {"messages", record.messages},
          {"unseen", record.unseen},           {"size", record.bytes},
          {"uidvalidity", record.uidvalidity}, {"uidnext", record.uidnext.value},
          {"modseq", record.modseq.value},     {"subscribed", record.subscribed}};
}

Json to_json(AccountId account, std::string_view mailbox_path, const store::Listed& listed) {
  const Summary& summary = listed.summary;
  Json object = {{"id", to_string(MessageId{account, summary.local})},
                 {"uid", listed.uid.value},
                 {"mailbox", mailbox_path},
                 {"kind", name_of(summary.kind)},
                 {"from", summary.from},
                 {"from_name", summary.from_name},
                 {"subject", summary.subject},
                 {"received", to_rfc3339(summary.received)},
                 {"size", summary.size_bytes},
                 {"flags", summary.keywords},
                 {"importance", name_of(summary.importance)},
                 {"sensitivity", name_of(summary.sensitivity)},
                 {"attachment", summary.has_attachment},
                 {"preview", summary.preview},
                 {"modseq", summary.modseq.value}};
  put_duration(object, summary.duration);
  put_number(object, "pages", summary.pages);
  return object;
}

void add_document(Json& object, const Document& document) {
  object["sha256"] = to_hex(document.digest);
  object["trace_size"] = document.trace_size_bytes;
  object["envelope"] = {{"from", document.envelope.from}, {"to", document.envelope.to}};
  Json origin = {{"network", document.origin.network}};
  put_text(origin, "peer", document.origin.peer);
  put_text(origin, "peer_name", document.origin.peer_name);
  put_text(origin, "trace", document.origin.trace);
  if (document.origin.identity) origin["identity"] = *document.origin.identity;
  object["origin"] = std::move(origin);
  if (Json facts = std::visit(FactsToJson{}, document.facts); !facts.is_null())
    object["facts"] = std::move(facts);
  object["parts"] = Json::array();
  append_parts(object["parts"], document.root);
  object["defects"] = document.defects;
}

Result<void> add_rendition(Json& object, const Part& root, const transcoders::mime::ReadRange& read) {
  namespace mime = transcoders::mime;
  TELEPOST_ASSIGN(const mime::PlainText text, mime::plain_text(root, read));
  const std::string_view shown = mime::truncate_utf8(text.text, kShownTextBytes);
  object["text"] = shown;
  if (text.truncated || shown.size() < text.text.size()) object["text_truncated"] = true;
  Json attachments = Json::array();
  for (const mime::Attachment& each : mime::attachments_of(root)) {
    attachments.push_back({{"part", each.part->id}, {"name", each.name}, {"type", each.part->type}, {"size", each.part->body.size}});
  }
  object["attachments"] = std::move(attachments);
  return {};
}

}  // namespace telepost::adapters::admin
