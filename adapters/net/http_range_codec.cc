#include "adapters/net/http_range_codec.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

// A position beyond 64 bits is beyond every size, which is all that matters of it.
std::optional<std::uint64_t> position_of(std::string_view digits) {
  if (digits.empty()) return {};
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return {};
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kHuge - digit) / 10 ? kHuge : value * 10 + digit;
  }
  return value;
}

struct Spec {
  bool is_valid = false;
  std::optional<ByteRange> range{};  // nothing when no byte satisfies it
};

// Section 14.1.2: "0-499", "500-", "-500".
Spec parse_spec(std::string_view text, std::uint64_t size_bytes) {
  const std::size_t hyphen = text.find('-');
  if (hyphen == std::string_view::npos) return {};
  const std::string_view first_text = text.substr(0, hyphen), last_text = text.substr(hyphen + 1);
  const std::optional<std::uint64_t> first = position_of(first_text), last = position_of(last_text);
  if (first_text.empty()) {
    if (!last) return {};
    if (*last == 0 || size_bytes == 0) return {true, {}};
    return {true, ByteRange{size_bytes - std::min(*last, size_bytes), size_bytes - 1}};
  }
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return {};
  if (*first >= size_bytes) return {true, {}};
  return {true, ByteRange{*first, std::min(last.value_or(kHuge), size_bytes - 1)}};
}

bool touches(const ByteRange& a, const ByteRange& b) {
  return (a.first <= b.last || a.first - b.last == 1) && (b.first <= a.last || b.first - a.last == 1);
}

void add(std::vector<ByteRange>& ranges, ByteRange range) {
  std::size_t place = ranges.size();
  for (std::size_t i = 0; i < ranges.size();) {
    if (!touches(ranges[i], range)) {
      ++i;
      continue;
    }
    range = {std::min(range.first, ranges[i].first), std::max(range.last, ranges[i].last)};
    place = std::min(place, i);
    ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(i));
    i = 0;  // it has grown, and may touch what it did not
  }
  ranges.insert(ranges.begin() + static_cast<std::ptrdiff_t>(std::min(place, ranges.size())), range);
}

}  // namespace

RangeChoice choose_ranges(std::string_view range, std::uint64_t size_bytes) {
  const std::size_t equals = range.find('=');
  if (equals == std::string_view::npos || !equals_ignoring_case(trim(range.substr(0, equals)), "bytes")) return {};
  RangeChoice choice{RangeChoice::Kind::unsatisfiable, {}};
  std::size_t count = 0;
  for (std::string_view rest = range.substr(equals + 1);;) {
    const std::size_t comma = rest.find(',');
    if (const std::string_view text = trim(rest.substr(0, comma)); !text.empty()) {
      const Spec spec = parse_spec(text, size_bytes);
      if (!spec.is_valid || ++count > kMostRanges) return {};
      if (spec.range) add(choice.ranges, *spec.range);
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (count == 0 || size_bytes == 0) return {};
  if (!choice.ranges.empty()) choice.kind = RangeChoice::Kind::some;
  return choice;
}

std::string content_range(ByteRange range, std::uint64_t size_bytes) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + std::to_string(size_bytes);
}

std::string unsatisfied_range(std::uint64_t size_bytes) { return "bytes */" + std::to_string(size_bytes); }

std::string part_head(std::string_view boundary, std::string_view content_type, ByteRange range, std::uint64_t size_bytes) {
  std::string head = "\r\n--" + std::string(boundary) + "\r\n";
  if (!content_type.empty()) head += "Content-Type: " + std::string(content_type) + "\r\n";
  return head + "Content-Range: " + content_range(range, size_bytes) + "\r\n\r\n";
}

std::string parts_end(std::string_view boundary) { return "\r\n--" + std::string(boundary) + "--\r\n"; }

}  // namespace telepost::adapters::net
