// What foreign text can do to a log line: nothing.
#include "base/log.h"

#include <gtest/gtest.h>

namespace telepost {
namespace {

std::string logged(std::string_view value) {
  testing::internal::CaptureStderr();
  log::error("event", {{"value", value}});
  const std::string line = testing::internal::GetCapturedStderr();
  return line.substr(line.find(" value=") + 7);
}

TEST(Log, EscapesWhatEndsALineOrSpeaksToATerminal) {
  EXPECT_EQ(logged("ann@example.test"), "ann@example.test\n");
  EXPECT_EQ(logged("a b\"c\\"), "\"a b\\\"c\\\\\"\n");
  EXPECT_EQ(logged("a\r\nb\x1b[2J\x7f"), "a\\x0d\\x0ab\\x1b[2J\\x7f\n");
  EXPECT_EQ(logged("\u0085\u009b"), "\\xc2\\x85\\xc2\\x9b\n");
  EXPECT_EQ(logged("\u2028\u2029"), "\\xe2\\x80\\xa8\\xe2\\x80\\xa9\n");
  EXPECT_EQ(logged("\u202e\u2066\u200e"), "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\x8e\n");
}

TEST(Log, ShowsTextAndEscapesWhatIsNoUtf8) {
  EXPECT_EQ(logged("ä€😀"), "ä€😀\n");
  EXPECT_EQ(logged("a\xff" "b\xc3"), "a\\xff" "b\\xc3\n");
  EXPECT_EQ(logged("\xed\xa0\x80"), "\\xed\\xa0\\x80\n");
}

}  // namespace
}  // namespace telepost
