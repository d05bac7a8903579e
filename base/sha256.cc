#include "base/sha256.h"

#include <openssl/evp.h>

#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"

namespace telepost {
namespace {

// Fetched once: EVP_sha256() would look the provider up at every initialisation.
const EVP_MD* algorithm() {
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kSha256;
}

}  // namespace

std::string to_hex(const Digest& digest) { return to_hex(digest.view()); }

Result<Digest> digest_from_hex(std::string_view hex) {
  TELEPOST_ASSIGN(const std::string bytes, from_hex(hex));
  if (bytes.size() != 32) return {Errc::invalid, "a SHA-256 digest has 64 hex letters"};
  return digest_from_bytes(bytes);
}

Digest digest_from_bytes(std::string_view bytes) {
  TELEPOST_ASSERT(bytes.size() == 32);
  Digest digest;
  std::memcpy(digest.bytes.data(), bytes.data(), 32);
  return digest;
}

Digest sha256(std::string_view bytes) {
  thread_local Sha256 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  TELEPOST_ASSERT(context_ != nullptr && EVP_DigestInit_ex2(context_, algorithm(), nullptr) == 1);
}
Sha256::~Sha256() { EVP_MD_CTX_free(context_); }
Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
Sha256& Sha256::operator=(Sha256&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}
void Sha256::update(std::string_view bytes) {
  TELEPOST_ASSERT(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
}
Digest Sha256::finish() {
  Digest digest;
  TELEPOST_ASSERT(EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(digest.bytes.data()), nullptr) == 1);
  TELEPOST_ASSERT(EVP_DigestInit_ex2(context_, nullptr, nullptr) == 1);
  return digest;
}

}  // namespace telepost
