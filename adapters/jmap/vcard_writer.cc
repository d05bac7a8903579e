// RFC 9555 section 3: from JSContact to vCard.
#include <algorithm>
#include <set>

#include "adapters/jmap/vcard_card.h"
#include "adapters/jmap/vcard_components.h"
#include "adapters/jmap/vcard_dates.h"
#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

using Members = std::set<std::string, std::less<>>;

std::string escaped_token(std::string_view token) {
  std::string text;
  for (const char c : token) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

class CardWriting {
 public:
  explicit CardWriting(const Json& card) : card_(card) {}

  std::string run() {
    text_ = "BEGIN:VCARD\r\nVERSION:4.0\r\n";
    for (const auto& [property, name] : {std::pair("kind", "KIND"), std::pair("uid", "UID"), std::pair("prodId", "PRODID"), std::pair("language", "LANGUAGE")}) {
      if (card_.contains(property)) put({{}, name, {}, escaped_vcard_text(text_of(card_, property))});
    }
    for (const auto& [property, name] : {std::pair("updated", "REV"), std::pair("created", "CREATED")}) {
      if (card_.contains(property)) put({{}, name, {}, vcard_time_of(text_of(card_, property))});
    }
    write_name();
    write_organizations();
    write_simple();
    write_services();
    write_resources();
    write_addresses();
    write_anniversaries();
    write_speak_to_as();
    write_sets();
    write_personal();
    write_kept();
    write_rest();
    return text_ + "END:VCARD\r\n";
  }

 private:
  static std::string text_of(const Json& object, const char* member) { return object.at(member).get<std::string>(); }
  void put(const VcardLine& line) { text_ += to_text(line); }

  // Objects of a property by their ids; each is written once.
  template <typename Write>
  void each(const char* property, const Write& write) {
    written_.insert(property);
    const auto objects = card_.find(property);
    if (objects == card_.end()) return;
    for (const auto& [id, object] : objects->items()) write(id, object);
  }

  // Behind what was said of an object: the members that a line has no place for, each as a JSPROP.
  void write_others(const char* property, const std::string& id, const Json& object, Members known) {
    known.insert("@type");
    for (const auto& [member, value] : object.items()) {
      if (!known.contains(member)) write_jsprop(std::string(property) + "/" + escaped_token(id) + "/" + escaped_token(member), value);
    }
  }
  void write_jsprop(const std::string& path, const Json& value) { put({{}, "JSPROP", {{"JSPTR", {path}}}, escaped_vcard_text(to_text(value))}); }

  // What most lines say besides their value. With a group where there is a label.
  VcardLine line_for(const std::string& id, const char* name, const Json& object, bool is_numbered = true) {
    VcardLine line{{}, name, {}, {}};
    if (is_numbered) line.parameters.push_back({"PROP-ID", {id}});
    std::vector<std::string> types;
    for (const char* const member : {"contexts", "features"}) {
      if (!object.contains(member)) continue;
      for (const auto& [value, is_set] : object[member].items()) types.push_back(value == "private" ? "home" : value == "mobile" ? "cell" : value);
    }
    if (!types.empty()) line.parameters.push_back({"TYPE", types});
    if (object.contains("pref")) line.parameters.push_back({"PREF", {std::to_string(static_cast<int>(object["pref"].get<double>()))}});
    if (object.contains("mediaType")) line.parameters.push_back({"MEDIATYPE", {text_of(object, "mediaType")}});
    if (object.contains("listAs")) line.parameters.push_back({"INDEX", {std::to_string(static_cast<std::int64_t>(object["listAs"].get<double>()))}});
    if (object.contains("label")) line.group = "g" + std::to_string(++groups_);
    if (object.contains("vCardParams") && object["vCardParams"].is_object()) {
      for (const auto& [parameter, value] : object["vCardParams"].items()) {
        if (value.is_string() && starts_with_ignoring_case(parameter, "x-")) line.parameters.push_back({parameter_name(parameter), {value.get<std::string>()}});
      }
    }
    return line;
  }
  static std::string parameter_name(const std::string& name) {
    std::string upper;
    for (const char c : name) {
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-') upper.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    }
    return upper;
  }
  void put_labelled(const VcardLine& line, const Json& object) {
    put(line);
    if (!line.group.empty()) put({line.group, "X-ABLABEL", {}, escaped_vcard_text(text_of(object, "label"))});
  }

  void write_name() {
    written_.insert("name");
    const Json name = card_.value("name", Json::object());
    std::string full = name.value("full", "");
    const bool is_derived = full.empty();
    if (name.contains("components")) {
      if (is_derived) full = text_of_components(name);
      VcardLine line{{}, "N", {}, {}};
      const Json sort_as = name.value("sortAs", Json::object());
      if (sort_as.contains("surname")) {
        // RFC 6350 section 5.9: one text, in which commas part the components.
        line.parameters.push_back({"SORT-AS", {text_of(sort_as, "surname")}});
        if (sort_as.contains("given")) line.parameters.back().second[0] += "," + text_of(sort_as, "given");
      }
      write_components(name, name_fields(), line);
      put(line);
    }
    VcardLine line{{}, "FN", {}, escaped_vcard_text(full)};
    if (is_derived) line.parameters.push_back({"DERIVED", {"TRUE"}});
    put(line);  // RFC 6350 section 6.2.1: there is one
    if (!is_whole_in_lines(name, {"components", "full", "isOrdered", "defaultSeparator", "sortAs"})) write_jsprop("name", name);
  }

  // Whether components say no more than lines can.
  static bool is_whole_in_lines(const Json& object, Members known) {
    static const Members kinds = {"surname", "given", "given2", "title", "credential", "surname2", "generation", "postOfficeBox", "apartment", "name", "locality",
                                  "region", "postcode", "country", "room", "floor", "number", "building", "block", "subdistrict", "district", "landmark",
                                  "direction", "separator"};
    known.insert("@type");
    for (const auto& [member, value] : object.items()) {
      if (!known.contains(member)) return false;
    }
    if (object.contains("sortAs")) {
      for (const auto& [kind, value] : object["sortAs"].items()) {
        if (kind != "surname" && kind != "given") return false;
      }
      if (!object["sortAs"].contains("surname")) return false;
      for (const auto& [kind, value] : object["sortAs"].items()) {
        if (value.get_ref<const std::string&>().find(',') != std::string::npos) return false;
      }
    }
    if (!object.contains("components")) return true;
    return std::all_of(object["components"].begin(), object["components"].end(), [](const Json& component) {
      const auto is_known = [](const auto& member) { return member.key() == "kind" || member.key() == "value" || member.key() == "@type"; };
      return kinds.contains(component.at("kind").get<std::string>()) && std::all_of(component.items().begin(), component.items().end(), is_known);
    });
  }

  void write_organizations() {
    each("organizations", [&](const std::string& id, const Json& object) {
      VcardLine line = line_for(id, "ORG", object);
      const bool is_sorted = object.contains("sortAs") && text_of(object, "sortAs").find(',') == std::string::npos;
      if (is_sorted) line.parameters.push_back({"SORT-AS", {text_of(object, "sortAs")}});
      line.value = escaped_vcard_text(object.value("name", ""));
      bool is_plain = true;
      for (const Json& unit : object.value("units", Json::array())) {
        line.value += ";" + escaped_vcard_text(text_of(unit, "name"));
        is_plain = is_plain && unit.size() == 1;
      }
      put(line);
      write_others("organizations", id, object, {"name", "contexts", is_sorted ? "sortAs" : "name", is_plain ? "units" : "name"});
    });
  }

  void write_simple() {
    struct Simple {
      const char *property, *member, *name;
      bool has_language = false;
    };
    for (const Simple& one : {Simple{"nicknames", "name", "NICKNAME"}, Simple{"emails", "address", "EMAIL"}, Simple{"phones", "number", "TEL"},
                              Simple{"preferredLanguages", "language", "LANG"}, Simple{"notes", "note", "NOTE"}}) {
      each(one.property, [&](const std::string& id, const Json& object) {
        VcardLine line = line_for(id, one.name, object);
        line.value = escaped_vcard_text(text_of(object, one.member));
        if (object.contains("created")) line.parameters.push_back({"CREATED", {vcard_time_of(text_of(object, "created"))}});
        const Json author = object.value("author", Json::object());
        if (author.contains("name")) line.parameters.push_back({"AUTHOR-NAME", {text_of(author, "name")}});
        if (author.contains("uri")) line.parameters.push_back({"AUTHOR", {text_of(author, "uri")}});
        put_labelled(line, object);
        write_others(one.property, id, object, {one.member, "contexts", "features", "pref", "label", "created", "author", "vCardParams"});
      });
    }
    each("titles", [&](const std::string& id, const Json& object) {
      const std::string kind = object.value("kind", "title");
      VcardLine line = line_for(id, kind == "role" ? "ROLE" : "TITLE", object);
      line.value = escaped_vcard_text(text_of(object, "name"));
      put(line);
      write_others("titles", id, object, kind == "role" || kind == "title" ? Members{"name", "kind", "vCardParams"} : Members{"name", "vCardParams"});
    });
  }

  void write_services() {
    each("onlineServices", [&](const std::string& id, const Json& object) {
      const bool is_message = object.value("vCardName", Json()) == "impp" && object.contains("uri");
      VcardLine line = line_for(id, is_message ? "IMPP" : "SOCIALPROFILE", object);
      if (object.contains("service")) line.parameters.push_back({"SERVICE-TYPE", {text_of(object, "service")}});
      if (object.contains("uri")) {
        line.value = text_of(object, "uri");
        if (object.contains("user")) line.parameters.push_back({"USERNAME", {text_of(object, "user")}});
      } else {
        line.parameters.push_back({"VALUE", {"text"}});
        line.value = escaped_vcard_text(text_of(object, "user"));
      }
      put_labelled(line, object);
      write_others("onlineServices", id, object, {"service", "uri", "user", "contexts", "pref", "label", "vCardName", "vCardParams"});
    });
  }

  void write_resources() {
    struct Resource {
      const char *property, *kind, *name;  // kind "": of any other
    };
    static constexpr Resource kResources[] = {{"links", "contact", "CONTACT-URI"}, {"links", "", "URL"}, {"cryptoKeys", "", "KEY"}, {"calendars", "freeBusy", "FBURL"},
                                              {"calendars", "", "CALURI"}, {"schedulingAddresses", "", "CALADRURI"}, {"directories", "directory", "ORG-DIRECTORY"},
                                              {"directories", "", "SOURCE"}, {"media", "logo", "LOGO"}, {"media", "sound", "SOUND"}, {"media", "", "PHOTO"}};
    static const Members kPlainKinds = {"calendar", "entry", "photo"};
    for (const Resource& one : kResources) {
      each(one.property, [&](const std::string& id, const Json& object) {
        const std::string kind = object.value("kind", "");
        const bool is_named = std::any_of(std::begin(kResources), std::end(kResources), [&](const Resource& each_one) {
          return each_one.property == std::string_view(one.property) && !kind.empty() && each_one.kind == kind;
        });
        if (one.kind[0] == '\0' ? is_named : kind != one.kind) return;
        VcardLine line = line_for(id, one.name, object);
        line.value = text_of(object, "uri");
        put_labelled(line, object);
        Members known = {"uri", "mediaType", "contexts", "pref", "label", "listAs", "vCardParams"};
        if (is_named || kPlainKinds.contains(kind)) known.insert("kind");
        write_others(one.property, id, object, std::move(known));
      });
    }
  }

  void write_addresses() {
    each("addresses", [&](const std::string& id, const Json& object) {
      VcardLine line = line_for(id, "ADR", object);
      for (const auto& [member, parameter] : {std::pair("full", "LABEL"), std::pair("coordinates", "GEO"), std::pair("timeZone", "TZ"), std::pair("countryCode", "CC")}) {
        if (object.contains(member)) line.parameters.push_back({parameter, {text_of(object, member)}});
      }
      if (object.contains("components")) write_components(object, address_fields(), line);
      else line.value = ";;;;;;";
      line.group.clear();
      put(line);
      const Members known = {"components", "isOrdered", "defaultSeparator", "full", "coordinates", "timeZone", "countryCode", "contexts", "pref", "vCardParams"};
      if (!is_whole_in_lines(object, known)) write_jsprop("addresses/" + escaped_token(id), object);
    });
  }

  void write_anniversaries() {
    Members seen;
    each("anniversaries", [&](const std::string& id, const Json& object) {
      const std::string kind = text_of(object, "kind");
      const char* const name = kind == "birth" ? "BDAY" : kind == "death" ? "DEATHDATE" : kind == "wedding" ? "ANNIVERSARY" : nullptr;
      const Json place = object.value("place", Json());
      const bool has_place = place.is_object() && place.size() == 1 && (place.contains("full") || place.contains("coordinates")) && kind != "wedding";
      // Each of these is there once in a vCard.
      if (name == nullptr || !seen.insert(kind).second || (!place.is_null() && !has_place)) return write_jsprop_of("anniversaries", id, object);
      VcardLine line = line_for(id, name, object);
      if (object["date"].contains("calendarScale")) line.parameters.push_back({"CALSCALE", {text_of(object["date"], "calendarScale")}});
      line.value = vcard_date_of(object["date"]);
      put(line);
      if (!has_place) return;
      const bool is_text = place.contains("full");
      VcardLine where{{}, kind == "birth" ? "BIRTHPLACE" : "DEATHPLACE", {}, is_text ? escaped_vcard_text(text_of(place, "full")) : text_of(place, "coordinates")};
      if (!is_text) where.parameters.push_back({"VALUE", {"uri"}});
      put(where);
    });
  }
  // Of a property of which there may be no line at all: as a whole, so that there is an object that it lies in.
  void write_jsprop_of(const char* property, const std::string& id, const Json& object) {
    (void)id, (void)object;
    whole_.insert(property);
  }

  void write_speak_to_as() {
    written_.insert("speakToAs");
    const Json speak = card_.value("speakToAs", Json::object());
    if (speak.contains("grammaticalGender")) put({{}, "GRAMGENDER", {}, escaped_vcard_text(text_of(speak, "grammaticalGender"))});
    const Json pronouns = speak.value("pronouns", Json::object());
    for (const auto& [id, object] : pronouns.items()) {
      VcardLine line = line_for(id, "PRONOUNS", object);
      line.value = escaped_vcard_text(text_of(object, "pronouns"));
      put(line);
    }
  }

  void write_sets() {
    for (const char* const property : {"members", "keywords", "relatedTo"}) written_.insert(property);
    const Json members = card_.value("members", Json::object()), words = card_.value("keywords", Json::object()), related = card_.value("relatedTo", Json::object());
    for (const auto& [uid, is_in] : members.items()) put({{}, "MEMBER", {}, uid});
    if (card_.contains("members") && card_["members"].empty()) whole_.insert("members");
    std::string keywords;
    for (const auto& [keyword, is_in] : words.items()) keywords += (keywords.empty() ? "" : ",") + escaped_vcard_text(keyword);
    if (!keywords.empty()) put({{}, "CATEGORIES", {}, keywords});
    for (const auto& [to, object] : related.items()) {
      VcardLine line{{}, "RELATED", {}, to};
      std::vector<std::string> types;
      const Json relation = object.value("relation", Json::object());
      for (const auto& [type, is_set] : relation.items()) types.push_back(type);
      if (!types.empty()) line.parameters.push_back({"TYPE", types});
      if (to.find(':') == std::string::npos) {
        line.parameters.push_back({"VALUE", {"text"}});
        line.value = escaped_vcard_text(to);
      }
      put(line);
    }
  }

  void write_personal() {
    each("personalInfo", [&](const std::string& id, const Json& object) {
      const std::string kind = text_of(object, "kind"), level = object.value("level", "");
      const char* const name = kind == "expertise" ? "EXPERTISE" : kind == "hobby" ? "HOBBY" : kind == "interest" ? "INTEREST" : nullptr;
      if (name == nullptr) return write_jsprop_of("personalInfo", id, object);
      VcardLine line = line_for(id, name, object);
      const bool is_expertise = kind == "expertise", is_known = level == "high" || level == "medium" || level == "low";
      if (is_known) line.parameters.push_back({"LEVEL", {!is_expertise ? level : level == "high" ? "expert" : level == "low" ? "beginner" : "average"}});
      line.value = escaped_vcard_text(text_of(object, "value"));
      put_labelled(line, object);
      write_others("personalInfo", id, object, is_known ? Members{"kind", "value", "listAs", "label", "vCardParams", "level"} : Members{"kind", "value", "listAs", "label", "vCardParams"});
    });
  }

  // What came as lines and goes as lines.
  void write_kept() {
    const auto kept = card_.find("vCardProps");
    if (kept == card_.end() || !kept->is_array()) return;
    written_.insert("vCardProps");
    for (const Json& one : *kept) {
      const bool is_line = one.is_array() && one.size() == 4 && one[0].is_string() && one[1].is_object() && one[2].is_string() && one[3].is_string();
      const std::string name = is_line ? parameter_name(one[0].get<std::string>()) : "";
      if (name.empty() || name == "BEGIN" || name == "END" || name == "VERSION") continue;
      VcardLine line{{}, name, {}, {}};
      for (const char c : one[3].get<std::string>()) {
        if (c != '\r' && c != '\n') line.value.push_back(c);
      }
      for (const auto& [parameter, value] : one[1].items()) {
        std::vector<std::string> values;
        for (const Json& text : value.is_array() ? value : Json::array({value})) {
          if (text.is_string()) values.push_back(text.get<std::string>());
        }
        if (parameter == "group" && values.size() == 1) line.group = parameter_name(values[0]);
        else if (const std::string key = parameter_name(parameter); !key.empty() && !values.empty()) line.parameters.push_back({key, values});
      }
      if (one[2] != "unknown") line.parameters.push_back({"VALUE", {one[2].get<std::string>()}});
      put(line);
    }
  }

  void write_rest() {
    static const Members kPlainProperties = {"@type", "version", "kind", "uid", "prodId", "language", "updated", "created"};
    for (const auto& [property, value] : card_.items()) {
      if (whole_.contains(property) || !(kPlainProperties.contains(property) || written_.contains(property))) write_jsprop(escaped_token(property), value);
    }
  }

  const Json& card_;
  std::string text_;
  Members written_;  // properties that have lines
  Members whole_;    // and those that are written as a whole besides
  int groups_ = 0;
};

}  // namespace

std::string vcard_of_card(const Json& card) { return CardWriting(card).run(); }

}  // namespace telepost::adapters::jmap
