// A verb's arguments, read by name and type. What is missing, of another type or unknown is invalid and named.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/admin/exchange.h"
#include "base/clock.h"

namespace telepost::adapters::admin {

class Arguments {
 public:
  explicit Arguments(const Json& args) : args_(args) {}

  Result<std::string> text(std::string_view name);
  Result<std::string> text_or(std::string_view name, std::string_view fallback);
  Result<std::optional<std::string>> optional_text(std::string_view name);
  Result<std::vector<std::string>> texts(std::string_view name);  // a list; absent is empty
  Result<std::uint64_t> number_or(std::string_view name, std::uint64_t fallback);
  Result<bool> flag(std::string_view name);  // absent is false
  Result<std::optional<Time>> optional_time(
      std::string_view name);  // RFC 3339, or "YYYY-MM-DD" for its first moment

  // Called when all is read: an argument that no one asked for is invalid.
  Result<void> done() const;

 private:
  const Json* find(std::string_view name);

  const Json& args_;
  std::set<std::string, std::less<>> read_;
};

// RFC 3339, or a date alone for its first moment in UTC.
Result<Time> time_from(std::string_view text);

}  // namespace telepost::adapters::admin
