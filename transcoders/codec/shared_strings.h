// The strings that many have in common: what a dictionary may hold. A string that fewer than so many owners have is nobody's
// business but theirs, and never comes out of here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace telepost::transcoders::codec {

struct Sample {
  std::uint64_t owner;
  std::string text;
};

inline constexpr std::size_t kMaxSampleBytes = 2u << 20;   // all together; about 12 bytes of memory for each
inline constexpr std::size_t kMinSharedString = 8;
inline constexpr std::size_t kMaxSharedString = 256;

// Strings, each of which stands whole in samples of at least `owners` different owners, the most worth first, at most `max_bytes` together.
// Takes seconds for a megabyte. The same samples give the same strings.
std::vector<std::string> shared_strings(const std::vector<Sample>& samples, std::size_t owners, std::size_t max_bytes);

}  // namespace telepost::transcoders::codec
