#include "adapters/jmap/email.h"

#include "adapters/jmap/set.h"
#include "adapters/jmap/types.h"

namespace telepost::adapters::jmap {
namespace {

const Names& own_properties() {
  static const Names names = {"id",         "blobId",       "threadId",      "mailboxIds", "keywords", "size",        "receivedAt",    "headers",
                              "bodyValues", "bodyStructure", "textBody",      "htmlBody",   "attachments", "hasAttachment", "preview"};
  return names;
}

Names without(Names names, std::initializer_list<const char*> left_out) {
  for (const char* name : left_out) names.erase(name);
  return names;
}

}  // namespace

bool is_email_property(std::string_view name) {
  return own_properties().contains(name) || convenience_header(name) || header_property_from(name);
}

const Names& email_properties_of_get() {
  static const Names names = {"id",     "blobId", "threadId", "mailboxIds", "keywords", "size",          "receivedAt", "messageId",
                              "inReplyTo", "references", "sender", "from",  "to",       "cc",            "bcc",        "replyTo",
                              "subject", "sentAt", "hasAttachment", "preview", "bodyValues", "textBody",  "htmlBody",   "attachments"};
  return names;
}

const Names& email_properties_of_parse() {  // RFC 8621 section 4.9
  static const Names names = without(email_properties_of_get(), {"id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt"});
  return names;
}

EmailWanted email_wanted(const std::optional<Names>& asked, const Names& by_default, BodyWanted body) {
  EmailWanted wanted;
  wanted.body = std::move(body);
  for (const std::string& name : asked ? *asked : by_default) {
    auto header = convenience_header(name);
    if (!header) header = header_property_from(name);
    if (header) wanted.headers.emplace_back(name, *std::move(header));
    else wanted.properties.insert(name);
  }
  return wanted;
}

Result<void> add_content(Json& json, EmailContent& content, const EmailWanted& wanted, ValueBudget& budget) {
  if (!wanted.headers.empty() || wanted.wants("headers")) {
    TELEPOST_ASSIGN(const HeaderFields* const header, content.header());
    for (const auto& [name, property] : wanted.headers) json[name] = header->value(property);
    if (wanted.wants("headers")) json["headers"] = header->list();
  }
  if (wanted.wants("preview")) {
    TELEPOST_ASSIGN(json["preview"], content.preview());
  }
  bool wants_body = false;
  for (const char* name : {"bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments", "hasAttachment"}) {
    wants_body = wants_body || wanted.wants(name);
  }
  if (!wants_body) return {};
  TELEPOST_ASSIGN(const schema::Part* const root, content.root());
  const transcoders::mime::ReadRange read = [&](schema::ByteRange range) { return content.read(range); };
  const EmailBody body(content.blob(), *root, read, wanted.body);
  const auto put = [&](const char* name, auto value) -> Result<void> {
    if (!wanted.wants(name)) return {};
    TELEPOST_ASSIGN(json[name], value());
    return {};
  };
  TELEPOST_TRY(put("bodyStructure", [&] { return body.structure(); }));
  TELEPOST_TRY(put("textBody", [&] { return body.text(); }));
  TELEPOST_TRY(put("htmlBody", [&] { return body.html(); }));
  TELEPOST_TRY(put("attachments", [&] { return body.attachments(); }));
  TELEPOST_TRY(put("hasAttachment", [&] { return Result<Json>(Json(body.has_attachment())); }));
  return put("bodyValues", [&] { return body.values(budget); });
}

void add_emails(Methods& methods) {
  methods.add(kMail, {{"Email/get", get_emails},
                      {"Email/changes", email_changes},
                      {"Email/query", query_emails},
                      {"Email/queryChanges", email_query_changes},
                      {"Email/set", set_emails},
                      {"Email/copy", refuse_copy},
                      {"Email/import", import_emails},
                      {"Email/parse", parse_emails},
                      {"SearchSnippet/get", get_search_snippets},
                      {"Thread/get", get_threads},
                      {"Thread/changes", thread_changes}});
}

}  // namespace telepost::adapters::jmap
