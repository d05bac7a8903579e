// Email/get (RFC 8621 section 4.2). What a summary holds is answered from it; for more the source's header is read, for the body the
// document. A message's header includes what was put before it when it arrived (Return-Path, Received, Authentication-Results): the blob
// of a message is all that, so that size, blob and header agree.
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/email_content.h"
#include "adapters/jmap/message_properties.h"
#include "transcoders/mime/describe.h"
#include "transcoders/unicode.h"

namespace telepost::adapters::jmap {
namespace {

using store::MessageReader;

Json mailbox_ids(const schema::MessageRecord& record) {
  Json ids = Json::object();
  for (const schema::Placement& placement : record.placements) ids[to_id(placement.mailbox)] = true;
  return ids;
}

Json keywords_of(const schema::Summary& summary) {
  Json keywords = Json::object();
  for (const std::string& keyword : summary.keywords) keywords[keyword] = true;
  return keywords;
}

// From, where the summary has all of it.
std::optional<Json> sender_of(const schema::Summary& summary) {
  if (!summary.sender_is_whole || !summary.from.starts_with("mailto:")) return std::nullopt;
  return Json::array({to_json(transcoders::mime::Mailbox{summary.from_name, summary.from.substr(7)})});
}

// Subject: it is cut in a summary, and an empty one may be none at all.
std::optional<Json> subject_of(const schema::Summary& summary) {
  if (summary.subject.empty() || summary.subject.size() + 4 > transcoders::mime::kMaxSubjectBytes) return std::nullopt;
  return Json(transcoders::to_nfc(summary.subject));
}

constexpr const char* kOfSummary[] = {"blobId", "mailboxIds", "keywords", "size", "receivedAt", "preview", "hasAttachment"};

// What kOfSummary names.
void add_summary(Json& json, const MessageReader::Selected& message, const EmailWanted& wanted) {
  const schema::Summary& summary = message.summary;
  const auto put = [&](const char* name, auto value) {
    if (wanted.wants(name)) json[name] = value();
  };
  put("blobId", [&] { return Json(to_id(BlobId{BlobId::Of::message, summary.local.value, {}})); });
  put("mailboxIds", [&] { return mailbox_ids(message.record); });
  put("keywords", [&] { return keywords_of(summary); });
  put("size", [&] { return Json(summary.size_bytes); });
  put("receivedAt", [&] { return Json(to_utc_date(summary.received)); });
  put("preview", [&] { return Json(summary.preview); });
  put("hasAttachment", [&] { return Json(summary.has_attachment); });
}

class EmailGet {
 public:
  EmailGet(store::Store& store, schema::AccountId account, const EmailWanted& wanted) : store_(store), account_(account), wanted_(wanted), rest_(wanted) {
    for (const char* const name : kOfSummary) rest_.properties.erase(name);
    rest_.properties.erase("id");
    rest_.properties.erase("threadId");
    for (const auto& header : wanted.headers) {
      if (header.first == "from" || header.first == "subject") of_summary_.push_back(header);
    }
    std::erase_if(rest_.headers, [](const auto& header) { return header.first == "from" || header.first == "subject"; });
  }

  // None: it went meanwhile.
  Result<std::optional<Json>> show(const MessageReader::Selected& message, const std::string& id) {
    Json json = {{"id", id}};
    add_summary(json, message, wanted_);
    HeaderProperties unknown;
    for (const auto& header : of_summary_) {
      if (auto value = header.first == "from" ? sender_of(message.summary) : subject_of(message.summary)) json[header.first] = *std::move(value);
      else unknown.push_back(header);
    }
    StoredEmail content(store_, {account_, message.summary.local}, message.summary, purpose());
    const Result<void> added = unknown.empty() ? add(json, content, message, rest_) : add(json, content, message, with(std::move(unknown)));
    if (!added.ok() && added.error().kind == Errc::not_found) return std::optional<Json>();
    TELEPOST_TRY(added);
    return std::optional(std::move(json));
  }

 private:
  // Decided before the first byte: a small source is read once, for whatever is asked first.
  store::Purpose purpose() const {
    const BodyWanted& body = wanted_.body;
    const bool has_values = rest_.wants("bodyValues") && (body.text_values || body.html_values || body.all_values);
    return has_values || rest_.wants("sanitizedHtml") ? store::Purpose::subscriber : store::Purpose::store;
  }

  EmailWanted with(HeaderProperties headers) const {
    EmailWanted more = rest_;
    more.headers.insert(more.headers.end(), std::make_move_iterator(headers.begin()), std::make_move_iterator(headers.end()));
    return more;
  }

  Result<void> add(Json& json, StoredEmail& content, const MessageReader::Selected& message, const EmailWanted& rest) {
    TELEPOST_TRY(add_content(json, content, rest, budget_));
    return add_message_properties(json, store_, content, message, rest, budget_);
  }

  store::Store& store_;
  const schema::AccountId account_;
  const EmailWanted& wanted_;
  EmailWanted rest_;              // what no summary says
  HeaderProperties of_summary_;   // what most summaries say
  ValueBudget budget_;
};

// RFC 8620 section 5.1: all there are, where they are not too many.
Result<std::vector<std::string>> all_ids(Call& call, schema::AccountId account) {
  const std::size_t most = call.context.settings.max_objects_in_get;
  TELEPOST_ASSIGN(const store::MailView view, call.context.store.view(account));
  TELEPOST_ASSIGN(const auto messages, view.list({}, 0, most + 1));
  if (messages.size() > most) return {Errc::too_many, "more emails than maxObjectsInGet; name them"};
  std::vector<std::string> ids;
  for (const schema::LocalId local : messages) ids.push_back(to_id('e', local.value));
  return ids;
}

}  // namespace

MethodResult get_emails(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  const bool is_extended = call.in_use.contains(kMessage);
  const auto is_known = [&](std::string_view property) { return is_email_property(property) || (is_extended && message_properties().contains(property)); };
  TELEPOST_ASSIGN(GetArguments get, read_get(call.arguments, is_known, call.context.settings.max_objects_in_get));
  TELEPOST_ASSIGN(BodyWanted body, read_body_wanted(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  const EmailWanted wanted = email_wanted(get.properties, email_properties_of_get(), std::move(body));
  store::Store& store = call.context.store;
  if (!get.ids) {
    TELEPOST_ASSIGN(get.ids, all_ids(call, account));
  }
  std::vector<schema::LocalId> locals;
  for (const std::string& id : *get.ids) locals.push_back({number_from('e', id).value_or(0)});
  TELEPOST_ASSIGN(const MessageReader::Selection selection, store.reader().select(account, locals));
  std::vector<std::optional<schema::ThreadId>> threads;
  if (wanted.wants("threadId")) {
    TELEPOST_ASSIGN(const store::MailView view, store.view(account));  // behind the selection: it knows the threads of all of them
    TELEPOST_ASSIGN(threads, view.threads_of(locals));
  }
  GetResponse response{to_state(selection.modseq)};
  EmailGet show(store, account, wanted);
  for (std::size_t i = 0; i < locals.size(); ++i) {
    const std::string& id = (*get.ids)[i];
    std::optional<Json> json;
    if (selection.messages[i] && (threads.empty() || threads[i])) {
      TELEPOST_ASSIGN(json, show.show(*selection.messages[i], id));
    }
    if (json && !threads.empty()) (*json)["threadId"] = to_id('t', threads[i]->value);
    if (json) response.list.push_back(*std::move(json));
    else response.not_found.push_back(id);
  }
  return to_json(std::move(response), to_id(account));
}

// RFC 8621 section 4.9.
MethodResult parse_emails(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const auto ids, call.arguments.ids_or_null("blobIds", Arguments::References::taken));
  TELEPOST_ASSIGN(const auto properties, call.arguments.texts_or_null("properties"));
  TELEPOST_ASSIGN(BodyWanted body, read_body_wanted(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  if (!ids) return MethodError{"invalidArguments", "blobIds wants a list of ids"};
  if (ids->size() > call.context.settings.max_objects_in_get) return MethodError{"requestTooLarge", "more blobs than maxObjectsInGet"};
  for (const std::string& property : properties.value_or(std::vector<std::string>())) {
    if (!is_email_property(property)) return MethodError{"invalidArguments", "properties: there is no '" + property.substr(0, 80) + "'"};
  }
  const auto asked = properties ? std::optional(Names(properties->begin(), properties->end())) : std::nullopt;
  const EmailWanted wanted = email_wanted(asked, email_properties_of_parse(), std::move(body));
  ValueBudget budget;
  Json parsed = Json::object(), not_parsable = Json::array(), not_found = Json::array();
  for (const std::string& id : *ids) {
    TELEPOST_ASSIGN(auto found, find_blob(call, account, id, store::Purpose::subscriber));
    if (!found) {
      not_found.push_back(id);
      continue;
    }
    BlobEmail content(found->id, std::move(found->blob));
    TELEPOST_ASSIGN(const bool is_email, content.is_email());
    if (!is_email) {
      not_parsable.push_back(id);
      continue;
    }
    Json json = Json::object();
    for (const char* name : {"id", "threadId", "mailboxIds", "keywords", "receivedAt"}) {
      if (wanted.wants(name)) json[name] = nullptr;  // it is not stored as an email
    }
    TELEPOST_TRY(add_content(json, content, wanted, budget));
    if (wanted.wants("blobId")) json["blobId"] = to_id(content.blob());
    if (wanted.wants("size")) {
      TELEPOST_ASSIGN(json["size"], content.bytes().size());
    }
    parsed[id] = std::move(json);
  }
  const auto or_null = [](Json list) { return list.empty() ? Json(nullptr) : list; };
  return Json{{"accountId", to_id(account)}, {"parsed", or_null(std::move(parsed))}, {"notParsable", or_null(std::move(not_parsable))},
              {"notFound", or_null(std::move(not_found))}};
}

}  // namespace telepost::adapters::jmap
