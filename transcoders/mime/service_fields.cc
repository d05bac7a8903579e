// Facts to Telepost-* fields; the grammar is in service_facts.h.
#include <fmt/format.h>

#include <string_view>

#include "transcoders/mime/service_facts.h"

namespace telepost::transcoders::mime {
namespace {

class Fields {
 public:
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) list_.push_back({fmt::format("Telepost-{}", name), std::string(value)});
  }
  template <typename Number>
  void number(std::string_view name, const std::optional<Number>& value) {
    if (value) text(name, fmt::format("{}", *value));
  }
  void duration(const std::optional<Duration>& value) {
    if (value) text("Duration", fmt::format("{}.{:03}", value->count() / 1000, value->count() % 1000));
  }
  std::vector<schema::HeaderField> take() { return std::move(list_); }

 private:
  std::vector<schema::HeaderField> list_;
};

void append(Fields& fields, const schema::VoiceFacts& voice) {
  fields.text("Caller", voice.caller);
  fields.text("Called", voice.called);
  fields.text("Redirected-From", voice.redirected_from);
  fields.text("Reason", voice.reason);
  fields.text("Presentation", voice.presentation);
  fields.text("Codec", voice.codec);
  fields.text("Call-Id", voice.call_id);
  fields.duration(voice.duration);
  if (voice.start) fields.text("Start", to_rfc3339(*voice.start));
}

void append(Fields& fields, const schema::FaxFacts& fax) {
  fields.number("Pages", fax.pages);
  fields.text("Resolution", fax.resolution);
  fields.text("Remote-Id", fax.remote_id);
  fields.text("Caller", fax.caller);
  fields.text("Called", fax.called);
  fields.text("Result", fax.result);
  fields.text("Call-Id", fax.call_id);
}

void append(Fields& fields, const schema::SmsFacts& sms) {
  fields.text("Coding", sms.coding);
  fields.number("Reference", sms.reference);
  fields.number("Segments", std::optional(sms.segments));
  fields.number("Segments-Missing", std::optional(sms.segments_missing));
  fields.text("Caller", sms.caller);
  fields.text("Called", sms.called);
}

void append(Fields& fields, const schema::VideoFacts& video) {
  fields.text("Codec", video.codec);
  if (video.width && video.height) fields.text("Resolution", fmt::format("{}x{}", *video.width, *video.height));
  fields.duration(video.duration);
  fields.text("Caller", video.caller);
  fields.text("Called", video.called);
}

void append(Fields&, const std::monostate&) {}

}  // namespace

std::vector<schema::HeaderField> service_fields(const ServiceFacts& facts) {
  Fields fields;
  fields.text("Kind", schema::name_of(facts.kind));
  std::visit([&](const auto& some) { append(fields, some); }, facts.facts);
  return fields.take();
}

}  // namespace telepost::transcoders::mime
