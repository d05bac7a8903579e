#include "base/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"

namespace telepost {
namespace {

const unsigned char* octets_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

Digest hmac_sha256(std::string_view key, std::string_view text) {
  Digest digest;
  unsigned int size = 0;
  const unsigned char* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets_of(text), text.size(),
                                   reinterpret_cast<unsigned char*>(digest.bytes.data()), &size);
  TELEPOST_ASSERT(made != nullptr && size == digest.bytes.size());
  return digest;
}

Digest pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  Digest digest;
  const int made = PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets_of(salt), static_cast<int>(salt.size()),
                                     static_cast<int>(iterations), EVP_sha256(), static_cast<int>(digest.bytes.size()),
                                     reinterpret_cast<unsigned char*>(digest.bytes.data()));
  TELEPOST_ASSERT(made == 1);
  return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace telepost
