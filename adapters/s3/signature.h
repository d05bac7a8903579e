// AWS Signature Version 4 in the Authorization header (Amazon S3 API reference, "Signature Calculations for the Authorization Header:
// Transferring Payload in a Single Chunk"). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace telepost::adapters::s3 {

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string region;
};

// What is signed of a request. All of its headers are.
struct Signable {
  std::string method;
  std::string path;                                        // from "/", not encoded
  std::vector<std::pair<std::string, std::string>> query;  // not encoded
  std::map<std::string, std::string> headers;              // names in lower case; host, x-amz-date, x-amz-content-sha256 …
  std::string payload_sha256;                              // in hexadecimal
};

// "20130524T000000Z", as x-amz-date has it.
std::string amz_date(Time time);
// Percent-encodes all but A-Z a-z 0-9 - . _ ~, and "/" too where it stands in a query.
enum class Slash : unsigned char { stays, encoded };
std::string uri_encode(std::string_view text, Slash slash);
// "a=1&b=2", encoded, in the order in which it is signed.
std::string canonical_query(std::vector<std::pair<std::string, std::string>> query);

// The value of Authorization. `time` is what x-amz-date says.
std::string authorization(const Signable& request, const Credentials& credentials, Time time);

}  // namespace telepost::adapters::s3
