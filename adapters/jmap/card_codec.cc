#include "adapters/jmap/card_codec.h"

#include <algorithm>

#include "adapters/jmap/arguments_codec.h"
#include "adapters/jmap/card_types.h"
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/id_codec.h"
#include "adapters/jmap/set_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// RFC 3986 section 3.1, and something behind the colon that is neither blank nor control.
bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || !is_letter(text[0])) return false;
  const auto is_of_scheme = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  const auto is_visible = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), is_of_scheme) && std::all_of(text.begin(), text.end(), is_visible);
}

// RFC 5646 section 2.1: parts of 1 to 8 letters and digits.
bool is_language(std::string_view text) {
  std::size_t part = 0;
  for (const char c : text) {
    if (c == '-' ? part == 0 : (++part > 8 || !(is_letter(c) || is_digit(c)))) return false;
    if (c == '-') part = 0;
  }
  return part != 0;
}

bool is_from(const Json& value, std::int64_t least, std::int64_t most) {
  const auto number = integer_in(value);
  return number && *number >= least && *number <= most;
}

class CardCheck {
 public:
  CardFaults take() { return std::move(faults_); }

  void check(const Json& object, const CardType& type, const std::string& path) {
    if (!object.is_object()) return fail(path, "wants an object of type " + std::string(type.name));
    if (const auto said = object.find("@type"); said != object.end() && *said != type.name) fail(join(path, "@type"), "wants " + std::string(type.name));
    if (object.contains("extra")) fail(join(path, "extra"), "is nobody's (RFC 9553 section 1.7.2)");
    for (const CardProperty& property : type.properties) {
      const auto value = object.find(property.name);
      const std::string place = join(path, property.name);
      if (value != object.end()) check_value(*value, property, place);
      else if (property.is_required) fail(place, "is missing");
    }
    const bool has_one = type.one_of.empty() || std::any_of(type.one_of.begin(), type.one_of.end(), [&](auto name) { return object.contains(name); });
    if (!has_one) fail(join(path, type.one_of.front()), "is missing, or another one of its kind");
  }

  void fail(const std::string& path, const std::string& why) {
    std::string name = path.substr(0, path.find('/'));
    if (faults_.properties.empty()) faults_.first = path.substr(0, 200) + ": " + why;
    if (std::find(faults_.properties.begin(), faults_.properties.end(), name) == faults_.properties.end()) faults_.properties.push_back(std::move(name));
  }

 private:
  static std::string join(const std::string& path, std::string_view name) { return path.empty() ? std::string(name) : path + "/" + std::string(name.substr(0, 80)); }

  void check_value(const Json& value, const CardProperty& property, const std::string& path) {
    switch (property.form) {
      case CardForm::object: return check(value, *property.type, path);
      case CardForm::date: return check_date(value, path);
      case CardForm::list: return check_list(value, *property.type, path);
      case CardForm::by_id:
      case CardForm::by_text: return check_objects(value, property, path);
      case CardForm::set:
      case CardForm::texts: return check_members(value, property.form, path);
      case CardForm::patches: return check_patches(value, path);
      case CardForm::flag: return want(value.is_boolean(), path, "true or false");
      case CardForm::count: return want(is_from(value, 0, kMaxInt), path, "a whole number");
      case CardForm::from_one: return want(is_from(value, 1, kMaxInt), path, "a whole number above 0");
      case CardForm::pref: return want(is_from(value, 1, 100), path, "a number from 1 to 100");
      case CardForm::text:
      case CardForm::filled:
      case CardForm::utc:
      case CardForm::uri:
      case CardForm::language:
      case CardForm::country: return check_text(value, property.form, path);
    }
  }

  void want(bool is_right, const std::string& path, std::string_view what) {
    if (!is_right) fail(path, "wants " + std::string(what));
  }

  void check_text(const Json& value, CardForm form, const std::string& path) {
    if (!value.is_string()) return fail(path, "wants a text");
    const auto& text = value.get_ref<const std::string&>();
    if (form == CardForm::filled) want(!text.empty(), path, "a text that is not empty");
    if (form == CardForm::utc) want(utc_date_from(text).ok(), path, "a UTCDateTime, such as 2014-10-30T06:12:00Z");
    if (form == CardForm::uri) want(is_uri(text), path, "a URI");
    if (form == CardForm::language) want(is_language(text), path, "a language tag");
    if (form == CardForm::country) want(text.size() == 2 && is_letter(text[0]) && is_letter(text[1]), path, "a country code of two letters");
  }

  void check_list(const Json& value, const CardType& type, const std::string& path) {
    if (!value.is_array()) return fail(path, "wants a list");
    for (std::size_t i = 0; i < value.size(); ++i) check(value[i], type, join(path, std::to_string(i)));
  }

  void check_objects(const Json& value, const CardProperty& property, const std::string& path) {
    if (!value.is_object()) return fail(path, "wants objects by their ids");
    for (const auto& [id, object] : value.items()) {
      if (property.form == CardForm::by_id && !is_id(id)) fail(join(path, id), "is no id");
      if (property.form == CardForm::by_text && id.empty()) fail(path, "names nothing");
      check(object, *property.type, join(path, id));
    }
  }

  void check_members(const Json& value, CardForm form, const std::string& path) {
    if (!value.is_object()) return fail(path, "wants an object");
    for (const auto& [name, member] : value.items()) {
      if (form == CardForm::set) want(!name.empty() && member == true, join(path, name), "a name, and true");
      else want(member.is_string(), join(path, name), "a text");
    }
  }

  // Section 2.8.1: a year, a month or both; a day with its month. Without @type it is a PartialDate.
  void check_date(const Json& value, const std::string& path) {
    const bool is_timestamp = value.is_object() && value.contains("@type") && value["@type"] == "Timestamp";
    if (is_timestamp) return check(value, timestamp_type(), path);
    check(value, partial_date_type(), path);
    if (!value.is_object()) return;
    const auto in_range = [&](const char* name, std::int64_t most) { return !value.contains(name) || is_from(value[name], 1, most); };
    want(in_range("month", 12) && in_range("day", 31) && in_range("year", 9'999), path, "a date that there is");
    want(value.contains("year") || value.contains("month"), path, "a year or a month");
    want(!value.contains("day") || value.contains("month"), path, "a month for its day");
  }

  // Section 2.7.1: what each makes of the card is a card.
  void check_patches(const Json& value, const std::string& path) {
    if (!value.is_object()) return fail(path, "wants patches by languages");
    if (value.size() > kMostLocalizations) return fail(path, "has at most 50 languages");
    for (const auto& [name, patch] : value.items()) {
      want(is_language(name), join(path, name), "a language tag");
      want(patch.is_object(), join(path, name), "a PatchObject");
    }
  }

  CardFaults faults_;
};

// Those with the lowest pref first; those without one last (section 1.5.3).
std::vector<const Json*> by_preference(const Json& card, const char* property) {
  std::vector<const Json*> objects;
  const auto found = card.find(property);
  if (found == card.end()) return objects;
  for (const Json& object : *found) objects.push_back(&object);
  const auto pref_of = [](const Json* object) { return object->contains("pref") ? integer_in((*object)["pref"]).value_or(101) : 101; };
  std::stable_sort(objects.begin(), objects.end(), [&](const Json* a, const Json* b) { return pref_of(a) < pref_of(b); });
  return objects;
}

// "tel:+1-555-0100" and "+1 555 0100" are the number that is dialled.
std::string number_in_phone(std::string_view text) {
  if (starts_with_ignoring_case(text, "tel:")) text.remove_prefix(4);
  text = text.substr(0, text.find(';'));
  std::string number;
  for (const char c : text) {
    if (is_digit(c) || (c == '+' && number.empty()) || c == '*' || c == '#') number.push_back(c);
    else if (is_letter(c)) return {};
  }
  return number;
}

}  // namespace

CardFaults faults_of_card(const Json& card) {
  CardCheck check;
  check.check(card, card_type(), "");
  if (!card.is_object()) return check.take();
  if (!card.contains("@type")) check.fail("@type", "is missing");
  if (const auto version = card.find("version"); version != card.end() && *version != "1.0") check.fail("version", "is one that is not known here");
  const auto uid = card.find("uid");
  if (uid != card.end() && uid->is_string() && uid->get_ref<const std::string&>().size() > kMostUidBytes) check.fail("uid", "has at most 1,024 bytes");
  if (card.contains("members") && card.value("kind", Json()) != "group") check.fail("members", "are of a card of kind \"group\" alone");
  CardFaults faults = check.take();
  const auto patches = card.find("localizations");
  if (!faults.properties.empty() || patches == card.end()) return faults;
  Json plain = card;
  plain.erase("localizations");
  for (const auto& [language, patch] : patches->items()) {
    Json localized = plain;
    const Result<void> applied = apply_patch(localized, patch, Json::object());
    CardCheck patched;
    if (applied.ok()) patched.check(localized, card_type(), "");
    const CardFaults found = patched.take();
    if (applied.ok() && found.properties.empty()) continue;
    return {{"localizations"}, "localizations/" + language + ": " + (applied.ok() ? found.first : applied.error().detail)};
  }
  return faults;
}

schema::CardRecord record_of_card(const Json& card) {
  schema::CardRecord record;
  record.uid = card.at("uid").get<std::string>();
  record.kind = card.value("kind", "individual");
  if (const auto members = card.find("members"); members != card.end()) {
    for (const auto& [uid, is_in] : members->items()) record.members.push_back(uid);
  }
  for (const Json* const email : by_preference(card, "emails")) record.addresses.push_back("mailto:" + email->at("address").get<std::string>());
  for (const Json* const phone : by_preference(card, "phones")) {
    const std::string number = number_in_phone(phone->at("number").get_ref<const std::string&>());
    if (!number.empty()) record.addresses.push_back("tel:" + number);
  }
  record.text = to_text(card);
  return record;
}

std::string uid_of(std::string_view random) {
  std::string bytes(random.substr(0, 16));
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fu) | 0x40u);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fu) | 0x80u);
  std::string hex = to_hex(bytes);
  for (const std::size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, "-");
  return "urn:uuid:" + hex;
}

}  // namespace telepost::adapters::jmap
