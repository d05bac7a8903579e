#include "adapters/net/scram_client_codec.h"

#include <charconv>

#include "base/bytes.h"
#include "base/hmac.h"

namespace telepost::adapters::net {
namespace {

constexpr std::uint32_t kLeastIterations = 4096;      // RFC 7677 section 4
constexpr std::uint32_t kMostIterations = 1'000'000;  // about half a second: a server may not keep us busy

// RFC 5802 section 5.1: "=" and "," in a user's name.
std::string escaped(std::string_view user) {
  std::string out;
  for (const char c : user) {
    if (c == '=') out += "=3D";
    else if (c == ',') out += "=2C";
    else out += c;
  }
  return out;
}

// Takes "r=…," from the front.
Result<std::string_view> attribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return {Errc::invalid, "the server breaks off SCRAM"};
  const std::size_t end = std::min(rest.find(','), rest.size());
  const std::string_view value = rest.substr(2, end - 2);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return value;
}

}  // namespace

ScramClient::ScramClient(std::string_view user, std::string password, std::string_view nonce)
    : password_(std::move(password)), nonce_(to_base64(nonce)), first_bare_("n=" + escaped(user) + ",r=" + nonce_) {}

std::string ScramClient::first() const { return "n,," + first_bare_; }

Result<std::string> ScramClient::answer(std::string_view challenge) {
  std::string_view rest = challenge;
  TELEPOST_ASSIGN(const std::string_view nonce, attribute(rest, 'r'));
  TELEPOST_ASSIGN(const std::string_view salt_text, attribute(rest, 's'));
  TELEPOST_ASSIGN(const std::string_view count, attribute(rest, 'i'));
  TELEPOST_ASSIGN(const std::string salt, from_base64(salt_text));
  std::uint32_t iterations = 0;
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), iterations);
  if (error != std::errc() || end != count.data() + count.size()) return {Errc::invalid, "SCRAM without iterations"};
  if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size()) return {Errc::denied, "SCRAM with a nonce that is not ours"};
  if (iterations < kLeastIterations || iterations > kMostIterations) {
    return {Errc::denied, "SCRAM with " + std::to_string(iterations) + " iterations"};
  }
  const Digest salted = pbkdf2_sha256(password_, salt, iterations);
  const Digest client_key = hmac_sha256(salted.view(), "Client Key");
  const std::string without_proof = "c=biws,r=" + std::string(nonce);
  const std::string signed_text = first_bare_ + "," + std::string(challenge) + "," + without_proof;
  Digest proof = hmac_sha256(sha256(client_key.view()).view(), signed_text);
  for (std::size_t i = 0; i < proof.bytes.size(); ++i) proof.bytes[i] = static_cast<char>(proof.bytes[i] ^ client_key.bytes[i]);
  server_signature_ = hmac_sha256(hmac_sha256(salted.view(), "Server Key").view(), signed_text);
  return without_proof + ",p=" + to_base64(proof.view());
}

Result<void> ScramClient::check(std::string_view server_final) const {
  TELEPOST_ASSIGN(const std::string_view value, attribute(server_final, 'v'));
  TELEPOST_ASSIGN(const std::string signature, from_base64(value));
  if (!equal_in_constant_time(signature, server_signature_.view())) return {Errc::denied, "the server does not know the password"};
  return {};
}

}  // namespace telepost::adapters::net
