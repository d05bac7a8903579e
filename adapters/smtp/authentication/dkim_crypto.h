// The two signature algorithms of DKIM, over OpenSSL: rsa-sha256 (RFC 8301) and ed25519-sha256 (RFC 8463). Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"

struct evp_pkey_st;

namespace telepost::adapters::smtp::authentication {

enum class Algorithm : std::uint8_t { rsa_sha256, ed25519_sha256 };
std::string_view name_of(Algorithm algorithm);  // "rsa-sha256", "ed25519-sha256"

inline constexpr int kLeastRsaBits = 1024;  // RFC 8301 section 3.2
inline constexpr int kMostRsaBits = 8192;   // larger ones cost more than a message is worth

class PublicKey {
 public:
  // RSA: a SubjectPublicKeyInfo, or an RSAPublicKey as RFC 6376 section 3.6.1 has it; Ed25519: 32 octets. invalid; refused:
  // an RSA key of a size that is not accepted.
  static Result<PublicKey> from(Algorithm algorithm, std::string_view octets);
  // Both algorithms sign the SHA-256 of the signed text.
  bool verifies(const Digest& signed_text, std::string_view signature) const;
  int bits() const;

 private:
  friend class PrivateKey;
  PublicKey(Algorithm algorithm, evp_pkey_st* key);
  Algorithm algorithm_;
  std::shared_ptr<evp_pkey_st> key_;
};

class PrivateKey {
 public:
  // PEM without a passphrase; the kind of key is the algorithm. invalid: neither RSA of at least 1024 bits nor Ed25519.
  static Result<PrivateKey> from_pem(std::string_view pem);
  Result<std::string> sign(const Digest& text) const;
  Algorithm algorithm() const { return algorithm_; }
  // What p= of the key record holds, before base64.
  std::string public_octets() const;

 private:
  PrivateKey(Algorithm algorithm, std::shared_ptr<evp_pkey_st> key) : algorithm_(algorithm), key_(std::move(key)) {}
  Algorithm algorithm_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace telepost::adapters::smtp::authentication
