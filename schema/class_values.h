// The values of a class of service as its XML writes them, and back. What read() refuses it tells what to write instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "schema/class_settings.h"

namespace telepost::schema::class_values {

Result<void> read(std::string_view text, Limit& into);                         // a number, a size, "unlimited"
Result<void> read(std::string_view text, std::uint32_t& into);                 // "90%"
Result<void> read(std::string_view text, std::optional<std::uint32_t>& into);  // "90%", "none"
Result<void> read(std::string_view text, std::optional<Duration>& into);       // ISO 8601 from PT1S up, "forever", "never"
Result<void> read(std::string_view text, Duration& into);                      // ISO 8601
Result<void> read(std::string_view text, bool& into);

std::string write(const Limit& value);
std::string write(std::uint32_t value);
std::string write(const std::optional<std::uint32_t>& value);
std::string write(const std::optional<Duration>& value);  // none: "forever"
std::string write(Duration value);
std::string write(bool value);

}  // namespace telepost::schema::class_values
