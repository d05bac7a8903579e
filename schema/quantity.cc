#include "schema/quantity.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/assert.h"

namespace telepost::schema {
namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kLongest = 10'000 * 365 * kDay;

struct Unit {
  char letter;
  std::int64_t millis;
};
constexpr std::array<Unit, 4> kDateUnits = {
    {{'Y', 365 * kDay}, {'M', 30 * kDay}, {'W', 7 * kDay}, {'D', kDay}}};
constexpr std::array<Unit, 3> kTimeUnits = {{{'H', kHour}, {'M', kMinute}, {'S', kSecond}}};

void append_number(std::string& out, std::int64_t value) {
  std::array<char, 20> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  if (text.empty() || text[0] == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// ".005" as milliseconds, if a fraction stands there; digits after the third are dropped.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (text.empty() || text[0] != '.') return 0;
  text.remove_prefix(1);
  std::int64_t millis = 0;
  std::size_t digits = 0;
  for (std::int64_t weight = 100; digits < text.size() && text[digits] >= '0' && text[digits] <= '9';
       ++digits) {
    millis += (text[digits] - '0') * weight;
    weight /= 10;
  }
  text.remove_prefix(digits);
  return digits == 0 ? std::nullopt : std::optional(millis);
}

// Each unit at most once and in order; false on anything else. `any` tells whether one was there.
template <std::size_t N>
bool take_units(std::string_view& text, const std::array<Unit, N>& units, std::int64_t& total, bool& any) {
  std::size_t next = 0;
  while (!text.empty() && text[0] != 'T') {
    const auto number = take_number(text);
    if (!number) return false;
    const bool fraction_allowed = units.back().letter == 'S' && !text.empty() && text[0] == '.';
    const auto fraction = fraction_allowed ? take_fraction(text) : std::optional<std::int64_t>(0);
    if (!fraction || text.empty()) return false;
    while (next < N && units[next].letter != text[0]) ++next;
    if (next == N || (fraction_allowed && units[next].letter != 'S')) return false;
    if (*number > (kLongest - total) / units[next].millis) return false;
    total += *number * units[next].millis + *fraction;
    text.remove_prefix(1);
    ++next;
    any = true;
  }
  return true;
}

}  // namespace

std::string to_iso8601(Duration duration) {
  std::int64_t rest = duration.count();
  TELEPOST_ASSERT(rest >= 0);
  if (rest == 0) return "PT0S";
  std::string text = "P";
  const auto take = [&](std::int64_t unit, char letter) {
    if (rest < unit) return;
    append_number(text, rest / unit);
    text.push_back(letter);
    rest %= unit;
  };
  take(kDay, 'D');
  if (rest == 0) return text;
  text.push_back('T');
  take(kHour, 'H');
  take(kMinute, 'M');
  if (rest == 0) return text;
  append_number(text, rest / kSecond);
  if (const std::int64_t millis = rest % kSecond; millis != 0) {
    std::string fraction = std::to_string(1000 + millis);
    fraction[0] = '.';
    text.append(fraction, 0, fraction.find_last_not_of('0') + 1);
  }
  return text + "S";
}

Result<Duration> duration_from(std::string_view iso8601) {
  const auto bad = [&] {
    return Error{Errc::invalid, "'" + std::string(iso8601.substr(0, 40)) +
                                    "' is no ISO 8601 duration such as PT15M, PT1H30M or P90D"};
  };
  std::string_view rest = iso8601;
  std::int64_t total = 0;
  bool any = false;
  if (!rest.starts_with('P')) return bad();
  rest.remove_prefix(1);
  if (!take_units(rest, kDateUnits, total, any)) return bad();
  if (!rest.empty()) {
    rest.remove_prefix(1);  // the T
    any = false;
    if (!take_units(rest, kTimeUnits, total, any) || !rest.empty()) return bad();
  }
  if (!any) return bad();
  return Duration(total);
}

Result<std::uint64_t> size_from(std::string_view text) {
  struct Suffix {
    std::string_view name;
    std::uint64_t bytes;
  };
  static constexpr std::array<Suffix, 10> kSuffixes = {{{"", 1},
                                                        {"B", 1},
                                                        {"KB", 1'000},
                                                        {"KiB", 1ULL << 10},
                                                        {"MB", 1'000'000},
                                                        {"MiB", 1ULL << 20},
                                                        {"GB", 1'000'000'000},
                                                        {"GiB", 1ULL << 30},
                                                        {"TB", 1'000'000'000'000},
                                                        {"TiB", 1ULL << 40}}};
  std::string_view rest = text;
  if (const auto number = take_number(rest)) {
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    for (const Suffix& suffix : kSuffixes) {
      if (rest != suffix.name) continue;
      if (static_cast<std::uint64_t>(*number) > (std::uint64_t{1} << 63) / suffix.bytes) break;
      return static_cast<std::uint64_t>(*number) * suffix.bytes;
    }
  }
  return {Errc::invalid,
          "'" + std::string(text.substr(0, 40)) + "' is no size such as 1048576, 50MB or 50MiB"};
}

}  // namespace telepost::schema
