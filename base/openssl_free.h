// Owning what OpenSSL makes: std::unique_ptr<EVP_CIPHER_CTX, OpenSslFree<EVP_CIPHER_CTX_free>>. Includes nothing of OpenSSL itself.
#pragma once

namespace telepost {

template <auto Free>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const { Free(object); }
};

}  // namespace telepost
