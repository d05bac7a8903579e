#include "adapters/admin/arguments.h"

namespace telepost::adapters::admin {
namespace {

Error wants(std::string_view name, std::string_view what) {
  return {Errc::invalid, std::string(name) + " wants " + std::string(what)};
}

}  // namespace

Result<Time> time_from(std::string_view text) {
  const bool date_alone = text.size() == 10;
  auto time = from_rfc3339(date_alone ? std::string(text) + "T00:00:00Z" : std::string(text));
  if (time.ok()) return time;
  return {Errc::invalid, "'" + std::string(text) + "' is no time; write 2026-11-20T16:25:30Z or 2026-11-20"};
}

const Json* Arguments::find(std::string_view name) {
  read_.emplace(name);
  const auto found = args_.find(std::string(name));
  return found == args_.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> Arguments::text(std::string_view name) {
  TELEPOST_ASSIGN(std::optional<std::string> value, optional_text(name));
  if (!value) return {Errc::invalid, std::string(name) + " is missing"};
  return std::move(*value);
}

Result<std::string> Arguments::text_or(std::string_view name, std::string_view fallback) {
  TELEPOST_ASSIGN(std::optional<std::string> value, optional_text(name));
  return value ? std::move(*value) : std::string(fallback);
}

Result<std::optional<std::string>> Arguments::optional_text(std::string_view name) {
  const Json* const value = find(name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return wants(name, "a string");
  return std::optional(value->get<std::string>());
}

Result<std::vector<std::string>> Arguments::texts(std::string_view name) {
  const Json* const value = find(name);
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (!value->is_array()) return wants(name, "a list of strings");
  for (const Json& item : *value) {
    if (!item.is_string()) return wants(name, "a list of strings");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

Result<std::uint64_t> Arguments::number_or(std::string_view name, std::uint64_t fallback) {
  const Json* const value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_number_integer() || (!value->is_number_unsigned() && value->get<std::int64_t>() < 0)) {
    return wants(name, "a whole number, 0 or more");
  }
  return value->get<std::uint64_t>();
}

Result<bool> Arguments::flag(std::string_view name) {
  const Json* const value = find(name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return wants(name, "true or false");
  return value->get<bool>();
}

Result<std::optional<Time>> Arguments::optional_time(std::string_view name) {
  TELEPOST_ASSIGN(const std::optional<std::string> text, optional_text(name));
  if (!text) return std::optional<Time>();
  TELEPOST_ASSIGN(const Time time, time_from(*text));
  return std::optional(time);
}

Result<void> Arguments::done() const {
  for (const auto& [name, value] : args_.items()) {
    if (!read_.contains(name)) return {Errc::invalid, "unknown argument " + name};
  }
  return {};
}

}  // namespace telepost::adapters::admin
