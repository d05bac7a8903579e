#include "schema/setting.h"

#include <algorithm>
#include <stdexcept>

#include "base/bytes.h"
#include "schema/setting_screen.h"

// toml++ 3.3 asserts some of what only the text decides (that a digit begins a time). As it is compiled into this file
// and no other, its asserts can throw, in every build.
namespace {
[[noreturn]] void throw_not_toml() { throw std::logic_error("no TOML that can be understood"); }
}  // namespace
#undef NDEBUG
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(condition) ((condition) ? static_cast<void>(0) : throw_not_toml())
#include <toml++/toml.h>

namespace telepost::schema {
namespace {

constexpr std::size_t kMaxOverrideBytes = 64 * 1024;
constexpr unsigned kMaxDepth = 32;
constexpr std::ptrdiff_t kMaxKeyParts = 8;

std::string place_of(std::string_view name, const toml::source_position& position) {
  return std::string(name) + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

// What lies deeper than any setting does is Foreign, which nobody takes.
Setting from_node(const toml::node& node, std::string_view name, unsigned depth = 0) {
  Setting setting;
  setting.where = place_of(name, node.source().begin);
  setting.value = Setting::Foreign{};
  if (depth > kMaxDepth) return setting;
  if (const auto* table = node.as_table()) {
    Setting::Table entries;
    for (const auto& [key, value] : *table) {
      entries.emplace_back(std::string(key.str()), from_node(value, name, depth + 1));
      Setting& entry = entries.back().second;
      // A table that a header like [a.b] implies has no place of its own; its key has.
      if (value.source().begin.line == 0) entry.where = place_of(name, key.source().begin);
    }
    setting.value = std::move(entries);
  } else if (const auto* array = node.as_array()) {
    Setting::List items;
    for (const toml::node& item : *array) items.push_back(from_node(item, name, depth + 1));
    setting.value = std::move(items);
  } else if (const auto* text = node.as_string()) {
    setting.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    setting.value = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    setting.value = real->get();
  } else if (const auto* boolean = node.as_boolean()) {
    setting.value = boolean->get();
  }
  return setting;
}

bool is_key(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Setting override_value(std::string_view word, const std::string& where) {
  Setting setting;
  if (word.find('\n') == std::string_view::npos) {
    // A value with more behind it ("1\nother = 2") would be a second key; without a line end there is none.
    if (auto parsed = parse_settings("value = " + std::string(word), where); parsed.ok()) {
      const Setting::Table& table = *parsed->table();
      if (table.size() == 1) setting = table.front().second;
    }
  }
  if (const auto* table = setting.table(); table != nullptr && table->empty() && trim(word) != "{}") {
    setting.value = std::string(word);
  }
  setting.word = std::string(word);
  return setting;
}

void set_places(Setting& setting, const std::string& where) {
  setting.where = where;
  if (auto* list = std::get_if<Setting::List>(&setting.value)) {
    for (Setting& item : *list) set_places(item, where);
  } else if (auto* table = std::get_if<Setting::Table>(&setting.value)) {
    for (auto& [key, value] : *table) set_places(value, where);
  }
}

}  // namespace

Result<Setting> parse_settings(std::string_view text, std::string_view name) {
  if (text.size() > kMaxSettingsBytes) return {Errc::too_large, std::string(name) + ": larger than 4 MiB"};
  if (const auto fault = screen_settings(text)) {
    return {Errc::invalid, std::string(name) + ":" + std::to_string(fault->line) + ":" +
                               std::to_string(fault->column) + ": " + std::string(fault->why)};
  }
  try {
    return from_node(toml::parse(text), name);
  } catch (const std::logic_error& problem) {
    return {Errc::invalid, std::string(name) + ":1:1: " + problem.what()};
  } catch (const toml::parse_error& problem) {
    return {Errc::invalid,
            place_of(name, problem.source().begin) + ": " + std::string(problem.description())};
  }
}

Result<void> override_setting(Setting& root, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string key(trim(assignment.substr(0, equals)));
  const std::string where = "--set " + key.substr(0, 80);
  if (equals == std::string_view::npos) return {Errc::invalid, where + ": write --set key=value"};
  if (assignment.size() > kMaxOverrideBytes) return {Errc::invalid, where + ": the value is too long"};
  if (std::count(key.begin(), key.end(), '.') >= kMaxKeyParts)
    return {Errc::invalid, where + ": no key has so many parts"};
  Setting* at = &root;
  for (std::string_view rest = key;;) {
    const std::string_view part = rest.substr(0, rest.find('.'));
    auto* table = std::get_if<Setting::Table>(&at->value);
    if (!is_key(part)) return {Errc::invalid, where + ": '" + std::string(part) + "' is no key"};
    if (table == nullptr)
      return {Errc::invalid, where + ": what stands before ." + std::string(part) + " is no table"};
    auto found =
        std::find_if(table->begin(), table->end(), [&](const auto& entry) { return entry.first == part; });
    if (found == table->end()) {
      table->emplace_back(std::string(part), Setting{where, {}, Setting::Table()});
      found = table->end() - 1;
    }
    at = &found->second;
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
  *at = override_value(trim(assignment.substr(equals + 1)), where);
  set_places(*at, where);
  return {};
}

}  // namespace telepost::schema
