#include "adapters/net/http_date_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace telepost::adapters::net {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes a date from its front, piece by piece; after a piece that is not there nothing more is taken.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}
  bool is_whole() const { return !failed_ && rest_.empty(); }

  void word(std::string_view word) {
    if (failed_ || !rest_.starts_with(word)) return fail();
    rest_.remove_prefix(word.size());
  }
  template <std::size_t N>
  unsigned one_of(const std::array<std::string_view, N>& names) {
    const auto found = std::find_if(names.begin(), names.end(), [&](std::string_view name) { return rest_.starts_with(name); });
    if (failed_ || found == names.end()) return fail(), 0;
    rest_.remove_prefix(found->size());
    return static_cast<unsigned>(found - names.begin());
  }
  unsigned digits(std::size_t count) {
    unsigned value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (failed_ || rest_.empty() || rest_[0] < '0' || rest_[0] > '9') return fail(), 0;
      value = value * 10 + static_cast<unsigned>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  // asctime's day: "06" or " 6".
  unsigned padded_day() {
    if (!rest_.starts_with(' ')) return digits(2);
    word(" ");
    return digits(1);
  }
  Duration time_of_day() {
    const unsigned hour = digits(2);
    word(":");
    const unsigned minute = digits(2);
    word(":");
    const unsigned second = std::min(digits(2), 61u);
    if (hour > 23 || minute > 59 || second > 60) fail();
    return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(std::min(second, 59u));
  }

 private:
  void fail() { failed_ = true; }
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<Time> made_of(const Pieces& pieces, unsigned year, unsigned month, unsigned day, Duration time_of_day) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month + 1), std::chrono::day(day)};
  if (!pieces.is_whole() || !date.ok()) return {};
  return Time(std::chrono::sys_days(date)) + time_of_day;
}

// "94" is the year that ends so and lies at most 50 years ahead.
unsigned whole_year(unsigned short_year, Time now) {
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  const unsigned farthest = static_cast<unsigned>(std::max(0, static_cast<int>(today.year()) + 50));
  const unsigned year = farthest / 100 * 100 + short_year;
  return year > farthest && year >= 100 ? year - 100 : year;
}

// What the two forms that end in GMT differ in.
struct GmtForm {
  const std::array<std::string_view, 7>& days;
  std::string_view separator;  // of day, month and year
  std::size_t year_digits;
};
constexpr GmtForm kFixdate{kDays, " ", 4};
constexpr GmtForm kRfc850{kLongDays, "-", 2};

std::optional<Time> from_gmt(std::string_view text, const GmtForm& form, Time now) {
  Pieces pieces(text);
  pieces.one_of(form.days);
  pieces.word(", ");
  const unsigned day = pieces.digits(2);
  pieces.word(form.separator);
  const unsigned month = pieces.one_of(kMonths);
  pieces.word(form.separator);
  const unsigned year = pieces.digits(form.year_digits);
  pieces.word(" ");
  const Duration time = pieces.time_of_day();
  pieces.word(" GMT");
  return made_of(pieces, form.year_digits == 2 ? whole_year(year, now) : year, month, day, time);
}

std::optional<Time> from_asctime(std::string_view text) {
  Pieces pieces(text);
  pieces.one_of(kDays);
  pieces.word(" ");
  const unsigned month = pieces.one_of(kMonths);
  pieces.word(" ");
  const unsigned day = pieces.padded_day();
  pieces.word(" ");
  const Duration time = pieces.time_of_day();
  pieces.word(" ");
  const unsigned year = pieces.digits(4);
  return made_of(pieces, year, month, day, time);
}

}  // namespace

std::string to_http_date(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<Time> from_http_date(std::string_view text, Time now) {
  std::optional<Time> time = from_gmt(text, kFixdate, now);
  if (!time) time = from_gmt(text, kRfc850, now);
  if (!time) time = from_asctime(text);
  return time;
}

}  // namespace telepost::adapters::net
