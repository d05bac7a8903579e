#include "schema/class_setting_table.h"

#include <array>
#include <limits>
#include <string>

#include "schema/class_values.h"

namespace telepost::schema {
namespace {

template <auto Field>
constexpr ClassSetting row(std::string_view element, std::string_view attribute) {
  return {element, attribute,
          [](std::string_view text, ClassSettings& into, Kind kind) -> Result<void> { return class_values::read(text, Field(into, kind)); },
          [](const ClassSettings& settings, Kind kind) { return class_values::write(Field(settings, kind)); },
          [](const ClassSettings& from, ClassSettings& to, Kind kind) { Field(to, kind) = Field(from, kind); }};
}

constexpr std::array kTable = {
    row<[](auto& s, Kind) -> auto& { return s.allocation.bytes; }>("allocation", "bytes"),
    row<[](auto& s, Kind) -> auto& { return s.allocation.factor_percent; }>("allocation", "factor"),
    row<[](auto& s, Kind) -> auto& { return s.allocation.low_water_percent; }>("allocation", "low-water"),
    row<[](auto& s, Kind) -> auto& { return s.quota.bytes; }>("quota", "bytes"),
    row<[](auto& s, Kind) -> auto& { return s.quota.messages; }>("quota", "messages"),
    row<[](auto& s, Kind) -> auto& { return s.quota.soft_percent; }>("quota", "soft"),
    row<[](auto& s, Kind) -> auto& { return s.quota.grace; }>("quota", "grace"),
    row<[](auto& s, Kind) -> auto& { return s.undelete.keep; }>("undelete", "keep"),
    row<[](auto& s, Kind) -> auto& { return s.undelete.bytes; }>("undelete", "bytes"),
    row<[](auto& s, Kind) -> auto& { return s.undelete.messages; }>("undelete", "messages"),
    row<[](auto& s, Kind kind) -> auto& { return s.of(kind).allow; }>("kind", "allow"),
    row<[](auto& s, Kind kind) -> auto& { return s.of(kind).max_size_bytes; }>("kind", "max-size"),
    row<[](auto& s, Kind kind) -> auto& { return s.of(kind).quota_bytes; }>("kind", "quota-bytes"),
    row<[](auto& s, Kind kind) -> auto& { return s.of(kind).quota_messages; }>("kind", "quota-messages"),
};

}  // namespace

std::uint64_t share_of(std::uint64_t bytes, std::uint32_t percent) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (percent == 0) return 0;
  const std::uint64_t hundreds = bytes / 100, rest = bytes % 100;
  if (hundreds > kMost / percent) return kMost;
  const std::uint64_t most = hundreds * percent, little = rest * percent / 100;
  return most > kMost - little ? kMost : most + little;
}

std::span<const ClassSetting> class_setting_table() { return kTable; }

std::string name_of(const SettingKey& key) {
  const ClassSetting& setting = kTable.at(key.row);
  std::string name(setting.element);
  if (setting.element == "kind") name.append(" ").append(name_of(key.kind));
  return name.append(" ").append(setting.attribute);
}

}  // namespace telepost::schema
