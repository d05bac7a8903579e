#include "adapters/jmap/header_codec.h"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/jmap/date_codec.h"
#include "base/bytes.h"
#include "transcoders/unicode.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

constexpr std::size_t kMostParsedIds = 1000;

struct FormName {
  std::string_view name;
  HeaderForm form;
};
constexpr std::array<FormName, 7> kForms = {{{"asRaw", HeaderForm::raw},
                                             {"asText", HeaderForm::text},
                                             {"asAddresses", HeaderForm::addresses},
                                             {"asGroupedAddresses", HeaderForm::grouped_addresses},
                                             {"asMessageIds", HeaderForm::message_ids},
                                             {"asDate", HeaderForm::date},
                                             {"asURLs", HeaderForm::urls}}};

struct Convenience {
  std::string_view property, field;
  HeaderForm form;
};
constexpr std::array<Convenience, 11> kConveniences = {{{"messageId", "Message-ID", HeaderForm::message_ids},
                                                        {"inReplyTo", "In-Reply-To", HeaderForm::message_ids},
                                                        {"references", "References", HeaderForm::message_ids},
                                                        {"sender", "Sender", HeaderForm::addresses},
                                                        {"from", "From", HeaderForm::addresses},
                                                        {"to", "To", HeaderForm::addresses},
                                                        {"cc", "Cc", HeaderForm::addresses},
                                                        {"bcc", "Bcc", HeaderForm::addresses},
                                                        {"replyTo", "Reply-To", HeaderForm::addresses},
                                                        {"subject", "Subject", HeaderForm::text},
                                                        {"sentAt", "Date", HeaderForm::date}}};

// Fields of RFC 5322 and 2369, each with the one form besides Raw that it has; Return-Path and Received have none.
struct Defined {
  std::string_view field;
  HeaderForm form;
};
constexpr std::array<Defined, 29> kDefined = {{{"from", HeaderForm::addresses},
                                               {"sender", HeaderForm::addresses},
                                               {"reply-to", HeaderForm::addresses},
                                               {"to", HeaderForm::addresses},
                                               {"cc", HeaderForm::addresses},
                                               {"bcc", HeaderForm::addresses},
                                               {"resent-from", HeaderForm::addresses},
                                               {"resent-sender", HeaderForm::addresses},
                                               {"resent-reply-to", HeaderForm::addresses},
                                               {"resent-to", HeaderForm::addresses},
                                               {"resent-cc", HeaderForm::addresses},
                                               {"resent-bcc", HeaderForm::addresses},
                                               {"subject", HeaderForm::text},
                                               {"comments", HeaderForm::text},
                                               {"keywords", HeaderForm::text},
                                               {"message-id", HeaderForm::message_ids},
                                               {"in-reply-to", HeaderForm::message_ids},
                                               {"references", HeaderForm::message_ids},
                                               {"resent-message-id", HeaderForm::message_ids},
                                               {"date", HeaderForm::date},
                                               {"resent-date", HeaderForm::date},
                                               {"list-help", HeaderForm::urls},
                                               {"list-unsubscribe", HeaderForm::urls},
                                               {"list-subscribe", HeaderForm::urls},
                                               {"list-post", HeaderForm::urls},
                                               {"list-owner", HeaderForm::urls},
                                               {"list-archive", HeaderForm::urls},
                                               {"return-path", HeaderForm::raw},
                                               {"received", HeaderForm::raw}}};

bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
}

std::string_view next_word(std::string_view& rest) {
  const std::size_t colon = std::min(rest.find(':'), rest.size());
  const std::string_view word = rest.substr(0, colon);
  rest.remove_prefix(std::min(colon + 1, rest.size()));
  return word;
}

// RFC 8621 section 4.1.2.1: without the line end and any NUL; what is no UTF-8 is replaced where JSON is written.
std::string raw_of(std::string_view value) {
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.ends_with('\r')) value.remove_suffix(1);
  std::string raw(value);
  std::erase(raw, '\0');
  return raw;
}

Json to_json(const std::vector<mime::Mailbox>& mailboxes) {
  Json list = Json::array();
  for (const mime::Mailbox& mailbox : mailboxes) list.push_back(jmap::to_json(mailbox));
  return list;
}

Json groups_of(std::string_view value) {
  Json list = Json::array();
  for (const mime::AddressGroup& group : mime::parse_address_groups(value)) {
    list.push_back({{"name", group.name ? Json(transcoders::to_nfc(*group.name)) : Json(nullptr)}, {"addresses", to_json(group.mailboxes)}});
  }
  return list;
}

// What stands in angle brackets, comments left out (RFC 2369 section 2); null where nothing does.
Json urls_of(std::string_view value) {
  Json urls = Json::array();
  unsigned depth = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '(') ++depth;
    else if (value[i] == ')' && depth > 0) --depth;
    if (value[i] != '<' || depth > 0 || urls.size() >= kMostParsedIds) continue;
    const std::size_t end = value.find('>', i);
    if (end == std::string_view::npos) break;
    std::string url(value.substr(i + 1, end - i - 1));
    std::erase_if(url, [](char c) { return c == ' ' || c == '\t'; });
    urls.push_back(mime::clean_text(url));
    i = end;
  }
  return urls.empty() ? Json(nullptr) : urls;
}

// RFC 3339 knows no other years; a zone may lead out of them.
bool is_of_four_digits(Time time) {
  constexpr Time kBegin{std::chrono::sys_days(std::chrono::year(0) / 1 / 1)}, kEnd{std::chrono::sys_days(std::chrono::year(10000) / 1 / 1)};
  return time >= kBegin && time < kEnd;
}

Json form_of(std::string_view raw, HeaderForm form) {
  if (form == HeaderForm::raw) return raw_of(raw);
  const std::string value = mime::unfold(raw);
  switch (form) {
    case HeaderForm::raw: break;
    case HeaderForm::text: return transcoders::to_nfc(mime::decode_words(value));
    case HeaderForm::addresses: return to_json(mime::parse_addresses(value));
    case HeaderForm::grouped_addresses: return groups_of(value);
    case HeaderForm::message_ids: {
      const auto ids = mime::parse_message_ids(value, kMostParsedIds);
      return ids.empty() ? Json(nullptr) : Json(ids);
    }
    case HeaderForm::date: {
      const Result<Time> time = mime::parse_date(value);
      return time.ok() && is_of_four_digits(*time) ? Json(to_utc_date(*time)) : Json(nullptr);
    }
    case HeaderForm::urls: return urls_of(value);
  }
  return nullptr;
}

}  // namespace

bool is_allowed(std::string_view field, HeaderForm form) {
  if (form == HeaderForm::raw) return true;
  const HeaderForm kind = form == HeaderForm::grouped_addresses ? HeaderForm::addresses : form;
  const auto found = std::find_if(kDefined.begin(), kDefined.end(), [&](const Defined& each) { return equals_ignoring_case(each.field, field); });
  return found == kDefined.end() || found->form == kind;
}

std::optional<HeaderProperty> header_property_from(std::string_view property) {
  if (!property.starts_with("header:")) return std::nullopt;
  std::string_view rest = property.substr(7);
  HeaderProperty header;
  if (rest.empty() || rest.ends_with(':')) return std::nullopt;
  header.name = next_word(rest);
  if (!is_field_name(header.name)) return std::nullopt;
  if (rest.starts_with("as")) {
    const std::string_view word = next_word(rest);
    const auto form = std::find_if(kForms.begin(), kForms.end(), [&](const FormName& each) { return each.name == word; });
    if (form == kForms.end() || !is_allowed(header.name, form->form)) return std::nullopt;
    header.form = form->form;
  }
  if (rest == "all") header.is_all = true;
  else if (!rest.empty()) return std::nullopt;
  return header;
}

std::optional<HeaderProperty> convenience_header(std::string_view property) {
  const auto found = std::find_if(kConveniences.begin(), kConveniences.end(), [&](const Convenience& each) { return each.property == property; });
  if (found == kConveniences.end()) return std::nullopt;
  return HeaderProperty{std::string(found->field), found->form, false};
}

HeaderFields::HeaderFields(std::string header) : bytes_(std::move(header)) {
  mime::FieldView field;
  for (std::size_t position = 0; mime::next_field(bytes_, position, field);) fields_.push_back(field);
}

Json HeaderFields::value(const HeaderProperty& property) const {
  Json all = Json::array();
  const auto is_it = [&](const mime::FieldView& field) { return equals_ignoring_case(field.name, property.name); };
  if (!property.is_all) {
    const auto last = std::find_if(fields_.rbegin(), fields_.rend(), is_it);
    return last == fields_.rend() ? Json(nullptr) : form_of(last->raw_value, property.form);
  }
  for (const mime::FieldView& field : fields_) {
    if (is_it(field)) all.push_back(form_of(field.raw_value, property.form));
  }
  return all;
}

Json HeaderFields::list() const {
  Json all = Json::array();
  for (const mime::FieldView& field : fields_) all.push_back({{"name", field.name}, {"value", raw_of(field.raw_value)}});
  return all;
}

std::optional<std::string> HeaderFields::find(std::string_view name) const {
  const auto last = std::find_if(fields_.rbegin(), fields_.rend(), [&](const mime::FieldView& field) { return equals_ignoring_case(field.name, name); });
  if (last == fields_.rend()) return std::nullopt;
  return mime::unfold(last->raw_value);
}

std::vector<std::string> HeaderFields::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const mime::FieldView& field : fields_) {
    if (equals_ignoring_case(field.name, name)) values.push_back(mime::unfold(field.raw_value));
  }
  return values;
}

Json to_json(const mime::Mailbox& mailbox) {
  return {{"name", mailbox.display_name.empty() ? Json(nullptr) : Json(transcoders::to_nfc(mailbox.display_name))}, {"email", mailbox.address}};
}

Result<std::vector<mime::Mailbox>> mailboxes_from(const Json& addresses) {
  if (!addresses.is_array()) return {Errc::invalid, "a list of addresses is wanted"};
  std::vector<mime::Mailbox> mailboxes;
  for (const Json& address : addresses) {
    const auto text = [&](const char* name) { return address.is_object() ? address.find(name) : address.end(); };
    if (!address.is_object() || address.find("email") == address.end() || !address.at("email").is_string()) {
      return {Errc::invalid, "an address has an email"};
    }
    mime::Mailbox& mailbox = mailboxes.emplace_back();
    mailbox.address = address.at("email").get<std::string>();
    const auto name = text("name");
    if (name == address.end() || name->is_null()) continue;
    if (!name->is_string()) return {Errc::invalid, "an address's name is a text"};
    mailbox.display_name = name->get<std::string>();
  }
  return mailboxes;
}

}  // namespace telepost::adapters::jmap
