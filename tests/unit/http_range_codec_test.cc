// Ranges with the examples of RFC 9110 section 14, and against a model that knows single bytes only.
#include "adapters/net/http_range_codec.h"

#include <gtest/gtest.h>

#include <set>

namespace telepost::adapters::net {
namespace {

using Kind = RangeChoice::Kind;
using Ranges = std::vector<ByteRange>;

Ranges some(std::string_view range, std::uint64_t size) {
  const RangeChoice choice = choose_ranges(range, size);
  EXPECT_EQ(choice.kind, Kind::some) << range;
  return choice.ranges;
}

TEST(HttpRangeCodec, CutsAsTheExamplesOfSection1412Say) {
  EXPECT_EQ(some("bytes=0-499", 10000), (Ranges{{0, 499}}));
  EXPECT_EQ(some("bytes=500-999", 10000), (Ranges{{500, 999}}));
  EXPECT_EQ(some("bytes=-500", 10000), (Ranges{{9500, 9999}}));
  EXPECT_EQ(some("bytes=9500-", 10000), (Ranges{{9500, 9999}}));
  EXPECT_EQ(some("bytes=0-0,-1", 10000), (Ranges{{0, 0}, {9999, 9999}}));
  EXPECT_EQ(some("bytes= 0-999, 4500-5499, -1000", 10000), (Ranges{{0, 999}, {4500, 5499}, {9000, 9999}}));
  EXPECT_EQ(some("bytes=500-600,601-999", 10000), (Ranges{{500, 999}}));
  EXPECT_EQ(some("bytes=500-700,601-999", 10000), (Ranges{{500, 999}}));
}

TEST(HttpRangeCodec, EndsWhereTheContentEnds) {
  EXPECT_EQ(some("bytes=5-100", 10), (Ranges{{5, 9}}));
  EXPECT_EQ(some("bytes=-100", 10), (Ranges{{0, 9}}));
  EXPECT_EQ(some("BYTES=1-1", 10), (Ranges{{1, 1}}));
  EXPECT_EQ(some("bytes=1-99999999999999999999999999", 10), (Ranges{{1, 9}}));
  EXPECT_EQ(some("bytes=10-20,3-4", 10), (Ranges{{3, 4}})) << "one that cannot be satisfied is left out";
  EXPECT_EQ(some("bytes=0-18446744073709551615", 18446744073709551615u), (Ranges{{0, 18446744073709551614u}}));
}

TEST(HttpRangeCodec, SaysWhatNoByteSatisfies) {
  for (const char* range : {"bytes=10-", "bytes=10-20,30-40", "bytes=-0", "bytes=99999999999999999999999999-"}) {
    EXPECT_EQ(choose_ranges(range, 10).kind, Kind::unsatisfiable) << range;
  }
  EXPECT_EQ(unsatisfied_range(1234), "bytes */1234");  // section 14.4
}

TEST(HttpRangeCodec, TakesAllForWhatIsNoRangeOfOurs) {
  for (const char* range : {"", "bytes", "bytes=", "bytes=,", "pages=1-2", "bytes=5-4", "bytes=a-b", "bytes=1", "bytes=--1", "bytes=1-2-3", "bytes=+1-2",
                            "bytes=0-1,x", "bytes=-", "bytes 0-1"}) {
    EXPECT_EQ(choose_ranges(range, 10).kind, Kind::all) << range;
  }
  EXPECT_EQ(choose_ranges("bytes=0-", 0).kind, Kind::all);
  std::string many = "bytes=0-0";
  for (std::size_t i = 1; i < kMostRanges; ++i) many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  EXPECT_EQ(some(many, 100).size(), kMostRanges);
  EXPECT_EQ(choose_ranges(many + ",90-90", 100).kind, Kind::all);
}

// Section 15.3.7.2: parts may be joined; each byte that was asked for comes, once, and no other.
TEST(HttpRangeCodec, NeverSendsAByteTwice) {
  std::uint32_t seed = 1;
  const auto next = [&seed](std::uint32_t below) { return (seed = seed * 1664525 + 1013904223) / 65536 % below; };
  for (int round = 0; round < 3000; ++round) {
    std::string range = "bytes=";
    std::set<std::uint64_t> asked;
    for (std::uint32_t i = 0, count = 1 + next(6); i < count; ++i) {
      const std::uint64_t first = next(40), last = first + next(8);
      range += (i > 0 ? "," : "") + std::to_string(first) + "-" + std::to_string(last);
      for (std::uint64_t byte = first; byte <= last && byte < 32; ++byte) asked.insert(byte);
    }
    std::set<std::uint64_t> given;
    for (const ByteRange& each : choose_ranges(range, 32).ranges) {
      for (std::uint64_t byte = each.first; byte <= each.last; ++byte) EXPECT_TRUE(given.insert(byte).second) << range;
    }
    EXPECT_EQ(given, asked) << range;
  }
}

// Section 14.6 (and 15.3.7.2).
TEST(HttpRangeCodec, SetsPartsApart) {
  EXPECT_EQ(part_head("THIS_STRING_SEPARATES", "application/pdf", {500, 999}, 8000),
            "\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-999/8000\r\n\r\n");
  EXPECT_EQ(parts_end("THIS_STRING_SEPARATES"), "\r\n--THIS_STRING_SEPARATES--\r\n");
}

}  // namespace
}  // namespace telepost::adapters::net
