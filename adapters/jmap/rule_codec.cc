#include "adapters/jmap/rule_codec.h"

#include <algorithm>

#include "adapters/jmap/arguments_codec.h"
#include "base/bytes.h"
#include "store/accounts.h"
#include "store/keywords.h"
#include "store/mailbox_paths.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::string_view kMailScheme = "mailto:";
constexpr std::uint32_t kMostDays = 365;

// "bob@example.net" of "mailto:bob@example.net"; numbers and the rest keep their scheme.
std::string without_mailto(const std::string& address) { return address.starts_with(kMailScheme) ? address.substr(kMailScheme.size()) : address; }

Json listed(const std::vector<std::string>& addresses) {
  if (addresses.empty()) return nullptr;
  Json list = Json::array();
  for (const std::string& address : addresses) list.push_back(without_mailto(address));
  return list;
}

Json to_json(const schema::RuleCondition& condition) {
  Json kinds = nullptr;
  for (const schema::Kind kind : condition.kinds) kinds.push_back(schema::name_of(kind));
  Json header = nullptr;
  if (!condition.header.empty()) header = condition.text.empty() ? Json::array({condition.header}) : Json::array({condition.header, condition.text});
  const auto size = [](const std::optional<std::uint64_t>& bytes) { return bytes ? Json(*bytes) : Json(nullptr); };
  return {{"kinds", std::move(kinds)},
          {"from", listed(condition.senders)},
          {"isWithheld", condition.withheld ? Json(*condition.withheld) : Json(nullptr)},
          {"to", listed(condition.recipients)},
          {"header", std::move(header)},
          {"minSize", size(condition.min_size)},
          {"maxSize", size(condition.max_size)}};
}

Json to_json(const schema::DeliveryRule& rule) {
  Json conditions = Json::array();
  for (const schema::RuleCondition& condition : rule.conditions) conditions.push_back(to_json(condition));
  Json keywords = Json::object();
  for (const std::string& keyword : rule.keywords) keywords[keyword] = true;
  Json forward = nullptr, answer = nullptr;
  if (rule.forward) forward = {{"to", rule.forward->to}, {"keepCopy", rule.forward->keeps}};
  if (rule.answer) {
    answer = {{"subject", rule.answer->subject ? Json(*rule.answer->subject) : Json(nullptr)}, {"textBody", rule.answer->text}, {"days", rule.answer->days}};
  }
  return {{"name", rule.name},
          {"isEnabled", rule.enabled},
          {"matches", rule.any ? "any" : "all"},
          {"conditions", std::move(conditions)},
          {"isBlocked", rule.block},
          {"fileInto", rule.mailbox ? Json(*rule.mailbox) : Json(nullptr)},
          {"keywords", std::move(keywords)},
          {"forward", std::move(forward)},
          {"answer", std::move(answer)},
          {"isLast", rule.stop}};
}

// An address, "@" and a domain, or the begin of an address and "*"; as schema::RuleCondition::senders has it.
Result<std::string> pattern_from(const std::string& text) {
  const std::string pattern = to_lower(trim(text));
  const bool is_domain = pattern.starts_with('@'), is_begin = pattern.ends_with('*');
  if (!is_domain && !is_begin) return store::canonical_address(pattern);
  const auto is_foreign = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '<' || c == '>'; };
  const std::string known = pattern.substr(0, pattern.size() - (is_begin ? 1 : 0));
  const bool has_scheme = known.starts_with("mailto:") || known.starts_with("tel:") || known.starts_with("sip:");
  const std::size_t said = known.size() - (has_scheme ? known.find(':') + 1 : 0);
  if (said < 2 || known.size() > kMostRuleTextBytes || known.find('*') != std::string::npos || (is_domain && is_begin) ||
      std::any_of(known.begin(), known.end(), is_foreign)) {
    return {Errc::invalid, "write an address, @ and a domain, or the begin of an address and *"};
  }
  if (is_domain || has_scheme) return pattern;
  return (known.starts_with('+') ? "tel:" : "mailto:") + pattern;
}

// What is wrong is noted by its pointer; every function goes on, so that all of it is told at once.
class RuleReader {
 public:
  std::vector<std::string> wrong;

  void read(const Json& object, schema::DeliveryRule& rule, const std::string& at) {
    Arguments members(object);
    const auto name = members.text_or_null("name");
    note(name.ok() && name->value_or("").size() <= kMostRuleTextBytes, at + "/name");
    if (name.ok()) rule.name = name->value_or("");
    read_bool(members, "isEnabled", true, rule.enabled, at);
    const auto matches = members.text_or_null("matches");
    note(matches.ok() && (!*matches || **matches == "all" || **matches == "any"), at + "/matches");
    rule.any = matches.ok() && *matches == "any";
    read_conditions(members, rule, at);
    read_bool(members, "isBlocked", false, rule.block, at);
    const auto path = members.text_or_null("fileInto");
    note(path.ok() && (!*path || store::check_mailbox_path(**path).ok()), at + "/fileInto");
    if (path.ok()) rule.mailbox = *path;
    read_keywords(members, rule, at);
    read_forward(members, rule, at);
    read_answer(members, rule, at);
    read_bool(members, "isLast", false, rule.stop, at);
    note_unknown(members, at);
    // What is blocked is for nobody's eyes: there is nothing else to be done with it.
    note(!rule.block || (!rule.mailbox && rule.keywords.empty() && !rule.forward && !rule.answer), at + "/isBlocked");
  }

 private:
  void note(bool is_right, const std::string& pointer) {
    if (!is_right) wrong.push_back(pointer);
  }
  void note_unknown(const Arguments& members, const std::string& at) { note(members.done().ok(), at); }

  void read_bool(Arguments& members, const char* name, bool fallback, bool& into, const std::string& at) {
    const auto value = members.boolean_or(name, fallback);
    note(value.ok(), at + "/" + name);
    into = value.ok() ? *value : fallback;
  }

  // Each by `from`, which gives it as it is kept.
  template <typename From, typename Item>
  void read_list(Arguments& members, const char* name, std::vector<Item>& into, const std::string& at, From from) {
    const auto texts = members.texts_or_null(name);
    note(texts.ok() && !(*texts && (*texts)->empty()), at + "/" + name);
    if (!texts.ok() || !*texts) return;
    for (const std::string& text : **texts) {
      const auto item = from(text);
      if (!item.ok()) return note(false, at + "/" + name);
      into.push_back(*item);
    }
  }

  void read_size(Arguments& members, const char* name, std::optional<std::uint64_t>& into, const std::string& at) {
    const auto size = members.unsigned_or_null(name);
    note(size.ok(), at + "/" + name);
    if (size.ok()) into = *size;
  }

  void read_condition(const Json& object, schema::RuleCondition& condition, const std::string& at) {
    Arguments members(object);
    read_list(members, "kinds", condition.kinds, at, schema::kind_from);
    read_list(members, "from", condition.senders, at, pattern_from);
    read_list(members, "to", condition.recipients, at, [](const std::string& text) { return store::canonical_address(text); });
    if (members.has("isWithheld")) read_bool(members, "isWithheld", false, condition.withheld.emplace(), at);
    else (void)members.text_or_null("isWithheld");  // absent, or null, which is the same
    const auto header = members.texts_or_null("header");
    const bool is_header = header.ok() && (!*header || ((*header)->size() >= 1 && (*header)->size() <= 2 && is_field_name((*header)->front()) &&
                                                        (*header)->back().size() <= kMostRuleTextBytes));
    note(is_header, at + "/header");
    if (is_header && *header) {
      condition.header = (*header)->front();
      if ((*header)->size() == 2) condition.text = (*header)->back();
    }
    read_size(members, "minSize", condition.min_size, at);
    read_size(members, "maxSize", condition.max_size, at);
    note_unknown(members, at);
    note(condition != schema::RuleCondition(), at);  // one that says nothing means everything, which is no condition
  }

  static bool is_field_name(const std::string& name) {  // RFC 5322 section 2.2
    const auto is_printable = [](char c) { return c > ' ' && c < 0x7f && c != ':'; };
    return !name.empty() && name.size() <= kMostRuleTextBytes && std::all_of(name.begin(), name.end(), is_printable);
  }

  void read_conditions(Arguments& members, schema::DeliveryRule& rule, const std::string& at) {
    const auto list = members.array_or_null("conditions");
    note(list.ok() && (*list == nullptr || (*list)->size() <= kMostConditions), at + "/conditions");
    if (!list.ok() || *list == nullptr) return;
    for (std::size_t i = 0; i < std::min((*list)->size(), kMostConditions); ++i) {
      const std::string pointer = at + "/conditions/" + std::to_string(i);
      if ((**list)[i].is_object()) read_condition((**list)[i], rule.conditions.emplace_back(), pointer);
      else note(false, pointer);
    }
  }

  void read_keywords(Arguments& members, schema::DeliveryRule& rule, const std::string& at) {
    const auto map = members.object_or_null("keywords");
    bool is_right = map.ok() && (*map == nullptr || (*map)->size() <= kMostRuleKeywords);
    if (is_right && *map != nullptr) {
      for (const auto& [name, value] : (*map)->items()) {
        const auto keyword = store::keyword_from(name);
        is_right = is_right && value == true && keyword.ok();
        if (keyword.ok()) rule.keywords.push_back(*keyword);
      }
      std::sort(rule.keywords.begin(), rule.keywords.end());
      rule.keywords.erase(std::unique(rule.keywords.begin(), rule.keywords.end()), rule.keywords.end());
    }
    note(is_right, at + "/keywords");
  }

  void read_forward(Arguments& members, schema::DeliveryRule& rule, const std::string& at) {
    const auto object = members.object_or_null("forward");
    note(object.ok(), at + "/forward");
    if (!object.ok() || *object == nullptr) return;
    Arguments inside(**object);
    schema::RuleForward& forward = rule.forward.emplace();
    read_list(inside, "to", forward.to, at + "/forward", [](const std::string& text) -> Result<std::string> {
      TELEPOST_ASSIGN(const std::string canonical, store::canonical_address(text));
      if (!canonical.starts_with(kMailScheme) || !is_ascii(canonical)) return {Errc::invalid, "mail goes to mail addresses of ASCII"};
      return std::string(trim(text)).substr(starts_with_ignoring_case(trim(text), kMailScheme) ? kMailScheme.size() : 0);
    });
    note(inside.has("to"), at + "/forward/to");
    read_bool(inside, "keepCopy", true, forward.keeps, at + "/forward");
    note_unknown(inside, at + "/forward");
  }

  void read_answer(Arguments& members, schema::DeliveryRule& rule, const std::string& at) {
    const auto object = members.object_or_null("answer");
    note(object.ok(), at + "/answer");
    if (!object.ok() || *object == nullptr) return;
    Arguments inside(**object);
    schema::AnswerRecord& answer = rule.answer.emplace();
    const auto subject = inside.text_or_null("subject");
    note(subject.ok() && subject->value_or("").size() <= kMostRuleTextBytes, at + "/answer/subject");
    if (subject.ok()) answer.subject = *subject;
    const auto text = inside.text("textBody");
    note(text.ok() && !text->empty() && text->size() <= kMostAnswerBytes, at + "/answer/textBody");
    if (text.ok()) answer.text = *text;
    const auto days = inside.integer_or("days", answer.days);
    note(days.ok() && *days >= 1 && *days <= kMostDays, at + "/answer/days");
    if (days.ok()) answer.days = static_cast<std::uint32_t>(*days);
    note_unknown(inside, at + "/answer");
  }
};

}  // namespace

Json to_json(const std::vector<schema::DeliveryRule>& rules) {
  Json list = Json::array();
  for (const schema::DeliveryRule& rule : rules) list.push_back(to_json(rule));
  return list;
}

std::vector<std::string> read_rules(const Json& rules, std::vector<schema::DeliveryRule>& into) {
  if (!rules.is_array()) return {"rules"};
  RuleReader reader;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string at = "rules/" + std::to_string(i);
    if (rules[i].is_object()) reader.read(rules[i], into.emplace_back(), at);
    else reader.wrong.push_back(at);
  }
  std::sort(reader.wrong.begin(), reader.wrong.end());
  reader.wrong.erase(std::unique(reader.wrong.begin(), reader.wrong.end()), reader.wrong.end());
  return std::move(reader.wrong);
}

}  // namespace telepost::adapters::jmap
