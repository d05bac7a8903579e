// One-time passwords and the letters in which their secrets are typed, by the vectors of their RFCs.
#include "base/one_time_password.h"

#include <gtest/gtest.h>

#include "base/radix32.h"

namespace telepost {
namespace {

constexpr std::string_view kSecret = "12345678901234567890";

TEST(Base32, IsThatOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {  // section 10
      {"", ""}, {"f", "MY======"}, {"fo", "MZXQ===="}, {"foo", "MZXW6==="}, {"foob", "MZXW6YQ="},
      {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI======"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base32_of_bytes(bytes), text);
    EXPECT_EQ(bytes_of_base32(text).value(), bytes);
    EXPECT_EQ(bytes_of_base32(text.substr(0, text.find('='))).value(), bytes);
  }
  EXPECT_EQ(bytes_of_base32("mzxw6ytboi").value(), "foobar");
}

TEST(Base32, RefusesWhatNoBytesGive) {
  // A foreign letter, a digit that looks like one, spaces, a length without bytes, bits left over, padding of another size, in between,
  // without letters, and a whole group of it.
  for (const char* bad : {"MZXW6YT!", "MZXW6YT1", "MZ XQ", "M", "MZX", "MZXW6Y", "MZ", "MY=====",
                          "M=Y=====", "MY=====M", "=", "========", "MZXW6YTB========"}) {
    EXPECT_EQ(bytes_of_base32(bad).error().kind, Errc::invalid) << bad;
  }
}

TEST(OneTimePassword, IsThatOfRfc4226) {
  const char* vectors[] = {"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"};  // appendix D
  for (std::uint64_t counter = 0; counter < std::size(vectors); ++counter) EXPECT_EQ(hotp(kSecret, counter), vectors[counter]) << counter;
}

TEST(OneTimePassword, IsThatOfRfc6238) {
  // Appendix B, SHA-1; ours are the last six of their eight digits.
  const std::pair<std::int64_t, std::string_view> vectors[] = {{59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
                                                               {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
  for (const auto& [seconds, digits] : vectors) EXPECT_EQ(hotp(kSecret, totp_step(from_millis(seconds * 1000))), digits.substr(2)) << seconds;
  EXPECT_EQ(totp_step(from_millis(29'999)), 0u);
  EXPECT_EQ(totp_step(from_millis(30'000)), 1u);
  EXPECT_EQ(totp_step(from_millis(-1)), 0u);
}

}  // namespace
}  // namespace telepost
