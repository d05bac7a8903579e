#include "adapters/jmap/email_filter.h"

#include <algorithm>
#include <functional>

#include "adapters/jmap/email_content.h"
#include "adapters/jmap/text_query.h"
#include "base/bytes.h"
#include "transcoders/mime/describe.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

bool is_among(const LocalSet& set, schema::LocalId local) { return std::binary_search(set.begin(), set.end(), local); }

Result<void> read_keywords(Arguments& members, EmailCondition& condition) {
  constexpr std::pair<const char*, ThreadKeyword::Which> kOfThreads[] = {{"allInThreadHaveKeyword", ThreadKeyword::Which::all},
                                                                         {"someInThreadHaveKeyword", ThreadKeyword::Which::some},
                                                                         {"noneInThreadHaveKeyword", ThreadKeyword::Which::none}};
  for (const auto& [name, which] : kOfThreads) {
    TELEPOST_ASSIGN(const auto keyword, members.text_or_null(name));
    if (keyword) condition.thread_keywords.push_back({which, to_lower(*keyword)});
  }
  TELEPOST_ASSIGN(condition.has_keyword, members.text_or_null("hasKeyword"));
  TELEPOST_ASSIGN(condition.not_keyword, members.text_or_null("notKeyword"));
  for (auto* const keyword : {&condition.has_keyword, &condition.not_keyword}) {
    if (*keyword) *keyword = to_lower(**keyword);
  }
  return {};
}

Result<void> read_header(Arguments& members, EmailCondition& condition) {
  for (const char* name : {"text", "body", "subject", "from", "to", "cc", "bcc"}) {
    TELEPOST_ASSIGN(const auto text, members.text_or_null(name));
    if (!text) continue;
    auto query = text_query(*text, fields_of(name));
    if (!query) return {Errc::too_large, "'" + std::string(name) + "' looks for too much: 1,024 bytes and 32 words at most"};
    if (!query->phrases.empty()) condition.words.push_back(*std::move(query));
  }
  TELEPOST_ASSIGN(const auto header, members.texts_or_null("header"));
  if (!header) return {};
  if (header->empty() || header->size() > 2) return {Errc::invalid, "filter/header wants a name, or a name and a text"};
  EmailCondition::InHeader& one = condition.in_header.emplace_back(EmailCondition::InHeader{header->front(), std::nullopt});
  if (header->size() == 2) one.text = Needle(header->back());
  return {};
}

// Errors: invalid; too_large (it looks for too much).
Result<EmailCondition> read_condition(const Json& object) {
  Arguments members(object);
  EmailCondition condition;
  TELEPOST_ASSIGN(const auto mailbox, members.id_or_null("inMailbox"));
  if (mailbox) condition.in_mailbox = mailbox_from(*mailbox).value_or(schema::MailboxId{0});
  TELEPOST_ASSIGN(const auto other_than, members.ids_or_null("inMailboxOtherThan"));
  if (other_than) {
    condition.other_than.emplace();
    for (const std::string& id : *other_than) condition.other_than->push_back(mailbox_from(id).value_or(schema::MailboxId{0}));
    std::sort(condition.other_than->begin(), condition.other_than->end());
  }
  TELEPOST_ASSIGN(condition.before, members.utc_date_or_null("before"));
  TELEPOST_ASSIGN(condition.after, members.utc_date_or_null("after"));
  TELEPOST_ASSIGN(condition.min_size, members.unsigned_or_null("minSize"));
  TELEPOST_ASSIGN(condition.max_size, members.unsigned_or_null("maxSize"));
  TELEPOST_TRY(read_keywords(members, condition));
  if (members.has("hasAttachment")) {
    TELEPOST_ASSIGN(condition.has_attachment, members.boolean_or("hasAttachment", false));
  }
  TELEPOST_TRY(read_header(members, condition));
  TELEPOST_TRY(members.done());
  return condition;
}

// Of conditions that are none of RFC 8621's.
std::optional<MethodError> unsupported(const Json& object) {
  static const Names known = {"inMailbox", "inMailboxOtherThan", "before", "after", "minSize", "maxSize", "allInThreadHaveKeyword",
                              "someInThreadHaveKeyword", "noneInThreadHaveKeyword", "hasKeyword", "notKeyword", "hasAttachment",
                              "text", "body", "from", "to", "cc", "bcc", "subject", "header"};
  for (const auto& [name, value] : object.items()) {
    if (!known.contains(name)) return MethodError{"unsupportedFilter", "there is no condition '" + name.substr(0, 80) + "'"};
  }
  return std::nullopt;
}

// All fields of the name as a reader sees them, a line each.
std::string text_of(const HeaderFields& header, const std::string& field) {
  std::string text;
  for (const Json& value : header.value({field, HeaderForm::text, true})) text += value.get<std::string>() + "\n";
  return text;
}

bool is_there(const HeaderFields& header, const std::string& field) { return !header.value({field, HeaderForm::raw, true}).empty(); }

// What the summary alone says; nothing where it does not know.
std::optional<bool> by_summary(const schema::Summary& email, const EmailCondition::InHeader& condition) {
  if (!condition.text) return std::nullopt;
  if (equals_ignoring_case(condition.field, "subject") && email.subject.size() + 4 <= mime::kMaxSubjectBytes) return condition.text->is_in(email.subject);
  if (!equals_ignoring_case(condition.field, "from") || !email.sender_is_whole) return std::nullopt;
  return condition.text->is_in(email.from_name + " <" + email.from.substr(std::min(email.from.find(':') + 1, email.from.size())) + ">");
}

}  // namespace

Result<const HeaderFields*> HeaderSource::header(const schema::Summary& summary) {
  if (fields_ && last_ == summary.local) return &*fields_;
  if (++read_ > kMostHeadersRead) return {Errc::too_many, "too many emails to look into"};
  StoredEmail email(store_, {account_, summary.local}, summary, store::Purpose::store);
  Result<std::string> bytes = email.header_bytes();
  if (!bytes.ok() && bytes.error().kind != Errc::not_found) return bytes.error();
  last_ = summary.local;
  return &fields_.emplace(bytes.ok() ? *std::move(bytes) : std::string());
}

bool EmailCondition::is_words_alone() const {
  return !other_than && !before && !after && !min_size && !max_size && thread_keywords.empty() && !has_keyword && !not_keyword && !has_attachment &&
         in_header.empty();
}

bool has_keyword(const schema::Summary& summary, const std::string& keyword) {
  return std::binary_search(summary.keywords.begin(), summary.keywords.end(), keyword);
}

std::variant<EmailFilter, MethodError> EmailFilter::read(Filter filter) {
  EmailFilter read;
  std::optional<MethodError> fault;
  const Result<void> visited = filter.for_each_condition([&](const Json& object) -> Result<void> {
    if (!fault) fault = unsupported(object);
    if (fault) return {};
    TELEPOST_ASSIGN(auto condition, read_condition(object));
    read.conditions_.emplace(&object, std::move(condition));
    return {};
  });
  if (fault) return *fault;
  if (!visited.ok() && visited.error().kind == Errc::too_large) return MethodError{"unsupportedFilter", visited.error().detail};
  if (!visited.ok()) return method_error_of(visited.error());
  std::size_t words = 0, others = 0;
  for (const auto& [object, condition] : read.conditions_) {
    words += condition.words.size();
    others += condition.thread_keywords.size() + (condition.other_than ? 1u : 0u);
  }
  if (others > kMostOtherEmailConditions) {
    return MethodError{"unsupportedFilter", "more than " + std::to_string(kMostOtherEmailConditions) + " conditions look at other emails"};
  }
  if (words > kMostWordConditions) return MethodError{"unsupportedFilter", "more than " + std::to_string(kMostWordConditions) + " conditions look for words"};
  read.filter_ = std::move(filter);
  return read;
}

bool EmailFilter::has_thread_keywords() const {
  return std::any_of(conditions_.begin(), conditions_.end(), [](const auto& each) { return !each.second.thread_keywords.empty(); });
}

bool EmailFilter::has_words() const {
  return std::any_of(conditions_.begin(), conditions_.end(), [](const auto& each) { return !each.second.words.empty(); });
}

std::vector<const EmailCondition*> EmailFilter::certain() const {
  std::vector<const EmailCondition*> certain;
  const auto add = [&](const Filter& filter) {
    if (filter.kind == Filter::Kind::condition) certain.push_back(&conditions_.at(filter.condition));
  };
  if (filter_.kind == Filter::Kind::condition) add(filter_);
  if (filter_.kind == Filter::Kind::all) std::for_each(filter_.parts.begin(), filter_.parts.end(), add);
  return certain;
}

std::vector<store::SearchQuery> EmailFilter::sought() const {
  std::vector<store::SearchQuery> sought;
  const std::function<void(const Filter&)> add = [&](const Filter& filter) {
    if (filter.kind == Filter::Kind::none) return;
    if (filter.kind == Filter::Kind::condition) {
      const auto& words = conditions_.at(filter.condition).words;
      sought.insert(sought.end(), words.begin(), words.end());
    }
    std::for_each(filter.parts.begin(), filter.parts.end(), add);
  };
  add(filter_);
  return sought;
}

std::optional<schema::MailboxId> EmailFilter::mailbox() const {
  for (const EmailCondition* const condition : certain()) {
    if (condition->in_mailbox) return condition->in_mailbox;
  }
  return std::nullopt;
}

bool EmailFilter::is_words_alone() const {
  const auto of = certain();
  const bool is_flat = filter_.kind == Filter::Kind::condition || (filter_.kind == Filter::Kind::all && of.size() == filter_.parts.size());
  return is_flat && std::all_of(of.begin(), of.end(), [](const EmailCondition* each) { return each->is_words_alone(); });
}

bool EmailFilter::is_mailbox_alone() const {
  const auto of = certain();
  return !has_words() && is_words_alone() && of.size() <= 1;
}

Result<bool> EmailFilter::holds(const schema::Summary& email, const Known& known, HeaderSource& headers) const {
  std::optional<Error> failure;
  const auto header_holds = [&](const EmailCondition::InHeader& wanted) {
    if (const auto answer = by_summary(email, wanted)) return *answer;
    const Result<const HeaderFields*> header = headers.header(email);
    if (!header.ok()) failure = header.error();
    if (failure) return false;
    return wanted.text ? is_there(**header, wanted.field) && wanted.text->is_in(text_of(**header, wanted.field)) : is_there(**header, wanted.field);
  };
  const bool result = filter_.holds([&](const Json& object) {
    const EmailCondition& c = conditions_.at(&object);
    if (failure) return false;
    if (c.in_mailbox && !is_among(known.in_mailbox.at(*c.in_mailbox), email.local)) return false;
    if (c.other_than && !is_among(known.in_another.at(*c.other_than), email.local)) return false;
    if ((c.before && email.received >= *c.before) || (c.after && email.received < *c.after)) return false;
    if ((c.min_size && email.size_bytes < *c.min_size) || (c.max_size && email.size_bytes >= *c.max_size)) return false;
    if ((c.has_keyword && !has_keyword(email, *c.has_keyword)) || (c.not_keyword && has_keyword(email, *c.not_keyword))) return false;
    if (c.has_attachment && *c.has_attachment != email.has_attachment) return false;
    const bool words = std::all_of(c.words.begin(), c.words.end(), [&](const auto& each) { return is_among(known.words.at(each), email.local); });
    if (!words) return false;
    const bool threads = std::all_of(c.thread_keywords.begin(), c.thread_keywords.end(), [&](const auto& each) { return is_among(known.threads.at(each), email.local); });
    return threads && std::all_of(c.in_header.begin(), c.in_header.end(), header_holds);
  });
  if (failure) return *failure;
  return result;
}

}  // namespace telepost::adapters::jmap
