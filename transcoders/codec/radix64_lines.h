// Stretches of base64 in a text (RFC 2045 section 6.8), seen as the bytes that they stand for. Only what writing again gives
// back exactly: lines of one length that end with CRLF. A stretch may begin inside a line, since long bodies are stored in
// pieces that end anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace telepost::transcoders::codec {

struct Radix64Lines {
  std::uint64_t begin = 0;       // in the text
  std::uint64_t size = 0;        // letters and line ends; after the last letter comes none
  std::uint32_t first_line = 0;  // letters before the first line end, where there is one
  std::uint32_t line = 0;        // letters of every other line; the last may be shorter
  bool operator==(const Radix64Lines&) const = default;
};

inline constexpr std::uint32_t kMaxBase64Line = 998;   // RFC 5322 section 2.1.1
inline constexpr std::size_t kMinBase64Bytes = 256;    // a shorter stretch is not worth its description

struct FoundRadix64 {
  Radix64Lines lines;
  std::string bytes;
};
// The first stretch at or behind `from`. Scans each byte at most a few times.
std::optional<FoundRadix64> find_base64(std::string_view text, std::size_t from);

// What the bytes look like as such lines, and how long that is; the rest of `lines` is not asked. Precondition: lines.line > 0.
std::string write_base64(std::string_view bytes, const Radix64Lines& lines);
std::uint64_t base64_size(std::uint64_t bytes, const Radix64Lines& lines);

}  // namespace telepost::transcoders::codec
