#include "schema/class_reader.h"

#include <array>

#include "base/bytes.h"
#include "schema/class_values.h"

namespace telepost::schema {
namespace {

// A value that its attribute need not have.
template <typename Value>
Result<void> take(xml::Attributes& attributes, std::string_view name, Value& into) {
  const auto text = attributes.take(name);
  return text ? class_values::read(*text, into) : Result<void>();
}

Result<Role> role_from(std::string_view name) {
  for (const Role role : {Role::inbox, Role::sent, Role::drafts, Role::trash, Role::junk, Role::archive}) {
    if (name_of(role) == name) return role;
  }
  return {Errc::invalid, "'" + std::string(name) + "' is no role of a mailbox"};
}

Result<std::uint16_t> kinds_from(std::string_view list) {
  std::uint16_t kinds = 0;
  while (!list.empty()) {
    const std::size_t end = list.find_first_of(" \t\r\n");
    const std::string_view name = list.substr(0, end);
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    if (name.empty()) continue;
    TELEPOST_ASSIGN(const Kind kind, kind_from(name));
    kinds = static_cast<std::uint16_t>(kinds | 1U << static_cast<unsigned>(kind));
  }
  return kinds;
}

Result<void> read_since(xml::Attributes& attributes, Since& into) {
  const std::string text = attributes.take_or_empty("since");
  for (const Since since : {Since::reading, Since::trash}) {
    if (text == name_of(since)) into = since;
  }
  return {};
}

Result<void> read_reach(xml::Attributes& attributes, Retention& into) {
  const auto text = attributes.take("on-server-only");
  return text ? class_values::read(*text, into.on_server_only.emplace()) : Result<void>();
}

Result<void> read_retention(xml::Attributes& attributes, Retention& into) {
  TELEPOST_TRY(take(attributes, "keep", into.keep));
  TELEPOST_TRY(read_since(attributes, into.since));
  TELEPOST_TRY(take(attributes, "keep-flagged", into.keep_flagged));
  TELEPOST_TRY(read_reach(attributes, into));
  return take(attributes, "final", into.final);
}

Result<void> read_expires_header(xml::Attributes& attributes, Retention& into) {
  bool honour = false;
  into.since = Since::expires_header;
  TELEPOST_TRY(take(attributes, "honour", honour));
  if (honour) into.keep = Duration(0);
  TELEPOST_TRY(read_reach(attributes, into));
  return take(attributes, "keep-flagged", into.keep_flagged);
}

Result<void> read_archive(xml::Attributes& attributes, ArchiveRule& into) {
  TELEPOST_TRY(take(attributes, "untouched", into.untouched));
  Limit min_size;
  TELEPOST_TRY(take(attributes, "min-size", min_size));
  into.min_size_bytes = min_size.value_or(into.min_size_bytes);
  return take(attributes, "bring-back", into.bring_back);
}

}  // namespace

std::string_view name_of(Since since) {
  constexpr std::array<std::string_view, 4> kNames = {"arrival", "reading", "trash", "expires-header"};
  return kNames.at(static_cast<std::size_t>(since));
}

bool leaves_clients_alone(const Retention& rule) { return rule.on_server_only.value_or(rule.since != Since::trash); }

std::string ClassReader::place(const xml::Element& element) const {
  return file_.empty() ? std::string() : file_ + ":" + std::to_string(element.line);
}

Result<void> ClassReader::start(const xml::Element& element) {
  xml::Attributes attributes(element);
  if (element.name == "policies") return attributes.finish();
  Result<void> read;
  if (element.name == "settings") {
    read = start_layer(std::string(kSubscriberLayer), element);
  } else if (element.name == "class") {
    read = start_layer(attributes.take_required("name"), element);
  } else if (classes_.empty()) {
    return {Errc::invalid, "<" + element.name + "> stands outside of a <class>; put it into one"};
  } else if (element.name == "when") {
    read = read_when(attributes);
  } else if (element.name == "allocation" || element.name == "quota" || element.name == "undelete" || element.name == "kind") {
    read = read_settings(element, attributes);
  } else {
    read = read_rule(element, attributes);
  }
  TELEPOST_TRY(std::move(read));
  return attributes.finish();
}

Result<void> ClassReader::start_layer(std::string name, const xml::Element& element) {
  if (std::any_of(classes_.begin(), classes_.end(), [&name](const ClassOfService& each) { return each.name == name; })) {
    return {Errc::invalid, "the class '" + name + "' is defined twice; put both into one <class>"};
  }
  ClassOfService& layer = classes_.emplace_back();
  layer.name = std::move(name);
  layer.place = place(element);
  kinds_seen_ = 0;
  whens_ = nullptr;
  if (element.name == "class" && layer.name == kSubscriberLayer) {
    return {Errc::invalid, "no class may be called 'subscriber', which is what subscribers set themselves; give it another name"};
  }
  return {};
}

Result<void> ClassReader::read_settings(const xml::Element& element, xml::Attributes& attributes) {
  ClassOfService& layer = classes_.back();
  Kind kind = kAnyKind;
  if (element.name == "kind") {
    TELEPOST_ASSIGN(kind, kind_from(attributes.take_required("name")));
    const unsigned bit = 1U << static_cast<unsigned>(kind);
    if ((kinds_seen_ & bit) != 0) return {Errc::invalid, "the class speaks twice of kind " + std::string(name_of(kind)) + "; put both into one <kind>"};
    kinds_seen_ |= bit;
  }
  const auto table = class_setting_table();
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (table[row].element != element.name) continue;
    const auto text = attributes.take(table[row].attribute);
    if (!text) continue;
    TELEPOST_TRY(table[row].read(*text, layer.settings, kind));
    if (!layer.stated.insert({row, kind}).second) {
      return {Errc::invalid, "the class says '" + name_of(SettingKey{row, kind}) + "' twice; take one out"};
    }
  }
  return {};
}

template <typename R>
R& ClassReader::add(std::vector<R>& list, const xml::Element& element, xml::Attributes& attributes) {
  R& added = list.emplace_back();
  added.rule.name = attributes.take("name").value_or(element.name + " " + std::to_string(list.size()));
  added.rule.of = classes_.back().name;
  added.rule.place = place(element);
  whens_ = &added.rule.when;
  return added;
}

Result<void> ClassReader::read_rule(const xml::Element& element, xml::Attributes& attributes) {
  ClassRules& rules = classes_.back().rules;
  if (element.name == "retention") return read_retention(attributes, add(rules.retention, element, attributes));
  if (element.name == "expires-header") return read_expires_header(attributes, add(rules.retention, element, attributes));
  if (element.name == "archive") return read_archive(attributes, add(rules.archive, element, attributes));
  if (element.name == "compress") return take(attributes, "after", add(rules.compress, element, attributes).after);
  if (element.name == "notify") return take(attributes, "on", add(rules.notify, element, attributes).notify);
  if (element.name == "retain") return take(attributes, "keep", add(rules.retain, element, attributes).keep);
  return {Errc::invalid, "<" + element.name + "> is nothing that a class has"};
}

Result<void> ClassReader::read_when(xml::Attributes& attributes) {
  if (whens_ == nullptr) return {Errc::invalid, "<when> stands outside of a rule; put it into one"};
  When& when = whens_->emplace_back();
  TELEPOST_ASSIGN(when.kinds, kinds_from(attributes.take_or_empty("kind")));
  when.mailbox = attributes.take_or_empty("mailbox");
  if (const auto role = attributes.take("role")) {
    TELEPOST_ASSIGN(when.role, role_from(*role));
  }
  when.sender = attributes.take_or_empty("sender");
  TELEPOST_TRY(take(attributes, "larger", when.larger_bytes));
  TELEPOST_TRY(take(attributes, "smaller", when.smaller_bytes));
  when.flag = to_lower(attributes.take_or_empty("flag"));
  when.without_flag = to_lower(attributes.take_or_empty("without-flag"));
  when.header = attributes.take_or_empty("header");
  when.matches = attributes.take_or_empty("matches");
  if (when == When()) return {Errc::invalid, "<when> says nothing; give it a condition, or leave it out for a rule about every message"};
  if (!when.matches.empty() && when.header.empty()) {
    return {Errc::invalid, "matches is about the value of a header field; name the field by header"};
  }
  return {};
}

}  // namespace telepost::schema
