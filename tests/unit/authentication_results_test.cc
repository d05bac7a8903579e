#include "adapters/smtp/authentication/authentication_results.h"

#include <gtest/gtest.h>

namespace telepost::adapters::smtp::authentication {
namespace {

// RFC 8601 appendix B has the form.
TEST(AuthenticationResults, WritesEachMethodWithItsProperties) {
  EXPECT_EQ(authentication_results("mx.example.test",
                                   {{"spf", "pass", "", {{"smtp.mailfrom", "sue@sender.test"}}},
                                    {"dkim", "fail", "the body is not what was signed", {{"header.d", "sender.test"}, {"header.i", "@sender.test"}}}},
                                   0),
            "Authentication-Results: mx.example.test;\r\n"
            "\tspf=pass smtp.mailfrom=sue@sender.test;\r\n"
            "\tdkim=fail (the body is not what was signed) header.d=sender.test\r\n"
            "\t header.i=@sender.test\r\n");
  EXPECT_EQ(authentication_results("mx.example.test", {}, 0), "Authentication-Results: mx.example.test; none\r\n");
}

TEST(AuthenticationResults, TellsHowManyForgedOnesWereRemoved) {
  EXPECT_EQ(authentication_results("mx", {}, 2), "Authentication-Results: mx (2 fields of this name that claimed to be ours removed); none\r\n");
}

// What a peer wrote can end neither the value nor the line.
TEST(AuthenticationResults, LetsNoPeerWriteIntoTheField) {
  const std::string field = authentication_results(
      "mx", {{"spf", "none", "a) \\ (b\r\nX: y", {{"smtp.mailfrom", "\"x; dkim=pass\"\r\nX: y@a.test"}, {"smtp.helo", std::string(5000, 'a')}}}}, 0);
  EXPECT_EQ(field.substr(0, 400).find("\r\nX:"), std::string::npos) << field;
  EXPECT_NE(field.find("spf=none (a' ' 'bX: y)"), std::string::npos) << field;
  EXPECT_NE(field.find("smtp.mailfrom=\"\\\"x; dkim=pass\\\"X: y@a.test\""), std::string::npos) << field;
  EXPECT_LT(field.size(), 1000U);
}

// RFC 8601 section 5: whatever its spelling.
TEST(AuthenticationResults, KnowsAFieldThatClaimsToBeOurs) {
  for (const char* const value :
       {" mx.example.test; spf=pass", "MX.Example.TEST;none", " mx.example.test 1; none", "\r\n\tmx.example.test\r\n\t; none",
        " (a (nested) comment) mx.example.test; none", " \"mx.example.test\"; none", " \"mx.ex\\ample.test\"; none", " mx.example.test",
        " mx.example.test(comment); none", " (unclosed mx.example.test; none", " \"unclosed mx.example.test; none", " ; mx.example.test"}) {
    EXPECT_TRUE(claims_to_be_ours(value, "mx.example.test")) << value;
  }
  for (const char* const value : {" mx.example.org; spf=pass smtp.helo=mx.example.test", " a.mx.example.test; none", " mx.example.testing; none",
                                  " (mx.example.test) other.test; none", ""}) {
    EXPECT_FALSE(claims_to_be_ours(value, "mx.example.test")) << value;
  }
}

TEST(AuthenticationResults, FindsDmarcAmongTheResults) {
  EXPECT_TRUE(reports_dmarc_pass(" i=1; lists.test; spf=fail smtp.mailfrom=a.test;\r\n dmarc = pass (p=none) header.from=a.test"));
  EXPECT_TRUE(reports_dmarc_pass("x; DMARC=PASS"));
  EXPECT_FALSE(reports_dmarc_pass("x; dmarc=fail; spf=pass"));
  EXPECT_FALSE(reports_dmarc_pass("x; spf=fail (; dmarc=pass)"));
  EXPECT_FALSE(reports_dmarc_pass("x; dmarc=passed"));
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
