#include "adapters/jmap/message_properties.h"

#include "adapters/jmap/date_codec.h"
#include "schema/annotation.h"
#include "store/account_policy.h"
#include "transcoders/mime/rendition.h"

namespace telepost::adapters::jmap {
namespace {

Json null_if_empty(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// In seconds, with a fraction only where there is one.
Json seconds_of(const std::optional<Duration>& duration) {
  if (!duration) return nullptr;
  if (duration->count() % 1000 == 0) return duration->count() / 1000;
  return static_cast<double>(duration->count()) / 1000;
}

struct Parties {
  std::string caller, called;
};

// Of the kinds that a call or a number brought; email, text, image and mms have only their header.
Parties parties_of(const schema::Facts& facts) {
  return std::visit(
      [](const auto& one) -> Parties {
        if constexpr (requires { one.caller; }) return {one.caller, one.called};
        else return {};
      },
      facts);
}

Result<Json> annotations_of(store::Store& store, schema::MessageId id, ValueBudget& budget) {
  TELEPOST_ASSIGN(const std::vector<std::string> all, store.reader().annotations(id));
  Json list = Json::array();
  for (const std::string& xml : all) {
    TELEPOST_ASSIGN(schema::Annotation one, schema::read_annotation(xml));
    if (one.text.size() > budget.bytes) return {Errc::too_large, "the annotations are too long together; ask for fewer emails"};
    budget.bytes -= one.text.size();
    list.push_back({{"type", one.type},
                    {"language", null_if_empty(one.language)},
                    {"source", null_if_empty(one.source)},
                    {"createdAt", to_utc_date(one.created)},
                    {"text", std::move(one.text)}});
  }
  return list;
}

Result<Json> sanitized_html(StoredEmail& content, ValueBudget& budget) {
  TELEPOST_ASSIGN(const schema::Part* const root, content.root());
  const transcoders::mime::ReadRange read = [&](schema::ByteRange range) { return content.read(range); };
  TELEPOST_ASSIGN(transcoders::mime::SanitizedHtml safe, transcoders::mime::safe_html(*root, read));
  if (safe.html.size() > budget.bytes) return {Errc::too_large, "the texts are too long together; ask for fewer emails"};
  budget.bytes -= safe.html.size();
  return Json{{"value", std::move(safe.html)},
              {"isTruncated", safe.truncated},
              {"blockedImages", std::move(safe.remote_images)},
              {"contentIds", std::move(safe.content_ids)}};
}

Result<Json> expiry_of(store::Store& store, schema::MessageId id) {
  TELEPOST_ASSIGN(const store::MessagePolicy policy, store::explain(store, id));
  return policy.expires ? Json(to_utc_date(policy.expires->time)) : Json(nullptr);
}

Json properties_of_account(const Context&) { return {{"emailProperties", message_properties()}}; }

}  // namespace

const Names& message_properties() {
  static const Names names = {"kind", "durationSeconds", "pages", "caller", "called", "tier", "expiresAt", "annotations", "sanitizedHtml"};
  return names;
}

Result<void> add_message_properties(Json& json, store::Store& store, StoredEmail& content, const store::MessageReader::Selected& message,
                                    const EmailWanted& wanted, ValueBudget& budget) {
  const schema::Summary& summary = message.summary;
  if (wanted.wants("kind")) json["kind"] = schema::name_of(summary.kind);
  if (wanted.wants("durationSeconds")) json["durationSeconds"] = seconds_of(summary.duration);
  if (wanted.wants("pages")) json["pages"] = summary.pages ? Json(*summary.pages) : Json(nullptr);
  if (wanted.wants("tier")) json["tier"] = message.record.tier == schema::Tier::archived ? "archived" : "online";
  if (wanted.wants("caller") || wanted.wants("called")) {
    TELEPOST_ASSIGN(const schema::Document* const document, content.document());
    const Parties parties = parties_of(document->facts);
    if (wanted.wants("caller")) json["caller"] = null_if_empty(parties.caller);
    if (wanted.wants("called")) json["called"] = null_if_empty(parties.called);
  }
  if (wanted.wants("expiresAt")) {
    TELEPOST_ASSIGN(json["expiresAt"], expiry_of(store, content.id()));
  }
  if (wanted.wants("annotations")) {
    TELEPOST_ASSIGN(json["annotations"], annotations_of(store, content.id(), budget));
  }
  if (wanted.wants("sanitizedHtml")) {
    TELEPOST_ASSIGN(json["sanitizedHtml"], sanitized_html(content, budget));
  }
  return {};
}

void offer_message(Methods& methods) { methods.offer({kMessage, no_members, properties_of_account}); }

}  // namespace telepost::adapters::jmap
