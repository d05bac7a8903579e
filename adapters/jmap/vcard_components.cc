#include "adapters/jmap/vcard_components.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace telepost::adapters::jmap {
namespace {

using Fields = std::vector<std::vector<std::string>>;

constexpr std::string_view kNameKinds[] = {"surname", "given", "given2", "title", "credential", "surname2", "generation"};
constexpr VcardFields kNameFields{kNameKinds, 5};
// RFC 6350 section 6.3.1, and RFC 9554 section 2.1.
constexpr std::string_view kAddressKinds[] = {"postOfficeBox", "apartment", "name", "locality", "region", "postcode", "country", "room", "apartment", "floor",
                                              "number", "name", "building", "block", "subdistrict", "district", "landmark", "direction"};
constexpr VcardFields kAddressFields{kAddressKinds, 7};

bool is_address(const VcardFields& fields) { return fields.of_old == kAddressFields.of_old; }

// What an older field has of a newer one for its readers alone.
void drop_repeated(Fields& all, const VcardFields& fields) {
  all.resize(fields.kinds.size());
  for (auto& values : all) std::erase(values, std::string());
  const bool has_new = std::any_of(all.begin() + static_cast<std::ptrdiff_t>(fields.of_old), all.end(), [](const auto& values) { return !values.empty(); });
  if (!has_new) return;
  if (is_address(fields)) {
    all[1].clear();
    all[2].clear();
    return;
  }
  const auto drop = [&](std::size_t from, std::size_t newer) {
    for (const std::string& value : all[newer]) std::erase(all[from], value);
  };
  drop(0, 5);
  drop(4, 6);
}

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// RFC 9555 section 3.3.1. False: it does not name each value once.
bool read_order(const std::string& order, const Fields& all, const VcardFields& fields, Json& into) {
  std::size_t values = 0, named = 0;
  for (const auto& field : all) values += field.size();
  Json components = Json::array();
  std::optional<std::string> separator;
  bool is_first = true;
  for (const std::string& part : vcard_list(order, ';')) {
    const auto texts = vcard_list(part, ',');
    const bool is_separator = texts[0] == "s" && texts.size() == 2;
    if (is_first) {
      if (!part.empty() && !is_separator) return false;
      if (is_separator) separator = vcard_text(texts[1]);
    } else if (is_separator) {
      components.push_back({{"kind", "separator"}, {"value", vcard_text(texts[1])}});
    } else {
      const auto field = number_of(texts[0]), value = texts.size() > 1 ? number_of(texts[1]) : std::optional(std::size_t{0});
      if (!field || !value || *field >= all.size() || *value >= all[*field].size()) return false;
      components.push_back({{"kind", fields.kinds[*field]}, {"value", all[*field][*value]}});
      ++named;
    }
    is_first = false;
  }
  if (named != values) return false;
  into["components"] = std::move(components);
  into["isOrdered"] = true;
  if (separator) into["defaultSeparator"] = *separator;
  return true;
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + escaped_vcard_text(value);
  return text;
}

// Where a component of that kind goes: into the newest of its fields, if the value has these at all.
std::size_t field_of(const VcardFields& fields, const std::string& kind, bool has_new) {
  for (std::size_t i = has_new ? fields.kinds.size() : fields.of_old; i-- > 0;) {
    if (fields.kinds[i] == kind) return i;
  }
  return fields.kinds.size();
}

void repeat_for_old_readers(Fields& all, const VcardFields& fields) {
  if (!is_address(fields)) {
    all[0].insert(all[0].end(), all[5].begin(), all[5].end());
    all[4].insert(all[4].end(), all[6].begin(), all[6].end());
    return;
  }
  std::string street;
  for (const std::size_t newer : {10u, 11u}) {
    for (const std::string& value : all[newer]) street += (street.empty() ? "" : " ") + value;
  }
  if (!street.empty()) all[2] = {street};
  for (const std::size_t newer : {7u, 8u, 9u, 12u}) all[1].insert(all[1].end(), all[newer].begin(), all[newer].end());
}

}  // namespace

const VcardFields& name_fields() { return kNameFields; }
const VcardFields& address_fields() { return kAddressFields; }

bool read_components(const VcardLine& line, const VcardFields& fields, Json& into) {
  Fields all = vcard_structure(line.value);
  drop_repeated(all, fields);
  const std::string order = line.first("JSCOMPS");
  if (!order.empty() && read_order(order, all, fields, into)) return true;
  Json components = Json::array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const std::string& value : all[i]) components.push_back({{"kind", fields.kinds[i]}, {"value", value}});
  }
  if (components.empty()) return false;
  into["components"] = std::move(components);
  return true;
}

void write_components(const Json& object, const VcardFields& fields, VcardLine& into) {
  Fields all(fields.kinds.size());
  bool has_new = false;
  const Json& components = object.at("components");
  for (const Json& component : components) {
    const auto kind = component.at("kind").get<std::string>();
    const bool is_known = std::find(fields.kinds.begin(), fields.kinds.end(), kind) != fields.kinds.end();
    has_new = has_new || (is_known && field_of(fields, kind, false) == fields.kinds.size());
  }
  std::string order;
  if (const auto separator = object.find("defaultSeparator"); separator != object.end()) order = "s," + escaped_vcard_text(separator->get<std::string>());
  for (const Json& component : components) {
    const auto kind = component.at("kind").get<std::string>(), value = component.at("value").get<std::string>();
    const std::size_t field = field_of(fields, kind, has_new);
    if (kind == "separator") order += ";s," + escaped_vcard_text(value);
    if (field == fields.kinds.size() || value.empty()) continue;
    order += ";" + std::to_string(field) + (all[field].empty() ? "" : "," + std::to_string(all[field].size()));
    all[field].push_back(value);
  }
  if (has_new) repeat_for_old_readers(all, fields);
  all.resize(has_new ? fields.kinds.size() : fields.of_old);
  for (std::size_t i = 0; i < all.size(); ++i) into.value += (i == 0 ? "" : ";") + joined(all[i]);
  if (object.value("isOrdered", false)) into.parameters.push_back({"JSCOMPS", {order}});
}

std::string text_of_components(const Json& object) {
  const std::string separator = object.value("defaultSeparator", std::string(" "));
  std::string text;
  bool is_parted = true;
  for (const Json& component : object.at("components")) {
    const bool is_separator = component.at("kind") == "separator";
    if (!is_separator && !is_parted) text += separator;
    text += component.at("value").get<std::string>();
    is_parted = is_separator;
  }
  return text;
}

}  // namespace telepost::adapters::jmap
