// The examples of the Amazon S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in a Single
// Chunk (AWS Signature Version 4)".
#include <gtest/gtest.h>

#include "adapters/s3/signature.h"
#include "base/bytes.h"
#include "base/sha256.h"

namespace telepost::adapters::s3 {
namespace {

const Credentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"};

Time moment() { return *from_rfc3339("2013-05-24T00:00:00Z"); }

Signable request(const std::string& method, const std::string& path, std::string_view payload = {}) {
  Signable signable{method, path, {}, {}, to_hex(sha256(payload))};
  signable.headers = {{"host", "examplebucket.s3.amazonaws.com"},
                      {"x-amz-content-sha256", signable.payload_sha256},
                      {"x-amz-date", "20130524T000000Z"}};
  return signable;
}

std::string signature_of(const Signable& signable) {
  const std::string value = authorization(signable, kExample, moment());
  return value.substr(value.find("Signature=") + 10);
}

TEST(S3Signature, OfAGetWithARange) {
  Signable get = request("GET", "/test.txt");
  get.headers["range"] = "bytes=0-9";
  EXPECT_EQ(authorization(get, kExample, moment()),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3Signature, OfAPutWithAnEncodedKey) {
  Signable put = request("PUT", "/test$file.text", "Welcome to Amazon S3.");
  put.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  put.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  EXPECT_EQ(signature_of(put), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3Signature, OfAQueryWithoutAValue) {
  Signable lifecycle = request("GET", "/");
  lifecycle.query = {{"lifecycle", ""}};
  EXPECT_EQ(signature_of(lifecycle), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3Signature, OfAListWhoseQueryIsOrdered) {
  Signable list = request("GET", "/");
  list.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_EQ(signature_of(list), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Signature, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(uri_encode("/a b/~é", Slash::stays), "/a%20b/~%C3%A9");
  EXPECT_EQ(uri_encode("a/b", Slash::encoded), "a%2Fb");
  EXPECT_EQ(canonical_query({{"b", "1/2"}, {"a", ""}}), "a=&b=1%2F2");
  EXPECT_EQ(amz_date(*from_rfc3339("2026-11-21T09:08:07.999Z")), "20261121T090807Z");
}

}  // namespace
}  // namespace telepost::adapters::s3
