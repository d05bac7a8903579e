// Base64 seen as the bytes it stands for, and only where writing it again gives the same text (RFC 2045 section 6.8).
#include <gtest/gtest.h>

#include <random>

#include "transcoders/codec/radix64_lines.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::codec {
namespace {

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// A plain second opinion: letters of the whole text but for line ends, decoded by the reader of messages.
std::string model_bytes(std::string_view text) { return mime::decode_base64(text); }

TEST(CodecBase64, SeesTheBytesOfABody) {
  const std::string bytes = random_bytes(3000, 1);
  const std::string body = mime::encode_base64_lines(bytes);
  const std::string text = "Content-Type: audio/basic\r\n\r\n" + body + "--end--\r\n";
  const auto found = find_base64(text, 0);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->lines.begin, 29u);
  EXPECT_EQ(found->lines.size, body.size() - 2);
  EXPECT_EQ(found->lines.line, 76u);
  EXPECT_EQ(found->bytes, bytes);
  EXPECT_EQ(write_base64(found->bytes, found->lines) + "\r\n", body);
  EXPECT_FALSE(find_base64(text, found->lines.begin + found->lines.size));
}

TEST(CodecBase64, SeesAPieceThatWasCutAnywhere) {
  const std::string body = mime::encode_base64_lines(random_bytes(1500, 2));
  for (std::size_t begin = 0; begin < 160; ++begin) {
    for (std::size_t cut = 0; cut < 82; ++cut) {
      const std::string_view piece = std::string_view(body).substr(begin, body.size() - begin - cut);
      const auto found = find_base64(piece, 0);
      ASSERT_TRUE(found) << begin << " " << cut;
      const std::string_view text = piece.substr(found->lines.begin, found->lines.size);
      EXPECT_EQ(write_base64(found->bytes, found->lines), text);
      EXPECT_EQ(base64_size(found->bytes.size(), found->lines), text.size());
      EXPECT_EQ(found->bytes, model_bytes(text));
      EXPECT_LE(found->lines.begin, 78u);
      EXPECT_GE(found->lines.begin + found->lines.size + 6, piece.size()) << "all but an open group and a line end";
      // In the phase of the body: what was decoded is a range of it, so that its own structure shows.
      EXPECT_NE(model_bytes(body).find(found->bytes), std::string::npos);
    }
  }
}

TEST(CodecBase64, LeavesAloneWhatItCannotWriteAgain) {
  const std::string letters(400, 'A');
  const auto lines = [&](std::size_t first, std::size_t second, std::string_view end) {
    return letters.substr(0, first) + "\r\n" + letters.substr(0, second) + "\r\n" + letters.substr(0, second) + std::string(end) + "\r\n";
  };
  EXPECT_TRUE(find_base64(lines(200, 200, ""), 0));
  const auto after_a_shorter_line = find_base64("x: y\r\n" + lines(100, 200, ""), 0);
  ASSERT_TRUE(after_a_shorter_line);
  EXPECT_EQ(after_a_shorter_line->lines.begin, 108u) << "a short line begins a stretch only where the text does";
  EXPECT_FALSE(find_base64(letters + "\r\n" + letters + "\r\nAAAAAB==\r\n", 0)) << "bits behind the padding";
  EXPECT_EQ(find_base64(lines(200, 200, "==="), 0)->bytes.size(), 450u) << "padding that says nothing stays text";
  std::string bare = lines(200, 200, "");
  std::erase(bare, '\r');
  EXPECT_FALSE(find_base64(bare, 0)) << "bare LF";
  EXPECT_FALSE(find_base64(letters, 0)) << "one line";
  EXPECT_FALSE(find_base64("", 0));
  EXPECT_FALSE(find_base64("\r\n\r\n\n\n", 0));
}

TEST(CodecBase64, FindsEveryBodyOfAMessage) {
  std::string text = "Subject: three\r\n";
  std::vector<std::string> bodies;
  for (unsigned i = 0; i < 3; ++i) {
    bodies.push_back(random_bytes(500 + i, i));
    text += "\r\n--b\r\n\r\n" + mime::encode_base64_lines(bodies.back());
  }
  std::size_t at = 0;
  for (const std::string& body : bodies) {
    const auto found = find_base64(text, at);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes, body);
    at = found->lines.begin + found->lines.size;
  }
  EXPECT_FALSE(find_base64(text, at));
}

}  // namespace
}  // namespace telepost::transcoders::codec
