#include "schema/quantity.h"

#include <gtest/gtest.h>

#include <random>

namespace telepost::schema {
namespace {

TEST(Duration, IsReadAsIso8601) {
  const std::int64_t day = 86'400'000;
  const std::pair<const char*, std::int64_t> good[] = {
      {"PT0S", 0},
      {"PT15M", 900'000},
      {"P90D", 90 * day},
      {"P1DT2H3M4.005S", day + 7'384'005},
      {"P2W", 14 * day},
      {"P1Y6M", (365 + 180) * day},
      {"PT1.5S", 1500},
      {"PT0.0019S", 1},
      {"P1Y2M3W4DT5H6M7S", (365 + 60 + 21 + 4) * day + 18'367'000},
      {"PT36H", 36 * 3'600'000},
      {"PT0.1S", 100}};
  for (const auto& [text, millis] : good) {
    const auto duration = duration_from(text);
    ASSERT_TRUE(duration.ok()) << text;
    EXPECT_EQ(duration->count(), millis) << text;
  }
  for (const char* text : {"",
                           "P",
                           "PT",
                           "P1",
                           "P1S",
                           "PT1D",
                           "1D",
                           "-P1D",
                           "P-1D",
                           "P1DT",
                           "P1D2Y",
                           "PT1.5M",
                           "PT1.S",
                           "PT.5S",
                           "P1.5D",
                           "P1D ",
                           " P1D",
                           "p1d",
                           "P1D1D",
                           "PTT",
                           "PT1ST",
                           "P99999999999999999999D",
                           "P9223372036854775807Y",
                           "P10001Y",
                           "PT+1S"}) {
    EXPECT_FALSE(duration_from(text).ok()) << text;
  }
}

TEST(Duration, IsWrittenTheShortWayAndReadBack) {
  EXPECT_EQ(to_iso8601(Duration(0)), "PT0S");
  EXPECT_EQ(to_iso8601(Duration(900'000)), "PT15M");
  EXPECT_EQ(to_iso8601(Duration(86'400'000)), "P1D");
  EXPECT_EQ(to_iso8601(Duration(93'784'005)), "P1DT2H3M4.005S");
  EXPECT_EQ(to_iso8601(Duration(62'500)), "PT1M2.5S");
  EXPECT_EQ(to_iso8601(Duration(50)), "PT0.05S");
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const Duration duration(static_cast<std::int64_t>(random() >> (20 + random() % 44)));
    EXPECT_EQ(duration_from(to_iso8601(duration)).value(), duration);
  }
}

TEST(Size, IsReadWithDecimalAndBinaryUnits) {
  const std::pair<const char*, std::uint64_t> good[] = {{"0", 0},
                                                        {"1048576", 1048576},
                                                        {"7B", 7},
                                                        {"50MB", 50'000'000},
                                                        {"50MiB", 52'428'800},
                                                        {"1KB", 1000},
                                                        {"1 KiB", 1024},
                                                        {"2GB", 2'000'000'000},
                                                        {"1GiB", 1'073'741'824},
                                                        {"1TB", 1'000'000'000'000},
                                                        {"1TiB", 1'099'511'627'776}};
  for (const auto& [text, bytes] : good) {
    const auto size = size_from(text);
    ASSERT_TRUE(size.ok()) << text;
    EXPECT_EQ(*size, bytes) << text;
  }
  for (const char* text : {"", "B", "MB", "-1", "1.5GB", "5mb", "5 apples", "9999999999999999999",
                           "9223372036854775807KB", "1MB ", "0x10"}) {
    EXPECT_FALSE(size_from(text).ok()) << text;
  }
}

}  // namespace
}  // namespace telepost::schema
