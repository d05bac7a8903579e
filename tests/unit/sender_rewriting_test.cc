#include <gtest/gtest.h>

#include "adapters/smtp/sender/rewriting.h"

namespace telepost::adapters::smtp::sender {
namespace {

TEST(SenderRewriting, EightBitTextBecomesQuotedPrintable) {
  EXPECT_EQ(*rewrite_for_old_peer("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                                  "gr\xc3\xbc\xc3\x9f" "e\r\n"),
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            "gr=C3=BC=C3=9Fe\r\n");
}

// RFC 1428.
TEST(SenderRewriting, BareEightBitTextGetsTheHeaderThatSaysSo) {
  EXPECT_EQ(*rewrite_for_old_peer("Subject: x\r\n\r\n\xfc\r\n"),
            "Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
            "MIME-Version: 1.0\r\n\r\n=FC\r\n");
}

TEST(SenderRewriting, OnlyThePartsThatNeedItChange) {
  EXPECT_EQ(*rewrite_for_old_peer("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\ncontent-transfer-encoding:\r\n 8bit\r\n\r\n"
                                  "--b\r\n\r\nplain = \r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                                  "\xff\n\r\n--b--\r\n"),
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
            "--b\r\n\r\nplain = \r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "/wo=\r\n\r\n--b--\r\n");
}

TEST(SenderRewriting, LongLinesAreEncodedToo) {
  const auto rewritten = rewrite_for_old_peer("MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + std::string(1200, 'x') + "\r\n");
  ASSERT_TRUE(rewritten.ok());
  EXPECT_NE(rewritten->find("quoted-printable"), std::string::npos);
  EXPECT_NE(rewritten->find("x=\r\nx"), std::string::npos);
}

TEST(SenderRewriting, WhatCannotBeNamedOrMayNotChangeIsLeft) {
  const std::string_view messages[] = {
      "Subject: gr\xc3\xbc\r\n\r\nx\r\n",                                                        // a header
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n\xfc\r\n--b\r\n\r\n\xfc\r\n--b--\r\n",     // a preamble
      "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n\xfc\r\n",            // not as it says
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xfc\r\n--b\r\n\r\nsignature\r\n--b--\r\n"};
  for (const std::string_view message : messages) EXPECT_EQ(rewrite_for_old_peer(message).error().kind, Errc::unsupported) << message;
}

}  // namespace
}  // namespace telepost::adapters::smtp::sender
