#include "adapters/smtp/data_codec.h"

#include <gtest/gtest.h>

#include "tests/unit/smtp_data_model.h"

namespace telepost::adapters::smtp {
namespace {

struct Decoded {
  std::string content;
  std::string rest;
  bool ended = false;
  bool bare = false;
};

Decoded decode(std::string_view raw, std::size_t chunk_size) {
  Decoded decoded;
  DataDecoder decoder;
  while (!raw.empty() && !decoder.ended()) {
    std::string_view chunk = raw.substr(0, chunk_size);
    const std::size_t before = chunk.size();
    while (!chunk.empty() && !decoder.ended()) decoded.content += decoder.next(chunk);
    raw.remove_prefix(before - chunk.size());
  }
  decoded.rest = raw;
  decoded.ended = decoder.ended();
  decoded.bare = decoder.has_bare_line_end();
  return decoded;
}

// RFC 5321 section 4.5.2
TEST(SmtpDataCodec, UndoesDotStuffing) {
  const Decoded decoded = decode("..a\r\n...\r\nb.\r\n.\r\nQUIT\r\n", 100);
  EXPECT_EQ(decoded.content, ".a\r\n..\r\nb.\r\n");
  EXPECT_EQ(decoded.rest, "QUIT\r\n");
  EXPECT_FALSE(decoded.bare);
}

TEST(SmtpDataCodec, TakesADotAtOnceForAnEmptyMessage) {
  const Decoded decoded = decode(".\r\n", 100);
  EXPECT_TRUE(decoded.ended);
  EXPECT_EQ(decoded.content, "");
}

TEST(SmtpDataCodec, RefusesBareLineEndsAndReadsOnToTheTrueEnd) {
  for (const char* end : {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\r\r\n.\r\r\n", "\n\n.\r\n"}) {
    const std::string raw = "text" + std::string(end) + "MAIL FROM:<x@y.test>\r\n.\r\n";
    for (std::size_t chunk = 1; chunk <= raw.size(); ++chunk) {
      const Decoded decoded = decode(raw, chunk);
      EXPECT_TRUE(decoded.ended) << chunk;
      EXPECT_EQ(decoded.rest, "") << "ended too early";
      EXPECT_TRUE(decoded.bare) << chunk;
    }
  }
}

TEST(SmtpDataCodec, KeepsNulAndHighBytes) {
  const std::string raw("a\0b\xff\r\n\0.\r\n.\r\n", 13);
  const Decoded decoded = decode(raw, 3);
  EXPECT_EQ(decoded.content, std::string("a\0b\xff\r\n\0.\r\n", 10));
  EXPECT_FALSE(decoded.bare);
}

// Every string of up to eight of the four letters that matter, in every chunk size.
TEST(SmtpDataCodec, AgreesWithTheModelOnEveryShortInput) {
  constexpr std::string_view kLetters = ".\r\na";
  for (std::size_t length = 1; length <= 8; ++length) {
    for (std::size_t number = 0; number < (std::size_t{1} << (2 * length)); ++number) {
      std::string raw;
      for (std::size_t i = 0; i < length; ++i) raw += kLetters[(number >> (2 * i)) & 3];
      raw += "\r\n.\r\n";
      const test::DataModel model = test::model_of_data(raw);
      for (const std::size_t chunk : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{64}}) {
        const Decoded decoded = decode(raw, chunk);
        ASSERT_EQ(decoded.content, model.content) << number << " of length " << length;
        ASSERT_EQ(decoded.bare, model.bare);
        ASSERT_EQ(raw.size() - decoded.rest.size(), model.end.value());
      }
    }
  }
}

bool has_bare_line_end(std::string_view content, std::size_t chunk) {
  LineEndWatch watch;
  for (; !content.empty(); content.remove_prefix(std::min(chunk, content.size()))) watch.see(content.substr(0, chunk));
  watch.end();
  return watch.has_bare_line_end();
}

// Every text of three letters and two line end bytes, cut at every size, against what a look at the whole says.
TEST(LineEndWatch, FindsABareLineEndHoweverTheChunksAreCut) {
  constexpr std::string_view kLetters = "a\r\n.";
  for (unsigned length = 0; length <= 6; ++length) {
    for (unsigned number = 0; number < 1u << (2 * length); ++number) {
      std::string content;
      for (unsigned i = 0; i < length; ++i) content += kLetters[(number >> (2 * i)) & 3];
      bool bare = false;
      for (std::size_t i = 0; i < content.size(); ++i) {
        bare = bare || (content[i] == '\r' && content.substr(i + 1, 1) != "\n") || (content[i] == '\n' && (i == 0 || content[i - 1] != '\r'));
      }
      for (const std::size_t chunk : {1u, 2u, 3u, 100u}) ASSERT_EQ(has_bare_line_end(content, chunk), bare) << number << " of length " << length;
    }
  }
}

}  // namespace
}  // namespace telepost::adapters::smtp
