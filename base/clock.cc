#include "base/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace telepost {
namespace {

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
  std::chrono::weekday weekday;
};

// The years that RFC 3339 and RFC 5322 can write; damaged records hold others.
constexpr Time kFirst{std::chrono::milliseconds(-62'167'219'200'000)}, kLast{std::chrono::milliseconds(253'402'300'799'999)};

Civil to_civil(Time time) {
  time = std::clamp(time, kFirst, kLast);
  const auto days = std::chrono::floor<std::chrono::days>(time);
  return {std::chrono::year_month_day(days), std::chrono::hh_mm_ss<std::chrono::milliseconds>(time - days),
          std::chrono::weekday(days)};
}

// Takes exactly `width` digits off the front.
bool take_number(std::string_view& text, std::size_t width, int& value) {
  if (text.size() < width) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + width, value);
  if (error != std::errc() || end != text.data() + width || text[0] == '-') return false;
  text.remove_prefix(width);
  return true;
}

bool take(std::string_view& text, std::string_view letters) {
  if (text.empty() || letters.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Time SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}
SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::string to_rfc3339(Time time) {
  const Civil civil = to_civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(civil.date.year()),
                     static_cast<unsigned>(civil.date.month()), static_cast<unsigned>(civil.date.day()),
                     civil.time.hours().count(), civil.time.minutes().count(), civil.time.seconds().count(),
                     civil.time.subseconds().count());
}

Result<Time> from_rfc3339(std::string_view text) {
  const Error bad{Errc::invalid, fmt::format("'{}' is not an RFC 3339 time such as 2026-01-31T12:00:00Z",
                                             text.substr(0, 40))};
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0;
  const bool fields = take_number(text, 4, year) && take(text, "-") && take_number(text, 2, month) &&
                      take(text, "-") && take_number(text, 2, day) && take(text, "Tt ") &&
                      take_number(text, 2, hour) && take(text, ":") && take_number(text, 2, minute) &&
                      take(text, ":") && take_number(text, 2, second);
  if (!fields) return bad;
  if (take(text, ".")) {
    int weight = 100;
    int digits = 0;
    for (int digit = 0; take_number(text, 1, digit); ++digits, weight /= 10) millis += digit * weight;
    if (digits == 0) return bad;
  }
  int offset_minutes = 0;
  if (!take(text, "Zz")) {
    const bool negative = !text.empty() && text[0] == '-';
    int offset_hours = 0;
    int minutes = 0;
    if (!take(text, "+-") || !take_number(text, 2, offset_hours) || !take(text, ":") ||
        !take_number(text, 2, minutes) || offset_hours > 23 || minutes > 59) {
      return bad;
    }
    offset_minutes = (offset_hours * 60 + minutes) * (negative ? -1 : 1);
  }
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!text.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) return bad;
  return Time(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
              std::chrono::minutes(minute - offset_minutes) + std::chrono::seconds(second) +
              std::chrono::milliseconds(millis));
}

std::string to_rfc5322_date(Time time) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Civil civil = to_civil(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[civil.weekday.c_encoding()],
                     static_cast<unsigned>(civil.date.day()), kMonths[static_cast<unsigned>(civil.date.month()) - 1],
                     static_cast<int>(civil.date.year()), civil.time.hours().count(),
                     civil.time.minutes().count(), civil.time.seconds().count());
}

}  // namespace telepost
