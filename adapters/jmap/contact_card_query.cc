// ContactCard/query and /queryChanges (RFC 9610 sections 3.3 and 3.4), by a look at each card of the account: there are 20,000 at most.
#include <algorithm>

#include "adapters/jmap/contact_card.h"
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/query_codec.h"
#include "adapters/jmap/search_codec.h"
#include "base/bytes.h"
#include "transcoders/unicode.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMostCardMatches = 20'000;
constexpr std::size_t kMostCardChanges = 10'000;
constexpr std::size_t kMostSoughtInCards = 1'024;  // bytes of one text

// Read once it is asked for.
class LookedCard {
 public:
  explicit LookedCard(const schema::CardRecord& record) : record_(record) {}
  const schema::CardRecord& record() const { return record_; }
  const Json& card() const {
    if (!card_) {
      auto read = card_of(record_);
      card_ = read.ok() ? *std::move(read) : Json::object();
    }
    return *card_;
  }
  // nothing: the card does not have it.
  std::optional<Time> time(const char* property) const {
    const auto found = card().find(property);
    const auto time = found != card().end() && found->is_string() ? utc_date_from(found->get_ref<const std::string&>()) : Result<Time>(Errc::invalid, "");
    return time.ok() ? std::optional(*time) : std::nullopt;
  }

 private:
  const schema::CardRecord& record_;
  mutable std::optional<Json> card_;
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

bool holds_for(const LookedCard& looked, const Json& condition) {
  for (const auto& [name, value] : condition.items()) {
    const auto& text = value.get_ref<const std::string&>();
    const schema::CardRecord& record = looked.record();
    bool holds = false;
    if (name == "inAddressBook") {
      const auto book = address_book_from(text);
      holds = book && std::binary_search(record.books.begin(), record.books.end(), *book);
    } else if (name == "uid") holds = record.uid == text;
    else if (name == "kind") holds = record.kind == text;
    else if (name == "hasMember") holds = std::find(record.members.begin(), record.members.end(), text) != record.members.end();
    else if (is_sought_time(name)) {
      const auto time = looked.time(name.starts_with("created") ? "created" : "updated");
      const Time bound = utc_date_from(text).value();
      holds = time && (name.ends_with("Before") ? *time < bound : *time >= bound);
    } else holds = Needle(text).is_in(sought_in(looked.card(), name));
    if (!holds) return false;
  }
  return true;
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

class CardQuery {
 public:
  static std::optional<MethodError> fault(const Filter& filter, const std::vector<Comparator>& sort) {
    std::optional<MethodError> fault;
    (void)filter.for_each_condition([&](const Json& condition) -> Result<void> {
      if (!fault) fault = fault_of_condition(condition);
      return {};
    });
    for (const Comparator& comparator : sort) {
      if (!fault) fault = fault_of_comparator(comparator);
    }
    return fault;
  }

  // The ids in their order.
  static Result<std::vector<std::string>> run(const store::Contacts& contacts, const Filter& filter, const std::vector<Comparator>& sort) {
    std::vector<FoundCard> found;
    TELEPOST_TRY(contacts.for_each_card([&](const schema::CardRecord& record) {
      const LookedCard looked(record);
      if (!filter.holds([&](const Json& condition) { return holds_for(looked, condition); })) return true;
      FoundCard& one = found.emplace_back(FoundCard{record.number, {}});
      for (const Comparator& comparator : sort) one.keys.push_back(sort_key(looked, comparator));
      return true;
    }));
    std::sort(found.begin(), found.end(), [&](const FoundCard& a, const FoundCard& b) {
      for (std::size_t i = 0; i < sort.size(); ++i) {
        if (a.keys[i] != b.keys[i]) return (a.keys[i] < b.keys[i]) == sort[i].is_ascending;
      }
      return a.number < b.number;
    });
    std::vector<std::string> ids;
    for (const FoundCard& one : found) ids.push_back(card_id(one.number));
    return ids;
  }
};

}  // namespace

MethodResult query_cards(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  if (auto fault = CardQuery::fault(asked.filter, asked.sort)) return *std::move(fault);
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  TELEPOST_ASSIGN(const auto ids, CardQuery::run(contacts, asked.filter, asked.sort));
  return answer_query(asked, ids, to_state(contacts.modseq()), kMostCardMatches, to_id(account));
}

// Whatever changed may have moved: it is named as gone, and where it is now.
MethodResult card_query_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryChangesArguments asked, read_query_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  if (auto fault = CardQuery::fault(asked.filter, asked.sort)) return *std::move(fault);
  TELEPOST_ASSIGN(const store::Contacts contacts, store::Contacts::open(call.context.store, account));
  const auto since = state_from(asked.since_query_state);
  if (!since || *since < contacts.floor() || *since > contacts.modseq()) return MethodError{"cannotCalculateChanges", "too old, or no state of this server"};
  TELEPOST_ASSIGN(const store::ContactChanges told, contacts.card_changes(*since, kMostCardChanges));
  if (told.until != contacts.modseq()) return MethodError{"cannotCalculateChanges", "more than 10,000 changes"};
  std::vector<std::string> removed;
  std::set<std::string> moved;
  for (const store::ContactChange& change : told.changes) {
    if (change.created <= *since) removed.push_back(card_id(change.number));
    if (!change.is_gone) moved.insert(card_id(change.number));
  }
  TELEPOST_ASSIGN(const auto ids, CardQuery::run(contacts, asked.filter, asked.sort));
  return answer_query_changes(asked, ids, to_state(contacts.modseq()), std::move(removed), moved, to_id(account));
}

}  // namespace telepost::adapters::jmap
