#include "base/one_time_password.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/assert.h"
#include "base/bytes.h"

namespace telepost {

std::string hotp(std::string_view secret, std::uint64_t counter) {
  std::string message;
  ByteWriter(message).u64(counter);
  std::array<unsigned char, 20> mac{};
  unsigned int size = 0;
  const unsigned char* made = HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
                                   reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &size);
  TELEPOST_ASSERT(made != nullptr && size == mac.size());
  const std::size_t offset = mac.back() & 0x0f;
  const std::uint32_t cut = ByteReader({reinterpret_cast<const char*>(mac.data()) + offset, 4}).u32() & 0x7fffffffu;
  const std::string digits = std::to_string(cut % 1'000'000);
  return std::string(kOneTimeDigits - digits.size(), '0') + digits;
}

std::uint64_t totp_step(Time time) {
  const std::int64_t millis = to_millis(time);
  return millis < 0 ? 0 : static_cast<std::uint64_t>(millis / kOneTimeStep.count());
}

}  // namespace telepost
