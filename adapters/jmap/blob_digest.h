// Digests of blobs, by the names of the registry of HTTP digest algorithms (RFC 9404 section 4.2).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_md_ctx_st;

namespace telepost::adapters::jmap {

const std::vector<std::string>& digest_algorithms();  // "sha", "sha-256", "sha-512"

// One thread at a time.
class BlobDigest {
 public:
  explicit BlobDigest(std::string_view algorithm);  // precondition: one of digest_algorithms()
  void update(std::string_view bytes);
  std::string finish();  // the bytes; called once

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace telepost::adapters::jmap
