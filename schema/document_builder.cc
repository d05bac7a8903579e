#include "schema/document_builder.h"

#include <charconv>

#include "base/bytes.h"
#include "schema/document.h"
#include "schema/quantity.h"

namespace telepost::schema {
namespace {

using xml::Attributes;
using xml::Element;

Error unexpected(const Element& element) {
  return {Errc::invalid,
          "<" + element.name.substr(0, 40) + "> of '" + element.uri.substr(0, 80) + "' has no place here"};
}

// Gives what `parse` makes of the attribute, or fails the element and gives a default.
template <typename T>
T taken(Attributes& attributes, Result<T> parsed) {
  if (parsed.ok()) return std::move(parsed).value();
  attributes.fail(parsed.error().detail);
  return T{};
}

std::optional<std::uint32_t> take_optional_u32(Attributes& attributes, std::string_view name) {
  const auto text = attributes.take(name);
  if (!text) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    attributes.fail("the attribute " + std::string(name) + " is no number of 32 bits");
  }
  return value;
}

std::optional<Duration> take_duration(Attributes& attributes) {
  const auto text = attributes.take("duration");
  if (!text) return std::nullopt;
  return taken(attributes, duration_from(*text));
}

VoiceFacts take_voice(Attributes& attributes) {
  VoiceFacts voice;
  voice.duration = take_duration(attributes);
  voice.caller = attributes.take_or_empty("caller");
  voice.called = attributes.take_or_empty("called");
  voice.redirected_from = attributes.take_or_empty("redirected-from");
  voice.reason = attributes.take_or_empty("reason");
  voice.presentation = attributes.take_or_empty("presentation");
  voice.codec = attributes.take_or_empty("codec");
  voice.call_id = attributes.take_or_empty("call-id");
  if (const auto start = attributes.take("start")) voice.start = taken(attributes, from_rfc3339(*start));
  return voice;
}

FaxFacts take_fax(Attributes& attributes) {
  FaxFacts fax;
  fax.pages = take_optional_u32(attributes, "pages");
  fax.resolution = attributes.take_or_empty("resolution");
  fax.remote_id = attributes.take_or_empty("remote-id");
  fax.caller = attributes.take_or_empty("caller");
  fax.called = attributes.take_or_empty("called");
  fax.result = attributes.take_or_empty("result");
  fax.call_id = attributes.take_or_empty("call-id");
  return fax;
}

SmsFacts take_sms(Attributes& attributes) {
  SmsFacts sms;
  sms.coding = attributes.take_or_empty("coding");
  sms.reference = take_optional_u32(attributes, "reference");
  sms.segments = take_u32(attributes, "segments");
  sms.segments_missing = take_optional_u32(attributes, "segments-missing").value_or(0);
  sms.caller = attributes.take_or_empty("caller");
  sms.called = attributes.take_or_empty("called");
  return sms;
}

VideoFacts take_video(Attributes& attributes) {
  VideoFacts video;
  video.codec = attributes.take_or_empty("codec");
  video.width = take_optional_u32(attributes, "width");
  video.height = take_optional_u32(attributes, "height");
  video.duration = take_duration(attributes);
  video.caller = attributes.take_or_empty("caller");
  video.called = attributes.take_or_empty("called");
  return video;
}

Origin take_origin(Attributes& attributes) {
  Origin origin;
  origin.network = attributes.take_required("network");
  origin.peer = attributes.take_or_empty("peer");
  origin.peer_name = attributes.take_or_empty("peer-name");
  origin.trace = attributes.take_or_empty("trace");
  origin.identity = attributes.take("identity");
  return origin;
}

bool is_space(std::string_view text) {
  return trim(text).empty();
}

}  // namespace

xml::Limits document_limits() {
  xml::Limits limits;
  limits.bytes = kMaxDocumentBytes;
  limits.token_bytes = kMaxDocumentBytes;
  limits.depth = kMaxPartDepth + 8;
  limits.elements = kMaxDocumentElements;
  return limits;
}

Time take_time(Attributes& attributes, std::string_view name) {
  return taken(attributes, from_rfc3339(attributes.take_required(name)));
}
Digest take_digest(Attributes& attributes, std::string_view name) {
  return taken(attributes, digest_from_hex(attributes.take_required(name)));
}
MessageId take_message_id(Attributes& attributes, std::string_view name) {
  return taken(attributes, message_id_from(attributes.take_required(name)));
}
std::uint32_t take_u32(Attributes& attributes, std::string_view name) {
  const auto value = take_optional_u32(attributes, name);
  if (!value) attributes.fail("the attribute " + std::string(name) + " is missing");
  return value.value_or(0);
}

Result<void> Budget::spend(const Element& element) {
  if (++elements_ > kMaxDocumentElements) return {Errc::too_large, "the document has too many elements"};
  for (const xml::Attribute& attribute : element.attributes) TELEPOST_TRY(spend(attribute.value));
  return {};
}
Result<void> Budget::spend(std::string_view text) {
  bytes_ += text.size();
  if (bytes_ > kMaxDocumentBytes) return {Errc::too_large, "the document is too large"};
  return {};
}

Result<DocumentBuilder::Place> DocumentBuilder::in_order(unsigned rank, Place place) {
  if (seen_ >> rank != 0)
    return {Errc::invalid, "the document's elements are out of order, or one stands twice"};
  seen_ |= 1U << rank;
  return place;
}

Result<DocumentBuilder::Place> DocumentBuilder::enter_document(const Element& element) {
  const std::string& name = element.name;
  if (name == "envelope") return in_order(1, Place::envelope);
  if (name == "origin") return in_order(2, Place::origin);
  if (name == "subject") return in_order(3, Place::subject);
  if (name == "preview") return in_order(4, Place::preview);
  if (name == "header") return in_order(5, Place::header);
  if (name == "part") return in_order(6, Place::part);
  if (name == "voice" || name == "fax" || name == "sms" || name == "video") return in_order(7, Place::facts);
  if (name == "defects") return in_order(8, Place::defects);
  return unexpected(element);
}

Result<DocumentBuilder::Place> DocumentBuilder::enter(const Element& element) {
  if (element.uri != kMessageNamespace) return unexpected(element);
  if (open_.empty() && !done_ && element.name == "document") return Place::document;
  if (open_.empty()) return unexpected(element);
  switch (open_.back()) {
    case Place::document:
      return enter_document(element);
    case Place::envelope:
      if (element.name == "to") return Place::to;
      break;
    case Place::header:
      if (element.name == "field") return Place::field;
      break;
    case Place::part:
      if (element.name == "part") return Place::part;
      break;
    case Place::defects:
      if (element.name == "defect") return Place::defect;
      break;
    case Place::to:
    case Place::origin:
    case Place::subject:
    case Place::preview:
    case Place::field:
    case Place::facts:
    case Place::defect:
      break;
  }
  return unexpected(element);
}

void DocumentBuilder::read_head(Attributes& attributes) {
  document_.id = take_message_id(attributes, "id");
  document_.kind = taken(attributes, kind_from(attributes.take_required("kind")));
  document_.received = take_time(attributes, "received");
  document_.size_bytes = attributes.take_number("size");
  document_.trace_size_bytes = attributes.take_number("trace-size");
  document_.digest = take_digest(attributes, "digest");
  if (const auto name = attributes.take("importance"))
    document_.importance = taken(attributes, importance_from(*name));
  if (const auto name = attributes.take("sensitivity"))
    document_.sensitivity = taken(attributes, sensitivity_from(*name));
}

Result<void> DocumentBuilder::read_part(Attributes& attributes) {
  if (parts_.size() >= kMaxPartDepth) return {Errc::too_large, "parts lie too deep inside each other"};
  Part& part = parts_.empty() ? document_.root : parts_.back()->children.emplace_back();
  part.id = attributes.take_required("id");
  part.type = attributes.take_required("type");
  part.charset = attributes.take_or_empty("charset");
  part.disposition = attributes.take_or_empty("disposition");
  part.filename = attributes.take_or_empty("filename");
  part.encoding = attributes.take_or_empty("encoding");
  part.content_id = attributes.take_or_empty("content-id");
  part.header = {attributes.take_number("header-offset"), attributes.take_number("header-size")};
  part.body = {attributes.take_number("body-offset"), attributes.take_number("body-size")};
  part.lines = take_optional_u32(attributes, "lines").value_or(0);
  if (const auto hex = attributes.take("digest")) part.digest = taken(attributes, digest_from_hex(*hex));
  parts_.push_back(&part);
  return {};
}

void DocumentBuilder::read_facts(std::string_view name, Attributes& attributes) {
  if (name == "voice") document_.facts = take_voice(attributes);
  if (name == "fax") document_.facts = take_fax(attributes);
  if (name == "sms") document_.facts = take_sms(attributes);
  if (name == "video") document_.facts = take_video(attributes);
}

Result<void> DocumentBuilder::read(Place place, const Element& element) {
  Attributes attributes(element);
  switch (place) {
    case Place::document:
      read_head(attributes);
      break;
    case Place::envelope:
      document_.envelope.from = attributes.take_required("from");
      break;
    case Place::to:
      document_.envelope.to.push_back(attributes.take_required("address"));
      break;
    case Place::origin:
      document_.origin = take_origin(attributes);
      break;
    case Place::field:
      document_.fields.push_back({attributes.take_required("name"), {}});
      break;
    case Place::part:
      TELEPOST_TRY(read_part(attributes));
      break;
    case Place::facts:
      read_facts(element.name, attributes);
      break;
    case Place::subject:
    case Place::preview:
    case Place::header:
    case Place::defects:
    case Place::defect:
      break;
  }
  exact_text_ = attributes.exact_text();
  return attributes.finish();
}

Result<void> DocumentBuilder::start(const Element& element) {
  TELEPOST_TRY(budget_.spend(element));
  TELEPOST_ASSIGN(const Place place, enter(element));
  if (!is_space(text_)) return {Errc::invalid, "text between elements"};
  text_.clear();
  TELEPOST_TRY(read(place, element));
  open_.push_back(place);
  return {};
}

Result<void> DocumentBuilder::text(std::string_view utf8) {
  TELEPOST_TRY(budget_.spend(utf8));
  text_.append(utf8);
  return {};
}

void DocumentBuilder::store_text() {
  std::string text = exact_text_ ? std::move(*exact_text_) : std::move(text_);
  switch (open_.back()) {
    case Place::subject:
      document_.subject = std::move(text);
      break;
    case Place::preview:
      document_.preview = std::move(text);
      break;
    case Place::field:
      document_.fields.back().value = std::move(text);
      break;
    case Place::defect:
      document_.defects.push_back(std::move(text));
      break;
    case Place::document:
    case Place::envelope:
    case Place::to:
    case Place::origin:
    case Place::header:
    case Place::part:
    case Place::facts:
    case Place::defects:
      break;
  }
}

Result<void> DocumentBuilder::end() {
  const Place place = open_.back();
  const bool takes_text =
      place == Place::subject || place == Place::preview || place == Place::field || place == Place::defect;
  if (!takes_text && !is_space(text_)) return {Errc::invalid, "text where only elements may stand"};
  constexpr unsigned kRequired = 1U << 1 | 1U << 2 | 1U << 6;
  if (place == Place::document && (seen_ & kRequired) != kRequired) {
    return {Errc::invalid, "the document lacks its envelope, origin or part"};
  }
  store_text();
  text_.clear();
  exact_text_.reset();
  if (place == Place::part) parts_.pop_back();
  done_ = place == Place::document;
  open_.pop_back();
  return {};
}

Result<void> AnnotationBuilder::start(const Element& element) {
  TELEPOST_TRY(budget_.spend(element));
  if (started_ || element.uri != kMessageNamespace || element.name != "annotation")
    return unexpected(element);
  started_ = true;
  Attributes attributes(element);
  annotation_.message = take_message_id(attributes, "message");
  annotation_.created = take_time(attributes, "created");
  annotation_.type = attributes.take_required("type");
  annotation_.language = attributes.take_or_empty("language");
  annotation_.source = attributes.take_or_empty("source");
  exact_text_ = attributes.exact_text();
  return attributes.finish();
}

Result<void> AnnotationBuilder::text(std::string_view utf8) {
  TELEPOST_TRY(budget_.spend(utf8));
  text_.append(utf8);
  return {};
}

Result<void> AnnotationBuilder::end() {
  annotation_.text = exact_text_ ? std::move(*exact_text_) : std::move(text_);
  done_ = true;
  return {};
}

}  // namespace telepost::schema
