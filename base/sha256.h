// SHA-256 (FIPS 180-4), over OpenSSL.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_md_ctx_st;

namespace telepost {

struct Digest {
  std::array<char, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  std::string_view view() const { return {bytes.data(), bytes.size()}; }
};

std::string to_hex(const Digest& digest);               // 64 lower-case letters
Result<Digest> digest_from_hex(std::string_view hex);   // invalid unless 64 hex letters
Digest digest_from_bytes(std::string_view bytes);       // precondition: 32 bytes

Digest sha256(std::string_view bytes);

// For bytes that come in pieces. One thread at a time; finish() makes it ready for the next message.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  Digest finish();

 private:
  evp_md_ctx_st* context_;
};

}  // namespace telepost

template <>
struct std::hash<telepost::Digest> {
  std::size_t operator()(const telepost::Digest& digest) const noexcept {
    return std::hash<std::string_view>{}(digest.view().substr(0, 8));
  }
};
