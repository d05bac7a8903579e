#include "adapters/jmap/vcard_dates.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/jmap/date_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

bool are_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

}  // namespace

std::string vcard_time(std::string_view value) {
  std::string digits;
  for (const char c : value) {
    if (c != '-' && c != ':') digits.push_back(c);
  }
  const std::size_t t = digits.find('T');
  if (t != 8 || digits.size() < 15 || !are_digits(std::string_view(digits).substr(0, 8)) || !are_digits(std::string_view(digits).substr(9, 6))) return {};
  std::string zone = digits.substr(15);
  if (zone.empty()) zone = "Z";
  if (zone != "Z") return {};
  const std::string text = digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + "T" + digits.substr(9, 2) + ":" + digits.substr(11, 2) + ":" + digits.substr(13, 2) + "Z";
  return utc_date_from(text).ok() ? text : std::string();
}

std::string vcard_time_of(std::string_view utc) {
  std::string text;
  for (const char c : utc.substr(0, utc.find('.'))) {
    if (c != '-' && c != ':') text.push_back(c);
  }
  return text.ends_with('Z') ? text : text + "Z";
}

Json vcard_date(std::string_view value, std::string_view calendar_scale) {
  if (value.find('T') != std::string_view::npos && value.ends_with('Z')) {
    const std::string utc = vcard_time(value);
    return utc.empty() ? Json(nullptr) : Json{{"@type", "Timestamp"}, {"utc", utc}};
  }
  value = value.substr(0, value.find('T'));
  Json date = Json::object();
  const auto take = [&](const char* name, std::size_t digits) {
    if (!are_digits(value.substr(0, digits)) || value.size() < digits) return false;
    date[name] = std::stoi(std::string(value.substr(0, digits)));
    value.remove_prefix(digits);
    if (value.starts_with('-')) value.remove_prefix(1);
    return true;
  };
  const bool has_year = !value.starts_with("--");
  if (!has_year) value.remove_prefix(2);
  if (has_year && !take("year", 4)) return nullptr;
  if (!value.empty() && !take("month", 2)) return nullptr;
  if (!value.empty() && !take("day", 2)) return nullptr;
  const auto in_range = [&](const char* name, int most) { return !date.contains(name) || (date[name] >= 1 && date[name] <= most); };
  if (!value.empty() || date.empty() || !in_range("year", 9'999) || !in_range("month", 12) || !in_range("day", 31)) return nullptr;
  if (!calendar_scale.empty()) date["calendarScale"] = to_lower(calendar_scale);
  return date;
}

std::string vcard_date_of(const Json& date) {
  if (date.contains("utc")) return vcard_time_of(date["utc"].get<std::string>());
  const auto number = [&](const char* name) { return date.contains(name) ? date[name].get<double>() : 0; };
  const int year = static_cast<int>(number("year")), month = static_cast<int>(number("month")), day = static_cast<int>(number("day"));
  if (month == 0) return fmt::format("{:04}", year);
  if (year == 0) return day == 0 ? fmt::format("--{:02}", month) : fmt::format("--{:02}{:02}", month, day);
  return day == 0 ? fmt::format("{:04}-{:02}", year, month) : fmt::format("{:04}{:02}{:02}", year, month, day);
}

}  // namespace telepost::adapters::jmap
