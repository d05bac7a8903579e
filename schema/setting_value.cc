#include "schema/setting_value.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "schema/quantity.h"

namespace telepost::schema {
namespace {

// The text of a string; of an override whatever was typed, so that hostname=10 is a name too.
const std::string* text_of(const Setting& setting) {
  if (const auto* text = std::get_if<std::string>(&setting.value)) return text;
  return setting.word.empty() || setting.list() != nullptr || setting.table() != nullptr ? nullptr
                                                                                         : &setting.word;
}

}  // namespace

Error Keyed::wants(const std::string& what) const {
  const std::string_view last = key.substr(key.rfind('.') == std::string_view::npos ? 0 : key.rfind('.') + 1);
  std::string why = std::string(key) + " wants " + what;
  if (!example.empty()) why += "; for example " + std::string(last) + " = " + std::string(example);
  return setting.error(why);
}

std::vector<const Setting*> items_of(const Setting& setting) {
  const Setting::List* list = setting.list();
  if (list == nullptr) return {&setting};
  std::vector<const Setting*> items;
  for (const Setting& item : *list) items.push_back(&item);
  return items;
}

Result<void> read(const Keyed& from, bool& into) {
  const bool* value = std::get_if<bool>(&from.setting.value);
  if (value == nullptr) return from.wants("true or false");
  into = *value;
  return {};
}

Result<void> read(const Keyed& from, std::string& into) {
  const std::string* text = text_of(from.setting);
  if (text == nullptr) return from.wants("a text in quotes");
  if (text->find('\0') != std::string::npos) return from.wants("a text without zero bytes");
  into = *text;
  return {};
}

Result<void> read(const Keyed& from, Duration& into) {
  const std::string* text = text_of(from.setting);
  if (text == nullptr) return from.wants("an ISO 8601 duration in quotes, such as \"PT15M\" or \"P90D\"");
  const auto duration = duration_from(*text);
  if (!duration.ok()) return from.wants("an ISO 8601 duration; " + duration.error().detail);
  if (duration->count() <= 0) return from.wants("a duration above zero");
  into = *duration;
  return {};
}

Result<void> read(const Keyed& from, std::vector<Duration>& into) {
  std::vector<Duration> durations;
  for (const Setting* item : items_of(from.setting)) TELEPOST_TRY(read(from.item(*item), durations.emplace_back()));
  if (durations.empty()) return from.wants("at least one duration");
  into = std::move(durations);
  return {};
}

Result<void> read(const Keyed& from, Endpoints& into) {
  Endpoints endpoints;
  for (const Setting* item : items_of(from.setting)) {
    const std::string* text = text_of(*item);
    if (text == nullptr) return from.item(*item).wants("a list of texts such as \"127.0.0.1:2525\"");
    auto endpoint = endpoint_from(*text);
    if (!endpoint.ok()) return from.item(*item).wants("addresses; " + endpoint.error().detail);
    endpoints.push_back(std::move(endpoint).value());
  }
  into = std::move(endpoints);
  return {};
}

Result<void> read(const Keyed& from, Networks& into) {
  Networks networks;
  for (const Setting* item : items_of(from.setting)) {
    const std::string* text = text_of(*item);
    if (text == nullptr) return from.item(*item).wants("a list of texts such as \"192.0.2.0/24\"");
    auto network = network_from(*text);
    if (!network.ok()) return from.item(*item).wants("networks; " + network.error().detail);
    networks.push_back(*network);
  }
  into = std::move(networks);
  return {};
}

Result<void> read(const Keyed& from, std::vector<std::string>& into) {
  std::vector<std::string> texts;
  for (const Setting* item : items_of(from.setting)) TELEPOST_TRY(read(from.item(*item), texts.emplace_back()));
  into = std::move(texts);
  return {};
}

Result<void> read(const Keyed& from, Reserve& into) {
  const std::string* text = text_of(from.setting);
  if (text != nullptr && text->ends_with('%')) {
    double percent = -1;
    const char* end = text->data() + text->size() - 1;
    const auto [stop, error] = std::from_chars(text->data(), end, percent);
    if (error != std::errc() || stop != end || !std::isfinite(percent) || percent < 0 || percent > 100) {
      return from.wants("a share from 0% to 100%");
    }
    into = {percent, Reserve{}.at_least_bytes};
    return {};
  }
  std::uint64_t bytes = 0;
  if (!read_size(from, bytes, 0).ok()) return from.wants("a share such as \"5%\" or a size such as \"1GiB\"");
  into = {0, bytes};
  return {};
}

Result<void> read(const Keyed& from, log::Level& into) {
  const std::string* text = text_of(from.setting);
  for (const auto& [name, level] :
       {std::pair("debug", log::Level::debug), std::pair("info", log::Level::info),
        std::pair("warning", log::Level::warning), std::pair("error", log::Level::error)}) {
    if (text == nullptr || *text != name) continue;
    into = level;
    return {};
  }
  return from.wants("debug, info, warning or error");
}

Result<void> read(const Keyed& from, std::vector<std::uint32_t>& into) {
  std::vector<std::uint32_t> numbers;
  for (const Setting* item : items_of(from.setting)) {
    TELEPOST_TRY(
        read_number(from.item(*item), numbers.emplace_back(), 0, std::numeric_limits<std::uint32_t>::max()));
  }
  into = std::move(numbers);
  return {};
}

Result<void> read_number(const Keyed& from, std::uint32_t& into, std::uint32_t least, std::uint32_t most) {
  const auto* value = std::get_if<std::int64_t>(&from.setting.value);
  if (value == nullptr || *value < least || *value > most) {
    return from.wants("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  into = static_cast<std::uint32_t>(*value);
  return {};
}

Result<void> read_size(const Keyed& from, std::uint64_t& into, std::uint64_t least) {
  std::uint64_t bytes = 0;
  if (const auto* value = std::get_if<std::int64_t>(&from.setting.value)) {
    if (*value < 0) return from.wants("a size that is not negative");
    bytes = static_cast<std::uint64_t>(*value);
  } else {
    const std::string* text = text_of(from.setting);
    if (text == nullptr) return from.wants("a size: bytes, or a text such as \"50MiB\"");
    const auto size = size_from(*text);
    if (!size.ok()) return from.wants("a size; " + size.error().detail);
    bytes = *size;
  }
  if (bytes < least) return from.wants("a size of at least " + std::to_string(least) + " bytes");
  into = bytes;
  return {};
}

}  // namespace telepost::schema
