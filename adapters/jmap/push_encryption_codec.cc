#include "adapters/jmap/push_encryption_codec.h"

#include <openssl/evp.h>

#include <memory>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/hmac.h"
#include "base/openssl_free.h"

namespace telepost::adapters::jmap {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kCodedTagBytes = 16;
constexpr char kLastRecord = '\x02';  // RFC 8188 section 2: what follows the last record's text

// HKDF (RFC 5869) whose output is 32 bytes at most, so that it takes one round.
std::string derive(std::string_view salt, std::string_view material, std::string_view what, std::size_t size_bytes) {
  const Digest key = hmac_sha256(salt, material);
  return std::string(hmac_sha256(key.view(), std::string(what) + '\x01').view().substr(0, size_bytes));
}

std::string encrypt_aes128gcm(std::string_view key, std::string_view nonce, std::string_view text) {
  const auto octets = [](const char* bytes) { return reinterpret_cast<const unsigned char*>(bytes); };
  const std::unique_ptr<EVP_CIPHER_CTX, OpenSslFree<EVP_CIPHER_CTX_free>> cipher(EVP_CIPHER_CTX_new());
  std::string coded(text.size() + kCodedTagBytes, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(coded.data());
  int size = 0;
  bool ok = cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, octets(key.data()), octets(nonce.data())) == 1;
  ok = ok && EVP_EncryptUpdate(cipher.get(), out, &size, octets(text.data()), static_cast<int>(text.size())) == 1;
  ok = ok && EVP_EncryptFinal_ex(cipher.get(), out + text.size(), &size) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kCodedTagBytes, coded.data() + text.size()) == 1;
  TELEPOST_ASSERT(ok);
  return coded;
}

}  // namespace

Result<std::string> code_aes128gcm(std::string_view key_material, std::string_view salt, std::string_view key_id, std::string_view text) {
  TELEPOST_ASSERT(salt.size() == kPushSaltBytes && key_id.size() < 256);
  if (text.size() + 1 + kCodedTagBytes > kPushRecordBytes) return {Errc::too_large, "more than a record holds"};
  const std::string key = derive(salt, key_material, "Content-Encoding: aes128gcm\0"sv, 16);
  const std::string nonce = derive(salt, key_material, "Content-Encoding: nonce\0"sv, 12);  // of the first record as it is
  std::string coded(salt);
  ByteWriter(coded).u32(kPushRecordBytes).u8(static_cast<std::uint8_t>(key_id.size())).raw(key_id);
  return coded + encrypt_aes128gcm(key, nonce, std::string(text) + kLastRecord);
}

Result<std::string> encrypt_push(const PushKeys& keys, const P256Key& sender, std::string_view salt, std::string_view text) {
  if (text.size() > kMostPushText) return {Errc::too_large, "more than push services take"};
  TELEPOST_ASSIGN(const std::string shared, sender.shared_secret(keys.p256dh));
  const std::string both = std::string("WebPush: info\0"sv).append(keys.p256dh).append(sender.public_key());
  return code_aes128gcm(derive(keys.auth, shared, both, 32), salt, sender.public_key(), text);
}

}  // namespace telepost::adapters::jmap
