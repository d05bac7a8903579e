#include "base/scram_keys.h"

#include "base/hmac.h"

namespace telepost {

ScramKeys scram_keys(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  const Digest salted = pbkdf2_sha256(password, salt, iterations);
  return {sha256(hmac_sha256(salted.view(), "Client Key").view()), hmac_sha256(salted.view(), "Server Key")};
}

}  // namespace telepost
