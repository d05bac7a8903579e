#include "adapters/jmap/header_write_codec.h"

#include <algorithm>

#include "adapters/jmap/date_codec.h"
#include "base/bytes.h"
#include "transcoders/mime/entity.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

Error not_of_form(const HeaderProperty& property) { return {Errc::invalid, property.name + " is not of the form that was named"}; }

// As it stands: what is no fold would be another field, or the header's end.
Result<void> append_raw(std::string& header, const std::string& name, const std::string& value) {
  std::size_t line = name.size() + 1;
  for (std::size_t i = 0; i < value.size(); ++i, ++line) {
    const bool is_fold = value.compare(i, 2, "\r\n") == 0 && i + 2 < value.size() && (value[i + 2] == ' ' || value[i + 2] == '\t');
    if (is_fold) {
      i += 2;
      line = 0;
    }
    const auto c = static_cast<unsigned char>(value[i]);
    if ((c < 0x20 && c != '\t') || c >= 0x7f || line > 998) return {Errc::invalid, "the value of " + name + " cannot stand in a header"};
  }
  if (!mime::is_field_line(name + ":")) return {Errc::invalid, "a header field's name is malformed"};
  header += name + ":" + value + "\r\n";
  return {};
}

Result<std::vector<std::string>> texts_from(const Json& list, const HeaderProperty& property) {
  if (!list.is_array()) return not_of_form(property);
  std::vector<std::string> texts;
  for (const Json& each : list) {
    if (!each.is_string()) return not_of_form(property);
    texts.push_back(each.get<std::string>());
    const bool has_bracket = texts.back().find_first_of("<> \t\r\n") != std::string::npos;
    if (texts.back().empty() || has_bracket) return {Errc::invalid, "what stands in the brackets of " + property.name + " has none, and no white space"};
  }
  return texts;
}

Result<void> append_in_brackets(std::string& header, const HeaderProperty& property, const Json& value, std::string_view separator) {
  TELEPOST_ASSIGN(const auto texts, texts_from(value, property));
  std::string line;
  for (const std::string& text : texts) line += (line.empty() ? "<" : std::string(separator) + "<") + text + ">";
  return mime::append_field(header, property.name, line);
}

// "name: ann@example.test, bob@example.test;": each part as a field of its own would have it.
Result<void> append_groups(std::string& header, const HeaderProperty& property, const Json& value) {
  if (!value.is_array()) return not_of_form(property);
  std::string line;
  for (const Json& group : value) {
    const auto addresses = group.is_object() ? group.find("addresses") : group.end();
    if (!group.is_object() || addresses == group.end()) return not_of_form(property);
    TELEPOST_ASSIGN(const auto mailboxes, mailboxes_from(*addresses));
    std::string list;
    TELEPOST_TRY(mime::append_mailboxes(list, "X", mailboxes));
    list = mime::unfold(std::string_view(list).substr(2));
    const auto name = group.find("name");
    if (!line.empty()) line += ", ";
    if (name == group.end() || name->is_null()) {
      line += list;
      continue;
    }
    if (!name->is_string()) return not_of_form(property);
    // A display name is written as it would be before an address.
    std::string phrase;
    TELEPOST_TRY(mime::append_mailboxes(phrase, "X", {{name->get<std::string>(), "a@b"}}));
    phrase = mime::unfold(std::string_view(phrase).substr(2));
    if (!phrase.ends_with(" <a@b>")) return not_of_form(property);
    line += phrase.substr(0, phrase.size() - 6) + ": " + list + ";";
  }
  return mime::append_field(header, property.name, line);
}

Result<void> append_one(std::string& header, const HeaderProperty& property, const Json& value) {
  if (value.is_null()) return {};
  switch (property.form) {
    case HeaderForm::raw:
      if (!value.is_string()) return not_of_form(property);
      return append_raw(header, property.name, value.get<std::string>());
    case HeaderForm::text:
      if (!value.is_string()) return not_of_form(property);
      return mime::append_text_field(header, property.name, value.get<std::string>());
    case HeaderForm::addresses: {
      TELEPOST_ASSIGN(const auto mailboxes, mailboxes_from(value));
      return mailboxes.empty() ? Result<void>() : mime::append_mailboxes(header, property.name, mailboxes);
    }
    case HeaderForm::grouped_addresses: return append_groups(header, property, value);
    case HeaderForm::message_ids: return append_in_brackets(header, property, value, " ");
    case HeaderForm::date: {
      const Result<Time> time = value.is_string() ? date_from(value.get<std::string>()) : Result<Time>(Errc::invalid, "");
      if (!time.ok()) return not_of_form(property);
      return mime::append_field(header, property.name, to_rfc5322_date(*time));
    }
    case HeaderForm::urls: return append_in_brackets(header, property, value, ", ");
  }
  return not_of_form(property);
}

}  // namespace

Result<void> append_header(std::string& header, const HeaderProperty& property, const Json& value) {
  if (!property.is_all) return append_one(header, property, value);
  if (!value.is_array()) return not_of_form(property);
  for (const Json& each : value) TELEPOST_TRY(append_one(header, property, each));
  return {};
}

}  // namespace telepost::adapters::jmap
