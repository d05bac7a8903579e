#include "base/sealed_box.h"

#include <openssl/evp.h>

#include <memory>

#include "base/assert.h"
#include "base/openssl_free.h"

namespace telepost {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, OpenSslFree<EVP_CIPHER_CTX_free>>;

unsigned char* bytes_of(char* text) { return reinterpret_cast<unsigned char*>(text); }
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
int length_of(std::string_view text) { return static_cast<int>(text.size()); }

}  // namespace

std::string seal(const Digest& key, std::string_view context, std::string_view bytes, Random& random) {
  std::string box = random.bytes(kNonceBytes);
  const std::string nonce = box;
  box.resize(kNonceBytes + bytes.size() + kTagBytes);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  bool ok = cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.view()), bytes_of(nonce)) == 1;
  ok = ok && EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes_of(context), length_of(context)) == 1;
  ok = ok && EVP_EncryptUpdate(cipher.get(), bytes_of(box.data() + kNonceBytes), &size, bytes_of(bytes), length_of(bytes)) == 1;
  ok = ok && EVP_EncryptFinal_ex(cipher.get(), bytes_of(box.data() + kNonceBytes + bytes.size()), &size) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, box.data() + kNonceBytes + bytes.size()) == 1;
  TELEPOST_ASSERT(ok);
  return box;
}

Result<std::string> open_sealed(const Digest& key, std::string_view context, std::string_view box) {
  const Error denied{Errc::denied, "the box does not open with this key"};
  if (box.size() < kNonceBytes + kTagBytes) return denied;
  const std::string_view sealed = box.substr(kNonceBytes, box.size() - kNonceBytes - kTagBytes);
  std::string tag(box.substr(box.size() - kTagBytes));
  std::string bytes(sealed.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  bool ok = cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.view()), bytes_of(box)) == 1;
  ok = ok && EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes_of(context), length_of(context)) == 1;
  ok = ok && EVP_DecryptUpdate(cipher.get(), bytes_of(bytes.data()), &size, bytes_of(sealed), length_of(sealed)) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1;
  ok = ok && EVP_DecryptFinal_ex(cipher.get(), bytes_of(bytes.data() + bytes.size()), &size) == 1;
  if (!ok) return denied;
  return bytes;
}

}  // namespace telepost
