// Ranges of bytes (RFC 9110 section 14) and content of several of them (section 14.6).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::adapters::net {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // included
  std::uint64_t size_bytes() const { return last - first + 1; }
  bool operator==(const ByteRange&) const = default;
};

inline constexpr std::size_t kMostRanges = 16;

struct RangeChoice {
  enum class Kind : unsigned char {
    all,            // no range that we serve: another unit, broken syntax, more than kMostRanges, or nothing to cut (size 0)
    some,           // 206
    unsatisfiable,  // 416
  } kind = Kind::all;
  // In the order they were asked for. What overlaps or touches is one range, in the place of its first.
  std::vector<ByteRange> ranges{};
};
RangeChoice choose_ranges(std::string_view range, std::uint64_t size_bytes);

std::string content_range(ByteRange range, std::uint64_t size_bytes);   // "bytes 0-499/1234"
std::string unsatisfied_range(std::uint64_t size_bytes);                // "bytes */1234"
// What stands before a part of multipart/byteranges, and behind the last.
std::string part_head(std::string_view boundary, std::string_view content_type, ByteRange range, std::uint64_t size_bytes);
std::string parts_end(std::string_view boundary);

}  // namespace telepost::adapters::net
