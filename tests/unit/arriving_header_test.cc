#include "adapters/smtp/authentication/arriving_header.h"

#include <gtest/gtest.h>

namespace telepost::adapters::smtp::authentication {
namespace {

struct Seen {
  std::string stored;
  std::string body;
  std::size_t forged = 0;
  bool truncated = false;
  std::size_t fields = 0;
};

Seen seen(const std::string& message, std::size_t chunk) {
  ArrivingHeader header("mx.test");
  Seen seen;
  for (std::size_t at = 0; at < message.size(); at += chunk) {
    const ArrivingHeader::Passed passed = header.pass(std::string_view(message).substr(at, chunk));
    seen.stored += passed.bytes;
    seen.body += passed.body;
  }
  seen.stored += header.rest();
  seen.forged = header.forged();
  seen.truncated = header.is_truncated();
  seen.fields = header.header().size();
  return seen;
}

TEST(ArrivingHeader, ChangesNothingElse) {
  for (const std::string message :
       {"", "\r\n", "A: b\r\n\r\nbody\r\n\r\n", "A: b\r\n c\r\n\td\r\nB:\r\n\r\n", "A: b", "A: b\r\n", "A: b\r", "A: b\r\n\r", "A: b\r\n\rx\r\n\r\ny",
        " folded first\r\nA: b\r\n\r\n", "no colon\r\nA: b\r\n\r\nAuthentication-Results: mx.test; none\r\n",
        "A: b\nc\r\n\r\n", "Authentication-Results: other.test; spf=pass\r\n\r\n", "\r\nAuthentication-Results: mx.test; none\r\n"}) {
    for (std::size_t chunk = 1; chunk < 9; ++chunk) {
      EXPECT_EQ(seen(message, chunk).stored, message) << chunk;
      EXPECT_EQ(seen(message, chunk).forged, 0U);
    }
  }
}

TEST(ArrivingHeader, TakesOutExactlyTheForgedFields) {
  const std::string message =
      "Authentication-Results: mx.test; spf=pass\r\n"
      "From: a@b.test\r\n"
      "authentication-RESULTS : (x) mx.test;\r\n\tdkim=pass\r\n\theader.d=bank.test\r\n"
      "Authentication-Results: other.test; spf=pass\r\n"
      "no colon\r\n"
      "Authentication-Results: \"MX.test\"; none\r\n"
      "\r\n"
      "Authentication-Results: mx.test; of the body\r\n";
  const std::string left =
      "From: a@b.test\r\n"
      "Authentication-Results: other.test; spf=pass\r\n"
      "no colon\r\n"
      "\r\n"
      "Authentication-Results: mx.test; of the body\r\n";
  for (std::size_t chunk = 1; chunk <= message.size(); ++chunk) {
    const Seen got = seen(message, chunk);
    ASSERT_EQ(got.stored, left) << chunk;
    EXPECT_EQ(got.forged, 3U);
    EXPECT_EQ(got.body, "Authentication-Results: mx.test; of the body\r\n");
    EXPECT_EQ(got.fields, 6U);  // signatures are judged by what arrived
    EXPECT_FALSE(got.truncated);
  }
}

// A message that ends in its header has no other end for the field.
TEST(ArrivingHeader, TakesOutAForgedFieldThatNothingFollows) {
  EXPECT_EQ(seen("A: b\r\nAuthentication-Results: mx.test; spf=pass", 5).stored, "A: b\r\n");
  EXPECT_EQ(seen("Authentication-Results: mx.test; spf=pass\r\n", 5).stored, "");
}

TEST(ArrivingHeader, HoldsNoFieldThatIsTooLong) {
  const std::string longer(kMaxField + 1000, 'x');
  const std::string folded = "\r\n more\r\n";
  for (const std::size_t chunk : {1000U, 65'536U, 200'000U}) {
    const std::string message = "A: " + longer + folded + "B: c\r\n\r\nbody";
    EXPECT_EQ(seen(message, chunk).stored, message);
    EXPECT_TRUE(seen(message, chunk).truncated);
    // One of results that is too long is nobody's, and goes whole.
    const Seen got = seen("Authentication-Results: " + longer + "; mx.test" + folded + "B: c\r\n\r\nbody", chunk);
    EXPECT_EQ(got.stored, "B: c\r\n\r\nbody");
    EXPECT_EQ(got.forged, 1U);
  }
}

TEST(ArrivingHeader, TakesOutForgedFieldsBehindWhatItKeeps) {
  std::string filler;
  while (filler.size() <= kMaxHeader) filler += "X: " + std::string(900, 'x') + "\r\n";
  const Seen got = seen(filler + "Authentication-Results: mx.test; spf=pass\r\n\r\n", 777);
  EXPECT_EQ(got.stored, filler + "\r\n");
  EXPECT_TRUE(got.truncated);
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
