// A message of web push as only its device can read it: RFC 8291 over the content coding aes128gcm (RFC 8188).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/jmap/p256_key.h"
#include "base/result.h"

namespace telepost::adapters::jmap {

inline constexpr std::uint32_t kPushRecordBytes = 4096;  // one record, as RFC 8291 section 4 wants it
inline constexpr std::size_t kMostPushText = kPushRecordBytes - 17 - 21 - kP256PublicBytes;  // what push services take (RFC 8030 section 7.2)
inline constexpr std::size_t kPushSaltBytes = 16;
inline constexpr std::size_t kPushAuthBytes = 16;

// RFC 8188 section 2: the header, then the text as one record. Precondition: salt of kPushSaltBytes, key id under 256 bytes. too_large.
Result<std::string> code_aes128gcm(std::string_view key_material, std::string_view salt, std::string_view key_id, std::string_view text);

// What a device gave to be written to.
struct PushKeys {
  std::string p256dh;  // kP256PublicBytes
  std::string auth;    // kPushAuthBytes
};
// RFC 8291 section 3. The sender's key and the salt are of this message alone. Errors: invalid (the device's keys), too_large.
Result<std::string> encrypt_push(const PushKeys& keys, const P256Key& sender, std::string_view salt, std::string_view text);

}  // namespace telepost::adapters::jmap
