#include "adapters/jmap/blob_digest.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/assert.h"

namespace telepost::adapters::jmap {

const std::vector<std::string>& digest_algorithms() {
  static const std::vector<std::string> names = {"sha", "sha-256", "sha-512"};
  return names;
}

BlobDigest::BlobDigest(std::string_view algorithm) : context_(EVP_MD_CTX_new()) {
  const EVP_MD* const digest = algorithm == "sha" ? EVP_sha1() : algorithm == "sha-256" ? EVP_sha256() : EVP_sha512();
  TELEPOST_ASSERT(context_ != nullptr && EVP_DigestInit_ex(context_.get(), digest, nullptr) == 1);
}

void BlobDigest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

void BlobDigest::update(std::string_view bytes) { TELEPOST_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }

std::string BlobDigest::finish() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  TELEPOST_ASSERT(EVP_DigestFinal_ex(context_.get(), bytes, &size) == 1);
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace telepost::adapters::jmap
