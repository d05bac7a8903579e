// What the parts of inspect write a record's fields with. Inside inspect only.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "schema/message_records.h"
#include "store/inspect_record.h"

namespace telepost::store {

// Appends a record's fields by name.
class Describer {
 public:
  explicit Describer(Fields& fields) : fields_(fields) {}
  template <std::integral Int>
  Describer& number(std::string_view name, Int value) { return text(name, std::to_string(value)); }
  template <typename Tag, typename Rep>
  Describer& number(std::string_view name, Strong<Tag, Rep> id) { return number(name, id.value); }
  Describer& text(std::string_view name, std::string_view value) {
    fields_.emplace_back(name, value);
    return *this;
  }
  Describer& time(std::string_view name, Time value) { return text(name, to_rfc3339(value)); }
  Describer& time(std::string_view name, const std::optional<Time>& value) { return text(name, value ? to_rfc3339(*value) : ""); }
  Describer& flag(std::string_view name, bool value) { return text(name, value ? "true" : "false"); }
  Describer& size(std::string_view name, std::string_view hidden) { return text(name, std::to_string(hidden.size()) + " bytes"); }
  Describer& hex(std::string_view name, std::string_view bytes) { return text(name, to_hex(bytes)); }
  Describer& texts(std::string_view name, const std::vector<std::string>& values) {
    return list(name, values, [](const std::string& value) { return value; });
  }
  template <typename List, typename Text>
  Describer& list(std::string_view name, const List& values, Text text_of) {
    std::string joined;
    for (const auto& value : values) joined.append(joined.empty() ? "" : ",").append(text_of(value));
    return text(name, joined);
  }
  Describer& placements(const std::vector<schema::Placement>& values) {
    return list("placements", values, [](const schema::Placement& p) { return std::to_string(p.mailbox.value) + ":" + std::to_string(p.uid.value); });
  }

 private:
  Fields& fields_;
};

}  // namespace telepost::store
