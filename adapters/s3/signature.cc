#include "adapters/s3/signature.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hmac.h"
#include "base/sha256.h"

namespace telepost::adapters::s3 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string signed_headers(const Signable& request) {
  std::string names;
  for (const auto& [name, value] : request.headers) names.append(names.empty() ? "" : ";").append(name);
  return names;
}

std::string canonical_request(const Signable& request) {
  std::string text = request.method + "\n" + uri_encode(request.path, Slash::stays) + "\n" + canonical_query(request.query) + "\n";
  for (const auto& [name, value] : request.headers) text.append(name).append(":").append(trim(value)).append("\n");
  return text + "\n" + signed_headers(request) + "\n" + request.payload_sha256;
}

std::string scope_of(const Credentials& credentials, const std::string& date) {
  return date.substr(0, 8) + "/" + credentials.region + "/s3/aws4_request";
}

Digest signing_key(const Credentials& credentials, const std::string& date) {
  Digest key = hmac_sha256("AWS4" + credentials.secret_key, date.substr(0, 8));
  for (const std::string_view part : {std::string_view(credentials.region), std::string_view("s3"), std::string_view("aws4_request")}) {
    key = hmac_sha256(key.view(), part);
  }
  return key;
}

}  // namespace

// "2013-05-24T00:00:00.000Z" without its punctuation and milliseconds.
std::string amz_date(Time time) {
  std::string date = to_rfc3339(time).substr(0, 19);
  std::erase_if(date, [](char c) { return c == '-' || c == ':'; });
  return date + "Z";
}

std::string uri_encode(std::string_view text, Slash slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && slash == Slash::stays)) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.append("%").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
  }
  return encoded;
}

std::string canonical_query(std::vector<std::pair<std::string, std::string>> query) {
  for (auto& [name, value] : query) {
    name = uri_encode(name, Slash::encoded);
    value = uri_encode(value, Slash::encoded);
  }
  std::sort(query.begin(), query.end());
  std::string text;
  for (const auto& [name, value] : query) text.append(text.empty() ? "" : "&").append(name).append("=").append(value);
  return text;
}

std::string authorization(const Signable& request, const Credentials& credentials, Time time) {
  const std::string date = amz_date(time);
  const std::string scope = scope_of(credentials, date);
  const std::string to_sign =
      std::string(kAlgorithm) + "\n" + date + "\n" + scope + "\n" + to_hex(sha256(canonical_request(request)));
  return std::string(kAlgorithm) + " Credential=" + credentials.access_key + "/" + scope + ",SignedHeaders=" + signed_headers(request) +
         ",Signature=" + to_hex(hmac_sha256(signing_key(credentials, date).view(), to_sign));
}

}  // namespace telepost::adapters::s3
