// Transfer encodings in pieces, and charsets whose labels are wrong.
#include "transcoders/mime/decoder.h"

#include <gtest/gtest.h>

#include "transcoders/mime/charset.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::mime {
namespace {

std::string in_pieces(std::string_view encoding, std::string_view text, std::size_t size) {
  Decoder decoder(encoding);
  std::string bytes;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) decoder.feed(text.substr(0, size), bytes);
  decoder.finish(bytes);
  return bytes;
}

TEST(MimeDecoder, GivesTheSameHoweverItIsCut) {
  const std::vector<std::pair<std::string, std::string>> samples = {
      {"base64", "SGVsbG8s\r\nIHdvcmxk\r\nIQ==\r\ntrailing"}, {"base64", "SGV$sbG8sIHdv cmxkI"}, {"BASE64", "=SGV="},
      {"quoted-printable", "caf=C3=A9 =\r\nis  \t\r\nopen=\t \n=4 =zz =\r x \r\ny=3"},
      {"quoted-printable", "a \rb\t"}, {"8bit", "as =41 is"}, {"x-uuencode", "begin 644 a\n#86)C\nend\n"}};
  for (const auto& [encoding, text] : samples) {
    const std::string whole = decode_transfer(text, encoding);
    for (const std::size_t size : {1, 2, 3, 5, 100}) EXPECT_EQ(in_pieces(encoding, text, size), whole) << text << size;
  }
}

// RFC 2045 sections 6.7 and 6.8.
TEST(MimeDecoder, DecodesWhatTheRfcDescribes) {
  EXPECT_EQ(decode_quoted_printable("Now's the time =\r\nfor all folk to come=\r\n to the aid of their country."),
            "Now's the time for all folk to come to the aid of their country.");
  EXPECT_EQ(decode_quoted_printable("a=3Db=0D=0Ac  \r\nd\t\n"), "a=b\r\nc\r\nd\n");
  EXPECT_EQ(decode_quoted_printable("=e4=E4=4x=\n"), "\xe4\xe4=4x");
  EXPECT_EQ(decode_base64("YWJj\r\nZGVm"), "abcdef");
  EXPECT_EQ(decode_base64("YWI="), "ab");
  EXPECT_EQ(decode_base64("YWI"), "ab");
  EXPECT_EQ(decode_base64("YQ==YQ=="), "a");
}

TEST(MimeDecoder, HoldsABoundedRunOfWhiteSpace) {
  Decoder decoder("quoted-printable");
  std::string bytes;
  const std::string blank(100'000, ' ');
  for (int i = 0; i < 10; ++i) decoder.feed(blank, bytes);
  EXPECT_GE(bytes.size(), 1'000'000 - Decoder::kMaxPendingBytes);
}

TEST(MimeCharset, TheBytesCountMoreThanAWrongLabel) {
  EXPECT_EQ(decode_text("caf\xc3\xa9", "iso-8859-1"), "café");
  EXPECT_EQ(decode_text("caf\xc3\xa9", "us-ascii"), "café");
  EXPECT_EQ(decode_text("caf\xe9", "utf-8"), "café");
  EXPECT_EQ(decode_text("caf\xe9", ""), "café");
  EXPECT_EQ(decode_text("\xEF\xBB\xBFword", "iso-8859-1"), "word");
  EXPECT_EQ(decode_text(std::string("\xFF\xFEh\0i\0", 6), "utf-8"), "hi");
  EXPECT_EQ(decode_text("\x1b$B%F%9%H\x1b(B", ""), "テスト");
  EXPECT_EQ(decode_text("\x1b$B%F%9%H\x1b(B", "us-ascii"), "テスト");
  EXPECT_EQ(decode_text("\x83\x65\x83\x58\x83\x67", "iso-2022-jp"), "テスト");  // Shift_JIS
  EXPECT_EQ(decode_text("\xa5\xc6\xa5\xb9\xa5\xc8", "iso-2022-jp"), "テスト");  // EUC-JP
  EXPECT_EQ(decode_text("Привет, мир", "koi8-r"), "Привет, мир");
  EXPECT_EQ(decode_text("hello", "utf-16"), "hello");
}

TEST(MimeCharset, ALabelThatFitsCountsMoreThanChance) {
  EXPECT_EQ(decode_text("\xd0\xf2\xc9\xd7\xc5\xd4", "koi8-r"), "пРивет");
  EXPECT_EQ(decode_text("\xc2\xb2", "iso-8859-5"), "ТВ");  // valid UTF-8 by chance
  EXPECT_EQ(decode_text("+AOQ-", "utf-7"), "ä");
  EXPECT_EQ(decode_text("\xc4\xe3\xba\xc3", "gb2312"), "你好");
  EXPECT_EQ(decode_text("a\xc3\xa9" "b\xff", "utf-8"), "aéb\xEF\xBF\xBD");  // broken in one place
}

TEST(MimeCharset, LabelsAreReadAsMailWritesThem) {
  EXPECT_EQ(to_utf8("\xe4", "ISO_8859-1:1987"), "ä");
  EXPECT_EQ(to_utf8("\xe4", "Latin1"), "ä");
  EXPECT_EQ(to_utf8("\xcf", "Windows 1251"), "П");
  EXPECT_EQ(to_utf8("\xcf", "cp1251"), "П");
  EXPECT_EQ(to_utf8("\x83\x65", "Shift-JIS"), "テ");
  EXPECT_EQ(to_utf8("\xa4\x40", "x-big5"), "一");
  EXPECT_EQ(to_utf8("\xb0\xa1", "KSC5601"), "가");
  EXPECT_EQ(to_utf8("ä", "UTF8"), "ä");
}

// RFC 2047 section 2 forbids it, and senders do it: the charset of a word is not what it says.
TEST(MimeCharset, EncodedWordsWithAWrongLabelAreReadable) {
  EXPECT_EQ(decode_words("=?iso-8859-1?Q?J=C3=B6rg?="), "Jörg");
  EXPECT_EQ(decode_words("=?utf-8?Q?J=F6rg?="), "Jörg");
  EXPECT_EQ(decode_words("=?us-ascii?Q?J=F6rg?="), "Jörg");
}

}  // namespace
}  // namespace telepost::transcoders::mime
