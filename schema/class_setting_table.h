// The table of what a class sets beside its rules: one row for each attribute, from which files are read, layers put over each
// other and values shown.
#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/class_settings.h"

namespace telepost::schema {

struct ClassSetting {
  std::string_view element;
  std::string_view attribute;
  Result<void> (*read)(std::string_view text, ClassSettings& into, Kind kind);  // invalid, with what to write instead
  std::string (*write)(const ClassSettings& settings, Kind kind);               // as read() takes it
  void (*copy)(const ClassSettings& from, ClassSettings& to, Kind kind);
};

std::span<const ClassSetting> class_setting_table();

// One value: a row, and of <kind> the kind; kAnyKind elsewhere.
inline constexpr Kind kAnyKind = Kind::email;
struct SettingKey {
  std::size_t row = 0;
  Kind kind = kAnyKind;
  auto operator<=>(const SettingKey&) const = default;
};
std::string name_of(const SettingKey& key);  // "quota bytes", "kind voice max-size"

}  // namespace telepost::schema
