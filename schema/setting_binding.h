// Keys bound to what takes them: of the configuration itself, or of one row of it ([[domains]] …). A row type Row has, in
// this namespace, `std::string fault_of(const Row&)` and `const std::string& name_of(const Row&)`.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/configuration.h"
#include "schema/setting_value.h"

namespace telepost::schema {

// A key and what takes it, of the configuration itself or of one row ([[domains]] …).
template <typename Target>
struct Binding {
  ConfigurationKey key;
  Result<void> (*take)(const Keyed& from, Target& into);
};

// A row's key as it stands in the row: "domains[].create" is create.
inline std::string_view known_as(std::string_view key) {
  const std::size_t row = key.find("[].");
  return row == std::string_view::npos ? key : key.substr(row + 3);
}

template <typename Target>
const Binding<Target>* binding_of(std::string_view name, const std::vector<Binding<Target>>& keys) {
  for (const Binding<Target>& binding : keys) {
    if (known_as(binding.key.name) == name) return &binding;
  }
  return nullptr;
}

// Letters to change, add or drop until a is b; enough for "did you mean".
inline std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({changed, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

template <typename Target>
Error unknown(const Setting& setting, const std::string& key, const std::vector<Binding<Target>>& keys) {
  std::string best;
  std::size_t nearest = 4;
  for (const Binding<Target>& binding : keys) {
    const std::string candidate(known_as(binding.key.name));
    const std::size_t far = distance(std::string_view(key).substr(0, 80), candidate);
    if (far < nearest) nearest = far, best = candidate;
  }
  return setting.error(
      "unknown key '" + key.substr(0, 80) + "'; " +
      (best.empty() ? "remove it, or see the sample telepost.toml" : "did you mean " + best + "?"));
}

template <typename Row>
Result<void> read_row(const Setting& item, std::string_view key, const std::vector<Binding<Row>>& keys,
                      Row& row) {
  const Setting::Table* table = item.table();
  if (table == nullptr)
    return item.error(std::string(key) + " wants tables; write [[" + std::string(key) + "]]");
  for (const auto& [name, setting] : *table) {
    const Binding<Row>* found = binding_of(name, keys);
    if (found == nullptr) return unknown(setting, name, keys);
    TELEPOST_TRY(found->take({setting, found->key.name, found->key.fallback}, row));
  }
  for (const Binding<Row>& binding : keys) {
    const std::string name(known_as(binding.key.name));
    const auto named = [&](const auto& entry) { return entry.first == name; };
    const bool given = std::any_of(table->begin(), table->end(), named);
    if (binding.key.fallback.empty() && !given)
      return item.error("this [[" + std::string(key) + "]] needs a " + name);
  }
  if (const std::string fault = fault_of(row); !fault.empty()) return item.error(fault);
  return {};
}

template <typename Row>
Result<void> read_rows(const Keyed& from, const std::vector<Binding<Row>>& keys, std::vector<Row>& into) {
  std::vector<Row> rows;
  std::set<std::string> names;
  for (const Setting* item : items_of(from.setting)) {
    TELEPOST_TRY(read_row(*item, from.key, keys, rows.emplace_back()));
    const std::string& name = name_of(rows.back());
    if (!names.insert(name).second)
      return item->error("'" + name + "' stands twice in " + std::string(from.key));
  }
  into = std::move(rows);
  return {};
}

}  // namespace telepost::schema
