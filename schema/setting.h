// A tree of settings as a TOML text gives it, each value with the place where it stands. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace telepost::schema {

struct Setting {
  struct Foreign {};  // a TOML date, time or number without use here
  using List = std::vector<Setting>;
  using Table = std::vector<std::pair<std::string, Setting>>;  // each key once

  std::string where;  // "telepost.toml:3:7" or "--set store.heads"
  std::string word;   // the value as it was typed, where it came from an override
  std::variant<Foreign, bool, std::int64_t, double, std::string, List, Table> value = Table();

  const Table* table() const { return std::get_if<Table>(&value); }
  const List* list() const { return std::get_if<List>(&value); }
  Error error(const std::string& why) const { return {Errc::invalid, where + ": " + why}; }
};

inline constexpr std::size_t kMaxSettingsBytes = 4 * 1024 * 1024;

// A whole TOML 1.0 text; its root is a table. invalid, with name, line and column; too_large.
Result<Setting> parse_settings(std::string_view toml, std::string_view name);

// Puts "smtp.listen=127.0.0.1:0" into the tree, in place of what is there: the value is TOML, and what is no
// TOML value is a string.
Result<void> override_setting(Setting& root, std::string_view assignment);

}  // namespace telepost::schema
