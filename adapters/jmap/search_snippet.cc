// SearchSnippet/get (RFC 8621 section 5): of each email what of its subject and its text matches the words that a filter looks for. What the
// filter excludes, and what it asks besides, is not looked at: as the RFC has it, these are emails of a query's result.
#include "adapters/jmap/email.h"
#include "adapters/jmap/email_content.h"
#include "adapters/jmap/email_filter.h"
#include "adapters/jmap/text_query.h"
#include "schema/annotation.h"
#include "transcoders/mime/rendition.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

constexpr std::size_t kMostPreviewBytes = 255;                         // section 5
constexpr std::size_t kMostBytesRead = std::size_t{32} << 20;          // of texts, in one call: emails beyond have no preview

// The phrases that are looked for in a field.
std::vector<store::SearchPhrase> phrases_in(const std::vector<store::SearchQuery>& sought, schema::SearchField field) {
  std::vector<store::SearchPhrase> phrases;
  for (const store::SearchQuery& query : sought) {
    if ((query.fields & schema::bit(field)) != 0) phrases.insert(phrases.end(), query.phrases.begin(), query.phrases.end());
  }
  return phrases;
}

class Snippets {
 public:
  Snippets(store::Store& store, schema::AccountId account, const EmailFilter& filter)
      : store_(store), account_(account), in_subject_(phrases_in(filter.sought(), schema::SearchField::subject)),
        in_body_(phrases_in(filter.sought(), schema::SearchField::body)) {}

  Json subject(const schema::Summary& summary) const {
    const auto stretches = stretches_of(in_subject_, summary.subject);
    return stretches.empty() ? Json(nullptr) : Json(marked(summary.subject, stretches));
  }

  // Of its text, or of what was learned of it: a transcript, text that was recognised. What is not there any more says nothing.
  Result<Json> preview(const schema::Summary& summary) {
    if (in_body_.empty()) return Json(nullptr);
    const Result<std::string> text = body(summary);
    if (!text.ok() && text.error().kind == Errc::io) return text.error();
    Json found = text.ok() ? section(*text) : Json(nullptr);
    if (!found.is_null()) return found;
    TELEPOST_ASSIGN(const auto annotations, store_.reader().annotations({account_, summary.local}));
    for (const std::string& xml : annotations) {
      const auto annotation = schema::read_annotation(xml);
      if (annotation.ok()) found = section(annotation->text);
      if (!found.is_null()) break;
    }
    return found;
  }

 private:
  Json section(std::string_view text) const {
    const auto stretches = stretches_of(in_body_, text);
    return stretches.empty() ? Json(nullptr) : Json(marked_section(text, stretches, kMostPreviewBytes));
  }
  Result<std::string> body(const schema::Summary& summary) {
    if (read_ > kMostBytesRead) return std::string();
    StoredEmail email(store_, {account_, summary.local}, summary, store::Purpose::store);
    TELEPOST_ASSIGN(const schema::Part* const root, email.root());
    TELEPOST_ASSIGN(mime::PlainText text, mime::plain_text(*root, [&](schema::ByteRange range) { return email.read(range); }));
    read_ += text.text.size();
    return std::move(text.text);
  }

  store::Store& store_;
  const schema::AccountId account_;
  const std::vector<store::SearchPhrase> in_subject_, in_body_;
  std::size_t read_ = 0;
};

}  // namespace

MethodResult get_search_snippets(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));  // of which it has the filter alone
  TELEPOST_ASSIGN(const auto ids, call.arguments.ids_or_null("emailIds"));
  TELEPOST_TRY(call.arguments.done());
  if (!ids) return MethodError{"invalidArguments", "emailIds wants a list of ids"};
  if (ids->size() > call.context.settings.max_objects_in_get) return MethodError{"requestTooLarge", "more emails than maxObjectsInGet"};
  const auto filter = EmailFilter::read(asked.filter);
  if (const auto* const error = std::get_if<MethodError>(&filter)) return *error;
  std::vector<schema::LocalId> locals;
  for (const std::string& id : *ids) locals.push_back({number_from('e', id).value_or(0)});
  TELEPOST_ASSIGN(const auto selection, call.context.store.reader().select(account, locals));
  Snippets snippets(call.context.store, account, std::get<EmailFilter>(filter));
  Json list = Json::array(), not_found = Json::array();
  for (std::size_t i = 0; i < ids->size(); ++i) {
    if (!selection.messages[i]) {
      not_found.push_back((*ids)[i]);
      continue;
    }
    const schema::Summary& summary = selection.messages[i]->summary;
    TELEPOST_ASSIGN(Json preview, snippets.preview(summary));
    list.push_back({{"emailId", (*ids)[i]}, {"subject", snippets.subject(summary)}, {"preview", std::move(preview)}});
  }
  return Json{{"accountId", to_id(account)}, {"list", std::move(list)}, {"notFound", not_found.empty() ? Json(nullptr) : not_found}};
}

}  // namespace telepost::adapters::jmap
