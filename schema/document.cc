#include "schema/document.h"

#include "base/bytes.h"
#include "schema/document_builder.h"
#include "schema/quantity.h"
#include "schema/xml/grammar.h"
#include "schema/xml/writer.h"

namespace telepost::schema {
namespace {

using xml::Writer;

void write_envelope(Writer& writer, const Envelope& envelope) {
  writer.open("envelope").attribute("from", envelope.from);
  for (const std::string& to : envelope.to) writer.open("to").attribute("address", to).close();
  writer.close();
}

void write_origin(Writer& writer, const Origin& origin) {
  writer.open("origin").attribute("network", origin.network);
  writer.attribute_unless_empty("peer", origin.peer).attribute_unless_empty("peer-name", origin.peer_name);
  writer.attribute_unless_empty("trace", origin.trace);
  if (origin.identity) writer.attribute("identity", *origin.identity);
  writer.close();
}

void write_header(Writer& writer, const std::vector<HeaderField>& fields) {
  if (fields.empty()) return;
  writer.open("header");
  for (const HeaderField& field : fields) {
    writer.open("field").attribute("name", field.name).text(field.value).close();
  }
  writer.close();
}

void write_part(Writer& writer, const Part& part) {
  writer.open("part").attribute("id", part.id).attribute("type", part.type);
  writer.attribute_unless_empty("charset", part.charset)
      .attribute_unless_empty("disposition", part.disposition);
  writer.attribute_unless_empty("filename", part.filename).attribute_unless_empty("encoding", part.encoding);
  writer.attribute_unless_empty("content-id", part.content_id);
  writer.attribute("header-offset", part.header.offset).attribute("header-size", part.header.size);
  writer.attribute("body-offset", part.body.offset).attribute("body-size", part.body.size);
  if (part.lines != 0) writer.attribute("lines", part.lines);
  if (part.digest) writer.plain_attribute("digest", to_hex(*part.digest));
  for (const Part& child : part.children) write_part(writer, child);
  writer.close();
}

template <typename Number>
void write_number(Writer& writer, std::string_view name, const std::optional<Number>& value) {
  if (value) writer.attribute(name, std::uint64_t{*value});
}
void write_duration(Writer& writer, const std::optional<Duration>& duration) {
  if (duration) writer.plain_attribute("duration", to_iso8601(*duration));
}

// One per alternative of Facts.
struct FactsWriter {
  Writer& writer;
  void operator()(std::monostate) const {}
  void operator()(const VoiceFacts& voice) const {
    writer.open("voice");
    write_duration(writer, voice.duration);
    writer.attribute_unless_empty("caller", voice.caller).attribute_unless_empty("called", voice.called);
    writer.attribute_unless_empty("redirected-from", voice.redirected_from);
    writer.attribute_unless_empty("reason", voice.reason);
    writer.attribute_unless_empty("presentation", voice.presentation)
        .attribute_unless_empty("codec", voice.codec);
    writer.attribute_unless_empty("call-id", voice.call_id);
    if (voice.start) writer.plain_attribute("start", to_rfc3339(*voice.start));
    writer.close();
  }
  void operator()(const FaxFacts& fax) const {
    writer.open("fax");
    write_number(writer, "pages", fax.pages);
    writer.attribute_unless_empty("resolution", fax.resolution)
        .attribute_unless_empty("remote-id", fax.remote_id);
    writer.attribute_unless_empty("caller", fax.caller).attribute_unless_empty("called", fax.called);
    writer.attribute_unless_empty("result", fax.result)
        .attribute_unless_empty("call-id", fax.call_id)
        .close();
  }
  void operator()(const SmsFacts& sms) const {
    writer.open("sms").attribute_unless_empty("coding", sms.coding);
    write_number(writer, "reference", sms.reference);
    writer.attribute("segments", sms.segments);
    if (sms.segments_missing != 0) writer.attribute("segments-missing", sms.segments_missing);
    writer.attribute_unless_empty("caller", sms.caller).attribute_unless_empty("called", sms.called).close();
  }
  void operator()(const VideoFacts& video) const {
    writer.open("video").attribute_unless_empty("codec", video.codec);
    write_number(writer, "width", video.width);
    write_number(writer, "height", video.height);
    write_duration(writer, video.duration);
    writer.attribute_unless_empty("caller", video.caller)
        .attribute_unless_empty("called", video.called)
        .close();
  }
};

void write_defects(Writer& writer, const std::vector<std::string>& defects) {
  if (defects.empty()) return;
  writer.open("defects");
  for (const std::string& defect : defects) writer.element("defect", defect);
  writer.close();
}

std::size_t expected_size(const Document& document) {
  std::size_t size = 2048 + document.subject.size() + document.preview.size();
  for (const HeaderField& field : document.fields) size += field.name.size() + field.value.size() + 48;
  return size;
}

void write_head(Writer& writer, const Document& document) {
  writer.open("document").plain_attribute("xmlns", kMessageNamespace);
  writer.plain_attribute("id", to_string(document.id)).plain_attribute("kind", name_of(document.kind));
  writer.plain_attribute("received", to_rfc3339(document.received));
  writer.attribute("size", document.size_bytes).attribute("trace-size", document.trace_size_bytes);
  writer.plain_attribute("digest", to_hex(document.digest));
  if (document.importance != Importance::normal)
    writer.plain_attribute("importance", name_of(document.importance));
  if (document.sensitivity != Sensitivity::none)
    writer.plain_attribute("sensitivity", name_of(document.sensitivity));
}

}  // namespace

std::string write_document(const Document& document) {
  std::string out;
  out.reserve(expected_size(document));
  Writer writer(out);
  write_head(writer, document);
  write_envelope(writer, document.envelope);
  write_origin(writer, document.origin);
  if (!document.subject.empty()) writer.element("subject", document.subject);
  if (!document.preview.empty()) writer.element("preview", document.preview);
  write_header(writer, document.fields);
  write_part(writer, document.root);
  std::visit(FactsWriter{writer}, document.facts);
  write_defects(writer, document.defects);
  writer.close();
  return out;
}

Result<Document> read_document(std::string_view xml) {
  DocumentBuilder builder;
  TELEPOST_TRY(xml::parse(xml, document_limits(), builder));
  return std::move(builder).take();
}

Result<void> validate_document(std::string_view xml) {
  return xml::validate(xml, document_limits(), xml::message_grammar());
}

}  // namespace telepost::schema
