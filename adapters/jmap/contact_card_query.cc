// ContactCard/query and /queryChanges (RFC 9610 sections 3.3 and 3.4), by a look at each card of the account: there are 20,000 at most.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/contact_card.h"
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/query_codec.h"
#include "adapters/jmap/search_codec.h"
#include "base/bytes.h"
#include "transcoders/unicode.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMostCardChanges = 10'000;
constexpr std::size_t kMostSoughtInCards = 1'024;  // bytes of one text
constexpr std::size_t kMostTextConditions = 16;    // of a filter: each looks through the text of all cards

// Read once it is asked for; one that cannot be read has nothing, and failure() says so.
class LookedCard {
 public:
  explicit LookedCard(const schema::CardRecord& record) : record_(record) {}
  const schema::CardRecord& record() const { return record_; }
  const Json& card() const {
    if (!card_) {
      auto read = card_of(record_);
      if (!read.ok()) failure_ = read.error();
      card_ = read.ok() ? *std::move(read) : Json::object();
    }
    return *card_;
  }
  const Result<void>& failure() const { return failure_; }
  // nothing: the card does not have it.
  std::optional<Time> time(const char* property) const {
    const auto found = card().find(property);
    const auto time = found != card().end() && found->is_string() ? utc_date_from(found->get_ref<const std::string&>()) : Result<Time>(Errc::invalid, "");
    return time.ok() ? std::optional(*time) : std::nullopt;
  }

 private:
  const schema::CardRecord& record_;
  mutable std::optional<Json> card_;
  mutable Result<void> failure_;
};

void append_text(const Json& value, std::string& to) {
  if (value.is_string() && !starts_with_ignoring_case(value.get_ref<const std::string&>(), "data:")) to.append(value.get_ref<const std::string&>()).append("\n");
}

// The texts under these names in each object of a property.
std::string texts_in(const Json& card, const char* property, std::initializer_list<const char*> names) {
  std::string text;
  const auto objects = card.find(property);
  if (objects == card.end()) return text;
  for (const Json& object : *objects) {
    for (const char* name : names) {
      if (object.is_object() && object.contains(name)) append_text(object[name], text);
    }
  }
  return text;
}

// Of a name or an address: the values of components, of one kind or all.
std::string components_in(const Json& object, std::string_view kind) {
  std::string text;
  const auto components = object.is_object() ? object.find("components") : object.end();
  if (!object.is_object() || components == object.end()) return text;
  for (const Json& component : *components) {
    if (kind.empty() || component.value("kind", "") == kind) append_text(component.value("value", Json()), text);
  }
  return text;
}

std::string name_in(const Json& card, std::string_view kind) {
  const auto name = card.find("name");
  if (name == card.end()) return {};
  std::string text = components_in(*name, kind);
  if (kind.empty() && name->contains("full")) append_text((*name)["full"], text);
  return text;
}

void append_all(const Json& value, std::string& to) {
  append_text(value, to);
  if (!value.is_structured()) return;
  for (const Json& member : value) append_all(member, to);
}

// What a condition on texts looks into.
std::string sought_in(const Json& card, const std::string& condition) {
  std::string text;
  if (condition == "text") {
    append_all(card, text);
    if (card.contains("keywords")) {
      for (const auto& [keyword, is_set] : card["keywords"].items()) text.append(keyword).append("\n");
    }
  } else if (condition == "name") text = name_in(card, "");
  else if (condition.starts_with("name/")) text = name_in(card, std::string_view(condition).substr(5));
  else if (condition == "nickname") text = texts_in(card, "nicknames", {"name"});
  else if (condition == "email") text = texts_in(card, "emails", {"address", "label"});
  else if (condition == "phone") text = texts_in(card, "phones", {"number", "label"});
  else if (condition == "onlineService") text = texts_in(card, "onlineServices", {"service", "uri", "user", "label"});
  else if (condition == "note") text = texts_in(card, "notes", {"note"});
  else {
    text = texts_in(card, condition == "organization" ? "organizations" : "addresses", {"name", "full"});
    const auto objects = card.find(condition == "organization" ? "organizations" : "addresses");
    if (objects == card.end()) return text;
    for (const Json& object : *objects) {
      text += components_in(object, "");
      if (!object.contains("units")) continue;
      for (const Json& unit : object["units"]) append_text(unit.value("name", Json()), text);
    }
  }
  return text;
}

bool is_sought_text(const std::string& name) {
  static constexpr std::string_view kTexts[] = {"text", "name", "name/given", "name/surname", "name/surname2", "nickname", "organization",
                                                "email", "phone", "onlineService", "address", "note"};
  return std::find(std::begin(kTexts), std::end(kTexts), name) != std::end(kTexts);
}
bool is_sought_time(const std::string& name) { return name == "createdBefore" || name == "createdAfter" || name == "updatedBefore" || name == "updatedAfter"; }
bool is_sought_word(const std::string& name) { return name == "inAddressBook" || name == "uid" || name == "hasMember" || name == "kind"; }

std::optional<MethodError> fault_of_condition(const Json& condition) {
  for (const auto& [name, value] : condition.items()) {
    if (!is_sought_text(name) && !is_sought_time(name) && !is_sought_word(name)) {
      return MethodError{"unsupportedFilter", "there is no condition '" + name.substr(0, 80) + "'"};
    }
    const bool is_right = value.is_string() && (!is_sought_time(name) || utc_date_from(value.get_ref<const std::string&>()).ok());
    if (!is_right) return MethodError{"invalidArguments", "filter/" + name + " is of the wrong type"};
    if (value.get_ref<const std::string&>().size() > kMostSoughtInCards) return MethodError{"unsupportedFilter", "filter/" + name + " has at most 1,024 bytes"};
  }
  return std::nullopt;
}

struct CardCondition {
  std::optional<std::uint32_t> book;  // 0: none that there is
  std::optional<std::string> uid, kind, member;
  std::optional<Time> created_before, created_after, updated_before, updated_after;
  std::vector<std::pair<std::string, Needle>> texts;  // by the condition's name
};

// Precondition: it has no fault.
CardCondition read_card_condition(const Json& object) {
  CardCondition condition;
  for (const auto& [name, value] : object.items()) {
    const auto& text = value.get_ref<const std::string&>();
    if (name == "inAddressBook") condition.book = address_book_from(text).value_or(0);
    else if (name == "uid") condition.uid = text;
    else if (name == "kind") condition.kind = text;
    else if (name == "hasMember") condition.member = text;
    else if (name == "createdBefore") condition.created_before = utc_date_from(text).value();
    else if (name == "createdAfter") condition.created_after = utc_date_from(text).value();
    else if (name == "updatedBefore") condition.updated_before = utc_date_from(text).value();
    else if (name == "updatedAfter") condition.updated_after = utc_date_from(text).value();
    else condition.texts.emplace_back(name, Needle(text));
  }
  return condition;
}

// What the record tells is asked first: then the card need not be read.
bool card_matches(const LookedCard& looked, const CardCondition& wanted) {
  const schema::CardRecord& record = looked.record();
  if (wanted.book && !std::binary_search(record.books.begin(), record.books.end(), *wanted.book)) return false;
  if ((wanted.uid && record.uid != *wanted.uid) || (wanted.kind && record.kind != *wanted.kind)) return false;
  if (wanted.member && std::find(record.members.begin(), record.members.end(), *wanted.member) == record.members.end()) return false;
  const auto lies_in = [&](const char* property, const std::optional<Time>& after, const std::optional<Time>& before) {
    if (!after && !before) return true;
    const auto time = looked.time(property);
    return time && (!after || *time >= *after) && (!before || *time < *before);
  };
  return lies_in("created", wanted.created_after, wanted.created_before) && lies_in("updated", wanted.updated_after, wanted.updated_before) &&
         std::all_of(wanted.texts.begin(), wanted.texts.end(), [&](const auto& text) { return text.second.is_in(sought_in(looked.card(), text.first)); });
}

std::optional<MethodError> fault_of_comparator(const Comparator& comparator) {
  static constexpr std::string_view kSorts[] = {"created", "updated", "name/given", "name/surname", "name/surname2"};
  if (std::find(std::begin(kSorts), std::end(kSorts), comparator.property) == std::end(kSorts)) {
    return MethodError{"unsupportedSort", "cards are not sorted by '" + comparator.property.substr(0, 80) + "'"};
  }
  const std::string collation = comparator.collation.value_or("i;unicode-casemap");
  if (collation == "i;unicode-casemap" || collation == "i;ascii-casemap" || collation == "i;octet") return std::nullopt;
  return MethodError{"unsupportedSort", "there is no collation '" + collation.substr(0, 80) + "'"};
}

// What the card is compared by.
std::string sort_key(const LookedCard& looked, const Comparator& comparator) {
  if (!comparator.property.starts_with("name/")) {
    const auto time = looked.time(comparator.property.c_str());
    std::string key;
    if (time) ByteWriter(key).u64(static_cast<std::uint64_t>(to_millis(*time)) ^ (std::uint64_t{1} << 63));
    return key;
  }
  const std::string kind = comparator.property.substr(5);
  std::string text = name_in(looked.card(), kind);
  if (const auto name = looked.card().find("name"); name != looked.card().end() && name->contains("sortAs")) text = (*name)["sortAs"].value(kind, text);
  const std::string collation = comparator.collation.value_or("i;unicode-casemap");
  return collation == "i;octet" ? text : collation == "i;ascii-casemap" ? to_lower(text) : transcoders::fold_case(text);
}

struct FoundCard {
  std::uint64_t number = 0;
  std::vector<std::string> keys;
};

// Which cards a query gives, and in which order; its conditions are read once. The arguments outlive it.
class CardQuery {
 public:
  // Nothing else may be among the arguments.
  static std::variant<CardQuery, MethodError> read(const Arguments& arguments, Filter filter, std::vector<Comparator> sort) {
    if (const Result<void> done = arguments.done(); !done.ok()) return method_error_of(done.error());
    if (auto fault = fault_of_query(filter, sort, fault_of_condition, fault_of_comparator)) return *std::move(fault);
    CardQuery query;
    std::size_t texts = 0;
    (void)filter.for_each_condition([&](const Json& object) -> Result<void> {
      texts += query.conditions_.emplace(&object, read_card_condition(object)).first->second.texts.size();
      return {};
    });
    if (texts > kMostTextConditions) return MethodError{"unsupportedFilter", "more than " + std::to_string(kMostTextConditions) + " conditions look for texts"};
    query.filter_ = std::move(filter);
    query.sort_ = std::move(sort);
    return query;
  }

  // The ids in their order. corrupt: a card that had to be read cannot be.
  Result<std::vector<std::string>> run(const store::Contacts& contacts) const {
    std::vector<FoundCard> found;
    Result<void> looked_at;
    TELEPOST_TRY(contacts.for_each_card([&](const schema::CardRecord& record) {
      const LookedCard looked(record);
      if (filter_.holds([&](const Json& object) { return card_matches(looked, conditions_.at(&object)); })) {
        FoundCard& one = found.emplace_back(FoundCard{record.number, {}});
        for (const Comparator& comparator : sort_) one.keys.push_back(sort_key(looked, comparator));
      }
      looked_at = looked.failure();
      return looked_at.ok();
    }));
    TELEPOST_TRY(looked_at);
    std::sort(found.begin(), found.end(), [&](const FoundCard& a, const FoundCard& b) { return is_before(a, b); });
    std::vector<std::string> ids;
    for (const FoundCard& one : found) ids.push_back(card_id(one.number));
    return ids;
  }

 private:
  bool is_before(const FoundCard& a, const FoundCard& b) const {
    for (std::size_t i = 0; i < sort_.size(); ++i) {
      if (a.keys[i] != b.keys[i]) return (a.keys[i] < b.keys[i]) == sort_[i].is_ascending;
    }
    return a.number < b.number;
  }

  Filter filter_;
  std::vector<Comparator> sort_;
  std::map<const Json*, CardCondition> conditions_;
};

}  // namespace

MethodResult query_cards(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));
  const auto query = CardQuery::read(call.arguments, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&query)) return *error;
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  TELEPOST_ASSIGN(const auto ids, std::get<CardQuery>(query).run(contacts));
  return answer_query(asked, ids, to_state(contacts.modseq()), store::kMostCards, to_id(account));
}

// Whatever changed may have moved: it is named as gone, and where it is now.
MethodResult card_query_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryChangesArguments asked, read_query_changes(call.arguments));
  const auto query = CardQuery::read(call.arguments, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&query)) return *error;
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  TELEPOST_ASSIGN(const schema::Modseq since, state_within(asked.since_query_state, contacts.floor(), contacts.modseq()));
  TELEPOST_ASSIGN(const store::ContactChanges told, contacts.card_changes(since, kMostCardChanges));
  if (told.until != contacts.modseq()) return MethodError{"cannotCalculateChanges", "more than 10,000 changes"};
  std::vector<std::string> removed;
  std::set<std::string> moved;
  for (const store::ContactChange& change : told.changes) {
    if (change.created <= since) removed.push_back(card_id(change.number));
    if (!change.is_gone) moved.insert(card_id(change.number));
  }
  TELEPOST_ASSIGN(const auto ids, std::get<CardQuery>(query).run(contacts));
  return answer_query_changes(asked, ids, to_state(contacts.modseq()), std::move(removed), moved, to_id(account));
}

}  // namespace telepost::adapters::jmap
