// A key pair on the curve P-256 (FIPS 186-5), over OpenSSL: what web push agrees on secrets with and signs by.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/sha256.h"

struct evp_pkey_st;

namespace telepost::adapters::jmap {

inline constexpr std::size_t kP256PublicBytes = 65;  // uncompressed (SEC 1 section 2.3.3)

class P256Key {
 public:
  // invalid: a secret that is no number of the curve, which of random ones is one in 2^32.
  static Result<P256Key> from_secret(const Digest& secret);
  static P256Key make(Random& random);

  const std::string& public_key() const { return public_key_; }  // kP256PublicBytes
  // ECDH: the 32 bytes that both sides know. invalid: the other's key is no point of the curve.
  Result<std::string> shared_secret(std::string_view public_key) const;
  std::string sign(std::string_view text) const;  // ES256 (RFC 7518 section 3.4): r and s, 64 bytes

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Key = std::unique_ptr<evp_pkey_st, Free>;
  P256Key(Key key, std::string public_key) : key_(std::move(key)), public_key_(std::move(public_key)) {}
  static Key key_from(std::string_view secret, std::string_view public_key);  // "": a public key alone

  Key key_;
  std::string public_key_;
};

// Whether it is a point of the curve, as kP256PublicBytes.
bool is_p256_public_key(std::string_view public_key);

}  // namespace telepost::adapters::jmap
