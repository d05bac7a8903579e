// RFC 9555 section 2: from vCard to JSContact.
#include <algorithm>
#include <map>
#include <set>

#include "adapters/jmap/card_codec.h"
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/id_codec.h"
#include "adapters/jmap/vcard_card.h"
#include "adapters/jmap/vcard_components.h"
#include "adapters/jmap/vcard_dates.h"
#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

// Properties with one value, which becomes a member of an object under an id.
struct KeyedProperty {
  std::string_view name;      // of the vCard
  const char* property;       // of the Card
  const char* member;
  const char* kind = nullptr; // its member "kind"
  bool is_uri = false;
};
constexpr KeyedProperty kKeyed[] = {
    {"NICKNAME", "nicknames", "name"},           {"EMAIL", "emails", "address"},
    {"TEL", "phones", "number"},                 {"LANG", "preferredLanguages", "language"},
    {"TITLE", "titles", "name", "title"},        {"ROLE", "titles", "name", "role"},
    {"NOTE", "notes", "note"},                   {"IMPP", "onlineServices", "uri", nullptr, true},
    {"SOCIALPROFILE", "onlineServices", "uri", nullptr, true},
    {"URL", "links", "uri", nullptr, true},      {"CONTACT-URI", "links", "uri", "contact", true},
    {"KEY", "cryptoKeys", "uri", nullptr, true}, {"CALURI", "calendars", "uri", "calendar", true},
    {"FBURL", "calendars", "uri", "freeBusy", true},
    {"CALADRURI", "schedulingAddresses", "uri", nullptr, true},
    {"SOURCE", "directories", "uri", "entry", true},
    {"ORG-DIRECTORY", "directories", "uri", "directory", true},
    {"PHOTO", "media", "uri", "photo", true},    {"LOGO", "media", "uri", "logo", true},
    {"SOUND", "media", "uri", "sound", true},
    {"EXPERTISE", "personalInfo", "value", "expertise"},
    {"HOBBY", "personalInfo", "value", "hobby"}, {"INTEREST", "personalInfo", "value", "interest"}};

const std::map<std::string_view, const char*>& plain_texts() {
  static const std::map<std::string_view, const char*> names = {{"KIND", "kind"}, {"LANGUAGE", "language"}, {"PRODID", "prodId"}, {"UID", "uid"}};
  return names;
}

std::string uri_of(const VcardLine& line) {
  const std::string type = to_lower(line.first("TYPE")), encoding = to_lower(line.first("ENCODING"));
  if (encoding != "b" && encoding != "base64") return line.value.find('\\') == std::string::npos ? line.value : vcard_text(line.value);
  const std::string media = type.empty() ? "application/octet-stream" : type.find('/') != std::string::npos ? type : (line.name == "SOUND" ? "audio/" : line.name == "KEY" ? "application/" : "image/") + type;
  return "data:" + media + ";base64," + line.value;
}

class CardReading {
 public:
  explicit CardReading(const Vcard& vcard) : vcard_(vcard) {}

  Json run() {
    card_ = {{"@type", "Card"}, {"version", "1.0"}};
    for (const VcardLine& line : vcard_) {
      if (line.name == "X-ABLABEL" && !line.group.empty()) labels_[to_lower(line.group)] = label_of(line);
    }
    std::set<std::pair<std::string, std::string>> seen;
    for (const VcardLine& line : vcard_) {
      if (line.name == "JSPROP" || (line.name == "X-ABLABEL" && !line.group.empty())) continue;
      // Of what says the same in several languages or scripts the first is the Card's.
      const std::string alternative = line.first("ALTID");
      const bool is_other = !alternative.empty() && !seen.insert({line.name, alternative}).second;
      if (is_other || !read(line)) keep(line);
    }
    for (const VcardLine& line : vcard_) {
      if (line.name == "JSPROP" && !read_jsprop(line)) keep(line);
    }
    drop_faults();
    return std::move(card_);
  }

 private:
  static std::string label_of(const VcardLine& line) {
    const std::string text = vcard_text(line.value);
    const bool is_apples = text.starts_with("_$!<") && text.ends_with(">!$_") && text.size() > 8;
    return is_apples ? text.substr(4, text.size() - 8) : text;
  }

  // Section 2.15.1.
  void keep(const VcardLine& line) {
    Json parameters = Json::object();
    for (const auto& [name, values] : line.parameters) {
      if (name != "VALUE") parameters[to_lower(name)] = values.size() == 1 ? Json(values[0]) : Json(values);
    }
    if (!line.group.empty()) parameters["group"] = line.group;
    const std::string type = line.first("VALUE");
    card_["vCardProps"].push_back(Json::array({to_lower(line.name), std::move(parameters), type.empty() ? "unknown" : to_lower(type), line.value}));
  }

  // False: there is no word for it.
  bool read(const VcardLine& line) {
    if (line.value.empty()) return true;
    for (const KeyedProperty& property : kKeyed) {
      if (line.name == property.name) return read_keyed(line, property);
    }
    if (const auto plain = plain_texts().find(line.name); plain != plain_texts().end()) return read_plain(line, plain->second);
    if (line.name == "FN") return read_full_name(line);
    if (line.name == "N") return read_name(line);
    if (line.name == "ORG") return read_organization(line);
    if (line.name == "ADR") return read_address(line);
    if (line.name == "REV" || line.name == "CREATED") return read_time(line);
    if (line.name == "BDAY" || line.name == "DEATHDATE" || line.name == "ANNIVERSARY") return read_anniversary(line);
    if (line.name == "BIRTHPLACE" || line.name == "DEATHPLACE") return read_place(line);
    if (line.name == "CATEGORIES") return read_keywords(line);
    if (line.name == "MEMBER") return card_["members"][uri_of(line)] = true, true;
    if (line.name == "RELATED") return read_relation(line);
    if (line.name == "GRAMGENDER") return card_["speakToAs"]["grammaticalGender"] = to_lower(line.value), true;
    if (line.name == "PRONOUNS") return read_pronouns(line);
    return false;
  }

  bool read_plain(const VcardLine& line, const char* property) {
    if (card_.contains(property)) return false;
    const std::string text = vcard_text(line.value);
    card_[property] = line.name == "KIND" ? to_lower(text) : text;
    return true;
  }

  // Under PROP-ID, or a number. False: it is nothing that a Card may have there.
  bool add(const VcardLine& line, const char* property, Json object) {
    const Json alone = {{"@type", "Card"}, {"version", "1.0"}, {"uid", "u"}, {property, {{"1", object}}}};
    if (!faults_of_card(alone).properties.empty()) return false;
    Json& objects = card_[property];
    if (objects.is_null()) objects = Json::object();
    objects[id_for(line, objects)] = std::move(object);
    return true;
  }
  static std::string id_for(const VcardLine& line, const Json& objects) {
    std::string id = line.first("PROP-ID");
    for (std::size_t number = objects.size() + 1; !is_id(id) || objects.contains(id); ++number) id = std::to_string(number);
    return id;
  }

  // What the lines of most properties say besides their value.
  void add_common(const VcardLine& line, Json& object) {
    static const std::map<std::string, const char*> kContexts = {{"work", "work"}, {"home", "private"}, {"billing", "billing"}, {"delivery", "delivery"}};
    static const std::map<std::string, const char*> kFeatures = {{"voice", "voice"}, {"fax", "fax"}, {"pager", "pager"}, {"text", "text"}, {"textphone", "textphone"},
                                                                 {"video", "video"}, {"cell", "mobile"}, {"main-number", "main-number"}};
    for (const std::string& values : line.all("TYPE")) {
      for (const std::string& value : vcard_list(to_lower(values), ',')) {
        if (const auto context = kContexts.find(value); context != kContexts.end()) object["contexts"][context->second] = true;
        else if (const auto feature = kFeatures.find(value); line.name == "TEL" && feature != kFeatures.end()) object["features"][feature->second] = true;
        else if (value == "pref") object["pref"] = 1;
      }
    }
    const std::string pref = line.first("PREF"), media_type = line.first("MEDIATYPE");
    if (!pref.empty() && pref.size() <= 3 && pref.find_first_not_of("0123456789") == std::string::npos) object["pref"] = std::stoi(pref);
    if (!media_type.empty() && object.contains("uri")) object["mediaType"] = media_type;
    if (const auto label = labels_.find(to_lower(line.group)); !line.group.empty() && label != labels_.end()) object["label"] = label->second;
    for (const auto& [name, values] : line.parameters) {
      if (name.starts_with("X-")) object["vCardParams"][to_lower(name)] = values.size() == 1 ? Json(values[0]) : Json(values);
    }
  }

  bool read_keyed(const VcardLine& line, const KeyedProperty& property) {
    // A nickname is a list of them.
    const auto values = line.name == "NICKNAME" ? vcard_list(line.value, ',') : std::vector<std::string>{line.value};
    bool is_read = true;
    for (const std::string& value : values) {
      Json object = {{property.member, property.is_uri ? uri_of(line) : vcard_text(value)}};
      if (property.kind != nullptr) object["kind"] = property.kind;
      if (line.name == "SOCIALPROFILE" || line.name == "IMPP") read_service(line, object);
      if (line.name == "NOTE") read_note(line, object);
      if (property.property == std::string_view("personalInfo")) read_level(line, object);
      if (const std::string index = line.first("INDEX"); !index.empty() && index.size() <= 6 && index.find_first_not_of("0123456789") == std::string::npos) object["listAs"] = std::stoi(index);
      add_common(line, object);
      if (line.name == "TITLE" || line.name == "ROLE" || line.name == "NOTE") object.erase("pref");
      is_read = add(line, property.property, std::move(object)) && is_read;
    }
    return is_read;
  }

  static void read_service(const VcardLine& line, Json& object) {
    if (const std::string service = line.first("SERVICE-TYPE"); !service.empty()) object["service"] = service;
    if (const std::string user = line.first("USERNAME"); !user.empty()) object["user"] = user;
    if (to_lower(line.first("VALUE")) == "text") {
      object["user"] = vcard_text(line.value);
      object.erase("uri");
    }
    object["vCardName"] = to_lower(line.name);
  }

  static void read_note(const VcardLine& line, Json& object) {
    if (const auto created = vcard_time(line.first("CREATED")); !created.empty()) object["created"] = created;
    if (const std::string name = line.first("AUTHOR-NAME"); !name.empty()) object["author"]["name"] = name;
    if (const std::string uri = line.first("AUTHOR"); !uri.empty()) object["author"]["uri"] = uri;
  }

  static void read_level(const VcardLine& line, Json& object) {
    const std::string level = to_lower(line.first("LEVEL"));
    if (level == "beginner" || level == "low") object["level"] = "low";
    else if (level == "average" || level == "medium") object["level"] = "medium";
    else if (level == "expert" || level == "high") object["level"] = "high";
  }

  bool read_full_name(const VcardLine& line) {
    if (to_lower(line.first("DERIVED")) == "true") return true;
    if (card_.contains("name") && card_["name"].contains("full")) return false;
    card_["name"]["full"] = vcard_text(line.value);
    return true;
  }

  // RFC 6350 section 5.9: one text in which commas part the components, or a list.
  static std::vector<std::string> sort_texts(const VcardLine& line) {
    std::vector<std::string> texts;
    for (const std::string& value : line.all("SORT-AS")) {
      for (std::string& text : vcard_list(value, ',')) texts.push_back(std::move(text));
    }
    return texts;
  }

  bool read_name(const VcardLine& line) {
    Json name = card_.value("name", Json::object());
    if (name.contains("components") || !line.first("PHONETIC").empty()) return false;
    if (!read_components(line, name_fields(), name)) return true;
    const auto sort_as = sort_texts(line);
    const char* const kinds[] = {"surname", "given"};
    for (std::size_t i = 0; i < std::min(sort_as.size(), std::size_t{2}); ++i) name["sortAs"][kinds[i]] = sort_as[i];
    card_["name"] = std::move(name);
    return true;
  }

  bool read_organization(const VcardLine& line) {
    Json object = Json::object();
    const auto parts = vcard_list(line.value, ';');
    const auto sort_as = sort_texts(line);
    if (!parts[0].empty()) object["name"] = vcard_text(parts[0]);
    if (!sort_as.empty()) object["sortAs"] = sort_as[0];
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (parts[i].empty()) continue;
      Json unit = {{"name", vcard_text(parts[i])}};
      if (i < sort_as.size()) unit["sortAs"] = sort_as[i];
      object["units"].push_back(std::move(unit));
    }
    if (object.empty()) return true;
    add_common(line, object);
    object.erase("pref");
    return add(line, "organizations", std::move(object));
  }

  bool read_address(const VcardLine& line) {
    Json object = Json::object();
    (void)read_components(line, address_fields(), object);
    for (const auto& [parameter, member] : {std::pair("LABEL", "full"), std::pair("GEO", "coordinates"), std::pair("TZ", "timeZone"), std::pair("CC", "countryCode")}) {
      if (const std::string value = line.first(parameter); !value.empty()) object[member] = value;
    }
    if (object.empty()) return true;
    add_common(line, object);
    object.erase("label");
    return add(line, "addresses", std::move(object));
  }

  bool read_time(const VcardLine& line) {
    const std::string time = vcard_time(line.value);
    if (!time.empty()) card_[line.name == "REV" ? "updated" : "created"] = time;
    return !time.empty();
  }

  static const char* anniversary_kind(const VcardLine& line) { return line.name.starts_with("B") ? "birth" : line.name.starts_with("D") ? "death" : "wedding"; }

  Json* find_anniversary(const char* kind) {
    if (!card_.contains("anniversaries")) return nullptr;
    for (Json& one : card_["anniversaries"]) {
      if (one["kind"] == kind) return &one;
    }
    return nullptr;
  }

  bool read_anniversary(const VcardLine& line) {
    const Json date = vcard_date(line.value, line.first("CALSCALE"));
    if (date.is_null() || to_lower(line.first("VALUE")) == "text") return false;
    Json object = {{"kind", anniversary_kind(line)}, {"date", date}};
    if (const auto place = places_.find(anniversary_kind(line)); place != places_.end()) object["place"] = place->second;
    return add(line, "anniversaries", std::move(object));
  }

  // It may stand before its date; without one there is no word for it.
  bool read_place(const VcardLine& line) {
    const bool is_dated = std::any_of(vcard_.begin(), vcard_.end(), [&](const VcardLine& one) {
      return one.name == (line.name == "BIRTHPLACE" ? "BDAY" : "DEATHDATE") && !vcard_date(one.value, "").is_null();
    });
    if (!is_dated) return false;
    const bool is_uri = to_lower(line.first("VALUE")) == "uri";
    Json place = is_uri ? Json{{"coordinates", line.value}} : Json{{"full", vcard_text(line.value)}};
    if (is_uri && !line.value.starts_with("geo:")) return false;
    if (Json* const one = find_anniversary(anniversary_kind(line))) (*one)["place"] = place;
    places_[anniversary_kind(line)] = std::move(place);
    return true;
  }

  bool read_keywords(const VcardLine& line) {
    for (const std::string& keyword : vcard_list(line.value, ',')) {
      if (!keyword.empty()) card_["keywords"][vcard_text(keyword)] = true;
    }
    return true;
  }

  bool read_relation(const VcardLine& line) {
    const std::string to = to_lower(line.first("VALUE")) == "text" ? vcard_text(line.value) : uri_of(line);
    Json& relation = card_["relatedTo"][to]["relation"];
    if (relation.is_null()) relation = Json::object();
    for (const std::string& type : line.all("TYPE")) relation[to_lower(type)] = true;
    return true;
  }

  bool read_pronouns(const VcardLine& line) {
    Json object = {{"pronouns", vcard_text(line.value)}};
    add_common(line, object);
    Json& pronouns = card_["speakToAs"]["pronouns"];
    if (pronouns.is_null()) pronouns = Json::object();
    pronouns[id_for(line, pronouns)] = std::move(object);
    return true;
  }

  // Section 3.2.1: a value of the Card itself, at a place in it.
  bool read_jsprop(const VcardLine& line) {
    const std::string path = line.first("JSPTR");
    const Result<Json> value = parse_i_json(vcard_text(line.value));
    if (path.empty() || !value.ok()) return false;
    Json* at = &card_;
    std::string_view rest = path;
    for (std::size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
      const auto found = at->is_object() ? at->find(unescaped(rest.substr(0, slash))) : at->end();
      if (!at->is_object() || found == at->end()) return false;
      at = &*found;
      rest.remove_prefix(slash + 1);
    }
    if (!at->is_object()) return false;
    (*at)[unescaped(rest)] = *value;
    return true;
  }
  static std::string unescaped(std::string_view token) {
    std::string text;
    for (std::size_t i = 0; i < token.size(); ++i) {
      if (token[i] == '~' && i + 1 < token.size()) text.push_back(token[++i] == '1' ? '/' : '~');
      else text.push_back(token[i]);
    }
    return text;
  }

  // What the lines made is no Card: it stays as lines.
  void drop_faults() {
    const bool has_uid = card_.contains("uid");
    if (!has_uid) card_["uid"] = "none";
    if (card_.contains("members") && !card_.contains("kind")) card_["kind"] = "group";
    for (const std::string& property : faults_of_card(card_).properties) {
      const auto value = card_.find(property);
      if (value == card_.end()) continue;
      card_["vCardProps"].push_back(Json::array({"jsprop", {{"jsptr", property}}, "text", escaped_vcard_text(to_text(*value))}));
      card_.erase(property);
    }
    if (!has_uid) card_.erase("uid");
  }

  const Vcard& vcard_;
  Json card_;
  std::map<std::string, std::string> labels_;  // by group
  std::map<std::string, Json> places_;         // by the kind of their anniversary
};

}  // namespace

Json card_of_vcard(const Vcard& vcard) { return CardReading(vcard).run(); }

}  // namespace telepost::adapters::jmap
