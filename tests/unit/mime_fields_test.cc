#include "transcoders/mime/fields.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::mime {
namespace {

TEST(MimeFields, UnfoldingRemovesLineEndsAndKeepsWhiteSpace) {  // RFC 5322 section 2.2.3
  EXPECT_EQ(unfold(" This\r\n is\r\n\ta test \r\n"), "This is\ta test");
  EXPECT_EQ(unfold("a\n b"), "a b");
  EXPECT_EQ(unfold(" \r\n "), "");
}

TEST(MimeFields, EncodedWordsOfTheRfc) {  // RFC 2047 section 8
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?a?="), "a");
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?a?= b"), "a b");
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?="), "ab");
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?="), "ab");
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?a_b?="), "a b");
  EXPECT_EQ(decode_words("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?="), "a b");
  EXPECT_EQ(decode_words("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>"), "Keith Moore <moore@cs.utk.edu>");
  EXPECT_EQ(decode_words("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= "
                         "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
            "If you can read this you understand the example.");
}

TEST(MimeFields, EncodedWordsCutInsideACharacterAreJoined) {
  EXPECT_EQ(decode_words("=?utf-8?Q?J=C3?= =?utf-8?Q?=B6rg?="), "Jörg");
  EXPECT_EQ(decode_words("=?UTF-8?B?w7w=?= =?utf-8?q?=C3=A4?="), "üä");
}

TEST(MimeFields, WhatIsNoEncodedWordStays) {
  for (const char* text :
       {"=?", "=?utf-8?", "=?utf-8?x?abc?=", "=?utf-8?q?abc", "=??q?abc?=", "a =? b ?= c", "=?utf-8?q?a"}) {
    EXPECT_EQ(decode_words(text), text);
  }
}

TEST(MimeFields, LanguageOfAnEncodedWordIsIgnored) {  // RFC 2231 section 5
  EXPECT_EQ(decode_words("=?US-ASCII*EN?Q?Keith_Moore?="), "Keith Moore");
}

TEST(MimeFields, DecodedControlCharactersBecomeSpaces) {
  EXPECT_EQ(decode_words("=?utf-8?q?a=0D=0ABcc:_x=00=1B?="), "a  Bcc: x  ");
}

// As cheap as the same bytes in one charset: opening a converter for every word took half a second for this much.
TEST(MimeFields, AThousandWordsAreDecodedWhateverTheirCharsets) {
  const std::vector<std::string> charsets = {"iso-8859-2", "koi8-r", "shift_jis", "gb2312", "euc-kr", "big5", "utf-7"};
  std::string words;
  std::string text;
  for (std::size_t i = 0; i < kMaxWords; ++i) {
    words += "=?" + charsets[i % charsets.size()] + "?q?a?= ";
    text += "a";
  }
  const std::string left = "=?koi8-r?q?a?= =?utf-8?q?b?=";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(decode_words(words + left), text + " " + left);
}

TEST(MimeFields, AStateThatAWordLeavesBehindDoesNotReachTheNextOne) {
  EXPECT_EQ(to_utf8("\x1b$B%F", "iso-2022-jp"), "テ");  // not shifted back
  EXPECT_EQ(to_utf8("abc", "iso-2022-jp"), "abc");
  EXPECT_EQ(to_utf8("+AOQ", "utf-7"), "ä");
  EXPECT_EQ(to_utf8("AOQ", "utf-7"), "AOQ");
  EXPECT_EQ(to_utf8(std::string("\xFE\xFF\0a", 4), "utf-16"), "a");
  EXPECT_EQ(to_utf8(std::string("\xFF\xFE" "a\0", 4), "utf-16"), "a");
  EXPECT_EQ(to_utf8(std::string("a\0", 2), "UTF-16"), "a");
}

TEST(MimeFields, RawEightBitIsUtf8OrWindows1252) {
  EXPECT_EQ(decode_words("caf\xc3\xa9"), "café");
  EXPECT_EQ(decode_words("caf\xe9"), "café");
}

TEST(MimeFields, DecodedSpecialsInAddressesAreQuoted) {
  EXPECT_EQ(decode_words("=?utf-8?q?evil=40x.test=2C?= <ann@example.test>", WordContext::phrase),
            "\"evil@x.test,\" <ann@example.test>");
  EXPECT_EQ(decode_words("=?utf-8?q?J=C3=B6rg?= <j@x.test>", WordContext::phrase), "Jörg <j@x.test>");
  EXPECT_EQ(decode_words("\"=?utf-8?q?a=22,b?=\" <j@x.test>", WordContext::phrase), "\"a\\\",b\" <j@x.test>");
}

TEST(MimeFields, EncodingWordsIsUndoneByDecoding) {
  for (const std::string text :
       {"plain", "Grüße", "日本語のとても長い件名はひとつの符号化語には収まりません、だから分けます",
        "=?utf-8?q?x?="}) {
    const std::string encoded = encode_words(text);
    EXPECT_TRUE(is_printable_ascii(unfold(encoded)));
    EXPECT_EQ(decode_words(unfold(encoded)), text);
    for (std::size_t begin = 0; begin != std::string::npos;) {
      const std::size_t end = encoded.find("\r\n ", begin);
      EXPECT_LE(std::min(end, encoded.size()) - begin, 75u);
      begin = end == std::string::npos ? end : end + 3;
    }
  }
}

TEST(MimeFields, ParametersWithCommentsQuotesAndSpaces) {
  const auto value = parse_parameterized(
      "Text/Plain (c (c)) ; Charset = \"us-ascii\" (x); name=\"a;\\\"b\\\".txt\"; format=flowed (y)");
  EXPECT_EQ(value.value, "text/plain");
  EXPECT_EQ(value.find("charset")->value, "us-ascii");
  EXPECT_EQ(value.find("name")->value, "a;\"b\".txt");
  EXPECT_EQ(value.find("format")->value, "flowed");
  EXPECT_EQ(value.find("none"), nullptr);
}

TEST(MimeFields, ParametersThatSendersGetWrong) {
  EXPECT_EQ(parse_parameterized("a/b; name=my file.txt; x=y").find("name")->value, "my file.txt");
  EXPECT_EQ(parse_parameterized("a/b; boundary=x charset=y").find("charset")->value, "y");
  EXPECT_EQ(parse_parameterized("a/b; name=\"x\" charset=y").find("charset")->value, "y");
  EXPECT_EQ(parse_parameterized("a/b boundary=x").find("boundary")->value, "x");
  EXPECT_EQ(parse_parameterized("a/b; boundary=\"open").find("boundary")->value, "open");
  EXPECT_EQ(parse_parameterized("a/b;;; charset=x;").find("charset")->value, "x");
  EXPECT_EQ(parse_parameterized("a/b; charset=x; charset=y").find("charset")->value, "x");
  EXPECT_EQ(parse_parameterized("a/b; flag; charset=x").find("charset")->value, "x");
  EXPECT_EQ(parse_parameterized("text / html").value, "text/html");
}

TEST(MimeFields, ExtendedParametersOfTheRfc) {  // RFC 2231 sections 3, 4 and 4.1
  EXPECT_EQ(parse_parameterized("message/external-body; access-type=URL; URL*0=\"ftp://\"; "
                                "URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"")
                .text_of("url"),
            "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar");
  EXPECT_EQ(
      parse_parameterized("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A")
          .text_of("title"),
      "This is ***fun***");
  EXPECT_EQ(parse_parameterized("application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
                                "title*1*=%2A%2A%2Afun%2A%2A%2A%20; "
                                "title*2=\"isn't it!\"")
                .text_of("title"),
            "This is even more ***fun*** isn't it!");
}

TEST(MimeFields, ExtendedParametersInAnyOrderWinAndStopAtAGap) {
  EXPECT_EQ(parse_parameterized("a/b; n*1=b; n*0=a; n=z").text_of("n"), "ab");
  EXPECT_EQ(parse_parameterized("a/b; n=z; n*=utf-8''%C3%A4").text_of("n"), "ä");
  EXPECT_EQ(parse_parameterized("a/b; n*0=a; n*2=c").text_of("n"), "a");
  EXPECT_EQ(parse_parameterized("a/b; n*=%41%zz%4").text_of("n"), "A%zz%4");
}

TEST(MimeFields, ParametersAreBounded) {
  std::string value = "a/b";
  for (int i = 0; i < 10000; ++i) value += "; p" + std::to_string(i) + "=v";
  EXPECT_EQ(parse_parameterized(value).parameters.size(), kMaxParameters);
}

TEST(MimeFields, PlainAddressLists) {
  EXPECT_EQ(
      parse_addresses("Ann Example <ann@example.test>, bob@example.test, \"Doe, Jane\" <jane@x.test>"),
      (std::vector<Mailbox>{
          {"Ann Example", "ann@example.test"}, {"", "bob@example.test"}, {"Doe, Jane", "jane@x.test"}}));
  EXPECT_EQ(parse_addresses("=?utf-8?q?J=C3=B6rg=2C?= <j@x.test>"),
            (std::vector<Mailbox>{{"Jörg,", "j@x.test"}}));
  EXPECT_EQ(parse_addresses("\"a b\"@c.test, a@[127.0.0.1]"),
            (std::vector<Mailbox>{{"", "\"a b\"@c.test"}, {"", "a@[127.0.0.1]"}}));
  EXPECT_EQ(parse_addresses("\"Ann \\\"A\\\" B\" <a@b.c>"), (std::vector<Mailbox>{{"Ann \"A\" B", "a@b.c"}}));
  EXPECT_EQ(parse_addresses("<@a.test,@b.test:joe@c.test>"), (std::vector<Mailbox>{{"", "joe@c.test"}}));
  EXPECT_EQ(parse_addresses("j\xc3\xb6rg@\xc3\xbc.test"), (std::vector<Mailbox>{{"", "jörg@ü.test"}}));
}

TEST(MimeFields, AddressListsWithGroupsAndComments) {  // RFC 5322 appendix A.1.3
  EXPECT_EQ(
      parse_addresses("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
      (std::vector<Mailbox>{{"Ed Jones", "c@a.test"}, {"", "joe@where.test"}, {"John", "jdoe@one.test"}}));
  EXPECT_EQ(parse_addresses("undisclosed-recipients:;"), std::vector<Mailbox>{});
  const auto commented = parse_addresses("bob@example.test (Bob), ann@example.test");
  ASSERT_EQ(commented.size(), 2u);
  EXPECT_EQ(commented[0].address, "bob@example.test");
  EXPECT_EQ(commented[1].address, "ann@example.test");
}

TEST(MimeFields, WhatIsNoAddressIsLeftOut) {
  for (const char* value :
       {"", ",", "ann", "<>", "@x.test", "ann@", "<ann@example.test> trailing@x", "a@b@c", "a\x01@b.test"}) {
    for (const Mailbox& mailbox : parse_addresses(value)) {
      EXPECT_EQ(std::count(mailbox.address.begin(), mailbox.address.end(), '@'), 1) << value;
    }
  }
  EXPECT_EQ(parse_addresses("ann, bob@x.test").back().address, "bob@x.test");
}

TEST(MimeFields, AddressListsAreBounded) {
  std::string value;
  for (int i = 0; i < 5000; ++i) value += "a" + std::to_string(i) + "@b.test,";
  EXPECT_EQ(parse_addresses(value).size(), 1000u);
  EXPECT_EQ(parse_addresses(std::string(100000, '(') + value).size(), 0u);
}

TEST(MimeFields, DatesOfTheRfc) {  // RFC 5322 appendix A
  const auto at = [](std::string_view text) { return to_rfc3339(*parse_date(text)); };
  EXPECT_EQ(at("Fri, 21 Nov 1997 09:55:06 -0600"), "1997-11-21T15:55:06.000Z");
  EXPECT_EQ(at("Tue, 1 Jul 2003 10:52:37 +0200"), "2003-07-01T08:52:37.000Z");
  EXPECT_EQ(at("Thu, 13 Feb 1969 23:32 -0330"), "1969-02-14T03:02:00.000Z");
  EXPECT_EQ(at("Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 "
               "(Newfoundland Time)"),
            "1969-02-14T03:02:00.000Z");
  EXPECT_EQ(at("21 Nov 97 09:55:06 GMT"), "1997-11-21T09:55:06.000Z");
  EXPECT_EQ(at("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600"), "1997-11-21T15:55:06.000Z");
}

TEST(MimeFields, ObsoleteZones) {  // RFC 5322 section 4.3
  const auto hour = [](const std::string& zone) {
    return to_rfc3339(*parse_date("1 Jan 2026 00:00:00 " + zone)).substr(11, 2);
  };
  EXPECT_EQ(hour("EDT") + hour("EST") + hour("CDT") + hour("CST") + hour("MDT") + hour("MST") + hour("PDT") +
                hour("PST"),
            "0405050606070708");
  EXPECT_EQ(hour("UT") + hour("GMT") + hour("Z") + hour("XYZ"), "00000000");
}

TEST(MimeFields, WhatIsNoDateIsInvalid) {
  for (const char* text :
       {"", "yesterday", "32 Jan 2026 00:00 +0000", "1 Foo 2026 00:00 +0000", "30 Feb 2026 00:00 +0000",
        "1 Jan 2026", "1 Jan 2026 24:00 +0000", "1 Jan 2026 00:60 +0000", "1 Jan 2026 00:00 +00",
        "1 Jan 2026 00:00", "1 Jan -206 00:00 Z"}) {
    EXPECT_FALSE(parse_date(text).ok()) << text;
    EXPECT_TRUE(parse_date(text).ok() || parse_date(text).error().kind == Errc::invalid);
  }
}

TEST(MimeFields, MessageIds) {
  EXPECT_EQ(parse_message_id(" <a@b> (c)"), "a@b");
  EXPECT_EQ(parse_message_id("a@b"), "a@b");
  EXPECT_EQ(parse_message_ids("<a@b>\t<c@d> x <e@f>"), (std::vector<std::string>{"a@b", "c@d", "e@f"}));
  EXPECT_EQ(parse_message_ids("<a@b> <c@d", 5).size(), 1u);
}

TEST(MimeFields, EncodingsAreOneToken) {
  EXPECT_EQ(parse_encoding(" Base64 (c)"), "base64");
  EXPECT_EQ(parse_encoding(""), "7bit");
  EXPECT_EQ(parse_encoding("a=b"), "7bit");
}

TEST(MimeCharset, CommonCharsetsBecomeUtf8) {
  EXPECT_EQ(to_utf8("\xe4\x80", "ISO-8859-1"), "ä€");
  EXPECT_EQ(to_utf8("\xa4", "iso-8859-15"), "€");
  EXPECT_EQ(to_utf8("\xf0\xd2\xc9\xd7\xc5\xd4", "koi8-r"), "Привет");
  EXPECT_EQ(to_utf8("\x1b$B%F%9%H\x1b(B", "ISO-2022-JP"), "テスト");
  EXPECT_EQ(to_utf8("\x83\x65\x83\x58\x83\x67", "shift_jis"), "テスト");
  EXPECT_EQ(to_utf8("\xc4\xe3\xba\xc3", "gb2312"), "你好");
  EXPECT_EQ(to_utf8("\xbe\xc8\xb3\xe7", "ks_c_5601-1987"), "안녕");
  EXPECT_EQ(to_utf8("+AOQ-", "utf-7"), "ä");
}

TEST(MimeCharset, WrongBytesBecomeReplacementCharacters) {
  EXPECT_EQ(to_utf8("a\xff" "b", "utf-8"), "a\xEF\xBF\xBD" "b");
  EXPECT_EQ(to_utf8("\xc3", "utf-8"), "\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8("\xed\xa0\x80", "utf-8"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8("a\u009bb\u0080\u009f\u00a0", "utf-8"), "a b  \u00a0");  // C1
  EXPECT_EQ(clean_text("a\u009bb"), "a b");
  EXPECT_EQ(clean_text("\xEF\xBB\xBF\xEF\xBB\xBFx"), "x");
  EXPECT_EQ(to_utf8("a\x83", "shift_jis"), "a\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8("\x81", "windows-1252"), "\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8("\xEF\xBF\xBF", "utf-8"), "\xEF\xBF\xBD");
}

TEST(MimeCharset, UnknownLabelIsUtf8OrWindows1252) {
  EXPECT_EQ(to_utf8("ä", "x-no-such"), "ä");
  EXPECT_EQ(to_utf8("\xe4", "us-ascii"), "ä");
}

TEST(MimeTransfer, QuotedPrintableOfTheRfc) {  // RFC 2045 section 6.7
  EXPECT_EQ(
      decode_quoted_printable("Now's the time =\r\nfor all folk to come=\r\n to the aid of their country."),
      "Now's the time for all folk to come to the aid of their country.");
  EXPECT_EQ(decode_quoted_printable("a=3Db=C3=A4 \t\r\nc=\r\n"), "a=b\xc3\xa4\r\nc");
  EXPECT_EQ(decode_quoted_printable("a=b=zz=\n="), "a=b=zz");
}

TEST(MimeTransfer, QuotedPrintableLinesAreShortAndComeBack) {
  const std::string text =
      std::string(200, 'a') + " \r\n" + std::string(50, '=') + "\r\ntrailing\t\r\n\xc3\xa4 end";
  const std::string encoded = encode_quoted_printable(text);
  for (std::size_t begin = 0; begin < encoded.size();) {
    const std::size_t end = std::min(encoded.find("\r\n", begin), encoded.size());
    EXPECT_LE(end - begin, 76u);
    begin = end + 2;
  }
  EXPECT_EQ(decode_quoted_printable(encoded), text);
}

TEST(MimeTransfer, Base64SkipsWhatIsNoneOfIt) {
  EXPECT_EQ(decode_base64("aGVs\r\nbG8 *=="), "hello");
  EXPECT_EQ(decode_base64("aGVsbG8"), "hello");
  EXPECT_EQ(decode_base64("aGVsbG8=junk"), "hello");
  EXPECT_EQ(encode_base64_lines(std::string(60, 'a')).find("\r\n"), 76u);
}

}  // namespace
}  // namespace telepost::transcoders::mime
