#include "schema/class_values.h"

#include <charconv>

#include "schema/quantity.h"

namespace telepost::schema::class_values {
namespace {
constexpr Duration kShortest = std::chrono::seconds(1);
}

Result<void> read(std::string_view text, Limit& into) {
  if (text == "unlimited") {
    into.reset();
    return {};
  }
  TELEPOST_ASSIGN(into, size_from(text));
  return {};
}

Result<void> read(std::string_view text, std::uint32_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  const bool whole = error == std::errc() && end + 1 == text.data() + text.size() && *end == '%';
  if (!whole || into == 0 || into > 1000) return {Errc::invalid, "'" + std::string(text.substr(0, 40)) + "' is no share; write one from 1% to 1000%"};
  return {};
}

Result<void> read(std::string_view text, std::optional<std::uint32_t>& into) {
  if (text == "none") {
    into.reset();
    return {};
  }
  return read(text, into.emplace());
}

Result<void> read(std::string_view text, Duration& into) {
  TELEPOST_ASSIGN(into, duration_from(text));
  return {};
}

Result<void> read(std::string_view text, std::optional<Duration>& into) {
  if (text == "forever" || text == "never") {
    into.reset();
    return {};
  }
  TELEPOST_TRY(read(text, into.emplace()));
  if (*into < kShortest) return {Errc::invalid, "'" + std::string(text.substr(0, 40)) + "' is too short; write PT1S or more"};
  return {};
}

Result<void> read(std::string_view text, bool& into) {
  into = text == "true" || text == "1";
  if (into || text == "false" || text == "0") return {};
  return {Errc::invalid, "'" + std::string(text.substr(0, 40)) + "' is neither true nor false"};
}

std::string write(const Limit& value) { return value ? std::to_string(*value) : "unlimited"; }
std::string write(std::uint32_t value) { return std::to_string(value) + "%"; }
std::string write(const std::optional<std::uint32_t>& value) { return value ? write(*value) : "none"; }
std::string write(const std::optional<Duration>& value) { return value ? to_iso8601(*value) : "forever"; }
std::string write(Duration value) { return to_iso8601(value); }
std::string write(bool value) { return value ? "true" : "false"; }

}  // namespace telepost::schema::class_values
