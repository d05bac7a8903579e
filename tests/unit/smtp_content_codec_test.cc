#include <gtest/gtest.h>

#include "adapters/net/smtp_content_codec.h"
#include "tests/unit/smtp_data_model.h"

namespace telepost::adapters::net {
namespace {

std::string stuffed(std::string_view content, std::size_t chunk = std::string_view::npos) {
  DotStuffer stuffer;
  std::string out;
  for (std::string_view rest = content; !rest.empty(); rest.remove_prefix(std::min(chunk, rest.size()))) {
    EXPECT_TRUE(stuffer.append(out, rest.substr(0, chunk)).ok());
  }
  EXPECT_TRUE(stuffer.finish(out).ok());
  return out;
}

// RFC 5321 section 4.5.2.
TEST(SmtpContentCodec, DoublesDotsThatBeginALine) {
  EXPECT_EQ(stuffed(".\r\n..a\r\nb.\r\n"), "..\r\n...a\r\nb.\r\n.\r\n");
}

TEST(SmtpContentCodec, EndsBehindALineEndWhateverTheContent) {
  EXPECT_EQ(stuffed("a\r\n"), "a\r\n.\r\n");
  EXPECT_EQ(stuffed("a"), "a\r\n.\r\n");
  EXPECT_EQ(stuffed(""), ".\r\n");
  EXPECT_EQ(stuffed("."), "..\r\n.\r\n");
  EXPECT_EQ(stuffed("\r\n"), "\r\n.\r\n");
}

// Each of these would end the data, or begin a second message, on some server that takes a bare CR or LF for a line end.
TEST(SmtpContentCodec, NoVariantOfTheEndGetsOutOfContent) {
  const std::string_view variants[] = {"\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\r\n.\r\r\n", "\n\n.\r\n"};
  for (const std::string_view variant : variants) {
    const std::string content = "a" + std::string(variant) + "MAIL FROM:<evil@example.test>\r\n";
    for (std::size_t chunk = 1; chunk <= content.size(); ++chunk) {
      DotStuffer stuffer;
      std::string out;
      Result<void> written;
      for (std::string_view rest = content; written.ok() && !rest.empty(); rest.remove_prefix(std::min(chunk, rest.size()))) {
        written = stuffer.append(out, rest.substr(0, chunk));
      }
      ASSERT_FALSE(written.ok()) << variant;
      EXPECT_EQ(out.find("MAIL"), std::string::npos);
    }
  }
  EXPECT_EQ(stuffed("a\r\n.\r\nMAIL FROM:<evil@example.test>\r\n"), "a\r\n..\r\nMAIL FROM:<evil@example.test>\r\n.\r\n");
}

TEST(SmtpContentCodec, ContentThatEndsInCrHasNoEnd) {
  DotStuffer stuffer;
  std::string out;
  ASSERT_TRUE(stuffer.append(out, "a\r").ok());
  EXPECT_FALSE(stuffer.finish(out).ok());
}

TEST(SmtpContentCodec, RefusesLinesOver998) {
  for (const std::size_t size : {998u, 999u}) {
    DotStuffer stuffer;
    std::string out;
    const bool first = stuffer.append(out, std::string(500, 'x')).ok();
    const bool second = stuffer.append(out, std::string(size - 500, 'x') + "\r\n").ok();
    EXPECT_EQ(first && second, size == 998);
  }
}

// The model of the receiving side takes the stuffing out again.
TEST(SmtpContentCodec, WhatIsStuffedIsFoundUnchangedByAReceiver) {
  const std::string content = "Subject: dots\r\n\r\n.\r\n..\r\n...a\r\n\r\n.b\r\nlast.\r\n.";
  for (std::size_t chunk = 1; chunk < 12; ++chunk) {
    const std::string wire = stuffed(content, chunk);
    const test::DataModel model = test::model_of_data(wire);
    EXPECT_EQ(model.content, content + "\r\n");
    ASSERT_TRUE(model.end.has_value());
    EXPECT_EQ(*model.end, wire.size());
    EXPECT_FALSE(model.bare);
  }
}

TEST(SmtpContentCodec, SurveysWhatDecidesTheTransport) {
  EXPECT_EQ(survey("a\r\nbcd\r\n"), (ContentTraits{8, 3, false, false, false, true}));
  EXPECT_EQ(survey("gr\xc3\xbc\r\nx"), (ContentTraits{7, 4, true, false, false, false, true}));
  EXPECT_EQ(survey(std::string_view("a\0b\r\n", 5)), (ContentTraits{5, 3, false, true, false, true}));
  EXPECT_EQ(survey("a\nb\r\n"), (ContentTraits{5, 3, false, false, true, true}));
  EXPECT_EQ(survey("a\rb\r\n"), (ContentTraits{5, 3, false, false, true, true}));
  EXPECT_TRUE(survey("a\r").bare_line_end);
  EXPECT_TRUE(survey("a\r\r\n").bare_line_end);
  EXPECT_EQ(survey(""), ContentTraits{});
  EXPECT_FALSE(survey(std::string(998, 'x') + "\r\n").binary());
  EXPECT_TRUE(survey(std::string(999, 'x') + "\r\n").binary());
}

TEST(SmtpContentCodec, KnowsTheHeaderFromTheBody) {
  EXPECT_TRUE(survey("Subject: \xc3\xbc\r\n\r\nx\r\n").eight_bit_header);
  EXPECT_FALSE(survey("Subject: x\r\n\r\n\xc3\xbc\r\n").eight_bit_header);
  EXPECT_FALSE(survey("\r\n\xc3\xbc\r\n").eight_bit_header);
}

TEST(SmtpContentCodec, SurveyDependsNotOnTheChunks) {
  const std::string content = std::string("a\r\n\rb\nc\r\r\n.\0\xff\r", 14) + "\r\nend";
  for (std::size_t chunk = 1; chunk <= content.size(); ++chunk) {
    ContentSurvey piecewise;
    for (std::string_view rest = content; !rest.empty(); rest.remove_prefix(std::min(chunk, rest.size()))) piecewise.feed(rest.substr(0, chunk));
    EXPECT_EQ(piecewise.finish(), survey(content)) << chunk;
  }
}

}  // namespace
}  // namespace telepost::adapters::net
