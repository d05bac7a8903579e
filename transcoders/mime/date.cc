// Dates: RFC 5322 sections 3.3 and 4.3.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/bytes.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

struct Tokens {
  std::array<std::string_view, 12> items;
  std::size_t count = 0;
};

// Words between white space, commas and comments; a ':' separates too. False: more than a date can have.
bool tokenize(std::string_view value, Tokens& tokens) {
  int depth = 0;
  std::size_t begin = std::string_view::npos;
  for (std::size_t i = 0; i <= value.size(); ++i) {
    const char c = i < value.size() ? value[i] : ' ';
    const bool inside = depth > 0;
    if (c == '(') ++depth;
    if (c == ')' && depth > 0) --depth;
    const bool separates =
        inside || c == '(' || std::string_view(" \t\r\n,:").find(c) != std::string_view::npos;
    if (!separates && begin == std::string_view::npos) begin = i;
    if (separates && begin != std::string_view::npos) {
      if (tokens.count == tokens.items.size()) return false;
      tokens.items[tokens.count++] = value.substr(begin, i - begin);
      begin = std::string_view::npos;
    }
  }
  return true;
}

bool read_number(std::string_view text, std::size_t max_digits, int& number) {
  if (text.empty() || text.size() > max_digits || text[0] == '-') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

unsigned month_of(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (name.size() >= 3 && equals_ignoring_case(name.substr(0, 3), kMonths[i])) return i + 1;
  }
  return 0;
}

// Minutes east of UTC. The military zones and unknown names count as -0000 (RFC 5322 section 4.3).
bool read_zone(std::string_view zone, int& minutes) {
  minutes = 0;
  if (zone.empty()) return false;
  if (zone[0] == '+' || zone[0] == '-') {
    int number = 0;
    if (zone.size() != 5 || !read_number(zone.substr(1), 4, number) || number % 100 > 59) return false;
    minutes = (number / 100 * 60 + number % 100) * (zone[0] == '-' ? -1 : 1);
    return true;
  }
  constexpr std::string_view kNames = "EDT EST CDT CST MDT MST PDT PST ";
  const std::size_t found = zone.size() == 3 ? kNames.find(zone) : std::string_view::npos;
  if (found != std::string_view::npos) minutes = -60 * (4 + static_cast<int>((found / 4 + 1) / 2));
  return (zone[0] >= 'A' && zone[0] <= 'Z') || (zone[0] >= 'a' && zone[0] <= 'z');
}

int full_year(int year, std::size_t digits) {
  if (digits == 2) return year + (year < 50 ? 2000 : 1900);
  return digits == 3 ? year + 1900 : year;
}

}  // namespace

Result<Time> parse_date(std::string_view value) {
  const Error bad{Errc::invalid,
                  fmt::format("'{}' is not a date of RFC 5322", clean_text(value.substr(0, 60)))};
  Tokens tokens;
  if (value.size() > 998 || !tokenize(value, tokens)) return bad;
  std::size_t next = 0;
  const auto take = [&] { return next < tokens.count ? tokens.items[next++] : std::string_view(); };
  std::string_view word = take();
  if (!word.empty() && (word[0] < '0' || word[0] > '9')) word = take();  // the day's name
  int day = 0, year = 0, hour = 0, minute = 0, second = 0, zone_minutes = 0;
  if (!read_number(word, 2, day)) return bad;
  const unsigned month = month_of(take());
  word = take();
  if (month == 0 || word.size() < 2 || !read_number(word, 4, year)) return bad;
  year = full_year(year, word.size());
  if (!read_number(take(), 2, hour) || !read_number(take(), 2, minute)) return bad;
  word = take();
  if (!word.empty() && word[0] >= '0' && word[0] <= '9') {
    if (!read_number(word, 2, second)) return bad;
    word = take();
  }
  if (!read_zone(word, zone_minutes) || hour > 23 || minute > 59 || second > 60) return bad;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return bad;
  return Time(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
              std::chrono::minutes(minute - zone_minutes) + std::chrono::seconds(second));
}

}  // namespace telepost::transcoders::mime
