// What servers say in XML, as the Amazon S3 API reference shows it under ListObjectsV2 and "Error responses".
#include <gtest/gtest.h>

#include "adapters/s3/codec.h"

namespace telepost::adapters::s3 {
namespace {

TEST(S3Codec, ReadsAPageAndItsToken) {
  const auto page = read_list_page(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name><Prefix>a/</Prefix>"
      "<NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys>"
      "<IsTruncated>true</IsTruncated>"
      "<Contents><Key>a/one</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><ETag>\"fba9\"</ETag><Size>434234</Size>"
      "<StorageClass>STANDARD</StorageClass></Contents>"
      "<Contents><Key>a/t&amp;o</Key><Owner><ID>8a</ID><DisplayName>me</DisplayName></Owner><Size>0</Size></Contents></ListBucketResult>");
  ASSERT_TRUE(page.ok()) << to_string(page.error());
  EXPECT_EQ(*page, (ListPage{{{"a/one", 434234}, {"a/t&o", 0}}, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="}));
}

TEST(S3Codec, TheLastPageHasNoTokenWhateverStandsThere) {
  const auto page = read_list_page(
      "<ListBucketResult><NextContinuationToken>x</NextContinuationToken><IsTruncated>false</IsTruncated></ListBucketResult>");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(*page, ListPage{});
}

TEST(S3Codec, WhatIsNoListIsInvalid) {
  for (const char* bad : {"", "{}", "<html><body>proxy error</body></html>", "<ListBucketResult><Contents><Key>a</Key><Size>1x</Size></Contents></ListBucketResult>",
                          "<!DOCTYPE a [<!ENTITY e \"x\">]><ListBucketResult>&e;</ListBucketResult>"}) {
    EXPECT_FALSE(read_list_page(bad).ok()) << bad;
  }
}

TEST(S3Codec, ReadsTheCodeOfAnError) {
  EXPECT_EQ(error_code_of("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NoSuchKey</Code><Message>The resource you requested does not "
                          "exist</Message><Resource>/mybucket/myfoto.jpg</Resource><RequestId>4442587FB7D0A2F9</RequestId></Error>"),
            "NoSuchKey");
  EXPECT_EQ(error_code_of("<html/>"), "");
  EXPECT_EQ(error_code_of("Service Unavailable"), "");
}

TEST(S3Codec, EndsAListThatLeadsNowhere) {
  std::string last;
  EXPECT_TRUE(leads_on({{{"a/1", 1}, {"a/2", 1}}, "token1"}, last));
  EXPECT_TRUE(leads_on({{{"a/2", 1}, {"a/3", 1}}, "token2"}, last));
  EXPECT_FALSE(leads_on({{{"a/1", 1}, {"a/3", 1}}, "token3"}, last));  // another token, and nothing new
  EXPECT_FALSE(leads_on({{}, "token4"}, last));
  EXPECT_EQ(last, "a/3");
}

}  // namespace
}  // namespace telepost::adapters::s3
