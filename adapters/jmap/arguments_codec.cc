#include "adapters/jmap/arguments_codec.h"

#include <algorithm>
#include <cmath>

#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/id_codec.h"

namespace telepost::adapters::jmap {
namespace {

Error wants(std::string_view name, std::string_view what) { return {Errc::invalid, std::string(name) + " wants " + std::string(what)}; }

}  // namespace

std::optional<std::int64_t> integer_in(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return number <= std::uint64_t{kMaxInt} ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
  }
  if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    return number >= -kMaxInt ? std::optional(number) : std::nullopt;
  }
  if (!value.is_number_float()) return std::nullopt;
  const auto number = value.get<double>();  // 5.0 and 5e0 are the Number 5
  if (std::trunc(number) != number || std::abs(number) > static_cast<double>(kMaxInt)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

const Json* Arguments::take(std::string_view name) {
  known_.emplace(name);
  const auto found = object_.find(std::string(name));
  return found == object_.end() ? nullptr : &*found;
}

const Json* Arguments::take_value(std::string_view name) {
  const Json* const value = take(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool Arguments::has(std::string_view name) const {
  const auto found = object_.find(std::string(name));
  return found != object_.end() && !found->is_null();
}

Result<const std::string*> Arguments::text_view_or_null(std::string_view name) {
  const Json* const value = take_value(name);
  if (value == nullptr) return nullptr;
  if (!value->is_string()) return wants(name, "a text");
  return &value->get_ref<const std::string&>();
}

Result<std::optional<std::string>> Arguments::text_or_null(std::string_view name) {
  TELEPOST_ASSIGN(const std::string* const text, text_view_or_null(name));
  return text != nullptr ? std::optional(*text) : std::nullopt;
}

Result<std::string> Arguments::text(std::string_view name) {
  TELEPOST_ASSIGN(auto text, text_or_null(name));
  if (!text) return wants(name, "a text");
  return *std::move(text);
}

Result<std::optional<std::string>> Arguments::id_or_null(std::string_view name) {
  TELEPOST_ASSIGN(auto text, text_or_null(name));
  if (text && !is_id(*text)) return wants(name, "an id");
  return text;
}

Result<std::string> Arguments::id(std::string_view name) {
  TELEPOST_ASSIGN(auto id, id_or_null(name));
  if (!id) return wants(name, "an id");
  return *std::move(id);
}

Result<std::optional<std::vector<std::string>>> Arguments::texts_or_null(std::string_view name) {
  const Json* const value = take_value(name);
  if (value == nullptr) return std::optional<std::vector<std::string>>();
  if (!value->is_array()) return wants(name, "a list");
  std::vector<std::string> texts;
  for (const Json& item : *value) {
    if (!item.is_string()) return wants(name, "a list of texts");
    texts.push_back(item.get<std::string>());
  }
  return std::optional(std::move(texts));
}

Result<std::optional<std::vector<std::string>>> Arguments::ids_or_null(std::string_view name, References references) {
  TELEPOST_ASSIGN(auto texts, texts_or_null(name));
  if (!texts) return texts;
  std::set<std::string_view> seen;
  std::vector<std::string> ids;
  for (const std::string& text : *texts) {
    if (references == References::taken ? !is_id_or_reference(text) : !is_id(text)) return wants(name, "a list of ids");
    if (seen.insert(text).second) ids.push_back(text);
  }
  return std::optional(std::move(ids));
}

Result<bool> Arguments::boolean_or(std::string_view name, bool fallback) {
  const Json* const value = take(name);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) return wants(name, "true or false");
  return value->get<bool>();
}

Result<std::int64_t> Arguments::integer_or(std::string_view name, std::int64_t fallback) {
  const Json* const value = take(name);
  if (value == nullptr) return fallback;
  const auto number = integer_in(*value);
  if (!number) return wants(name, "a whole number from -2^53+1 to 2^53-1");
  return *number;
}

Result<std::optional<std::uint64_t>> Arguments::unsigned_or_null(std::string_view name) {
  const Json* const value = take_value(name);
  if (value == nullptr) return std::optional<std::uint64_t>();
  const auto number = integer_in(*value);
  if (!number || *number < 0) return wants(name, "a whole number from 0 to 2^53-1");
  return std::optional(static_cast<std::uint64_t>(*number));
}

Result<std::optional<Time>> Arguments::utc_date_or_null(std::string_view name) {
  TELEPOST_ASSIGN(const auto text, text_or_null(name));
  if (!text) return std::optional<Time>();
  const Result<Time> time = utc_date_from(*text);
  if (!time.ok()) return wants(name, "a UTCDate, such as 2014-10-30T06:12:00Z");
  return std::optional(*time);
}

Result<const Json*> Arguments::object_or_null(std::string_view name) {
  const Json* const value = take_value(name);
  if (value != nullptr && !value->is_object()) return wants(name, "an object");
  return value;
}

Result<const Json*> Arguments::array_or_null(std::string_view name) {
  const Json* const value = take_value(name);
  if (value != nullptr && !value->is_array()) return wants(name, "a list");
  return value;
}

Result<void> Arguments::done() const {
  for (const auto& [name, value] : object_.get_ref<const Json::object_t&>()) {
    if (!known_.contains(name)) return {Errc::invalid, "unknown argument '" + name.substr(0, 80) + "'"};
  }
  return {};
}

}  // namespace telepost::adapters::jmap
