#include "adapters/jmap/vapid_codec.h"

#include "adapters/jmap/json_codec.h"
#include "base/radix64url.h"

namespace telepost::adapters::jmap {

std::string vapid_authorization(const P256Key& key, std::string_view origin, std::string_view contact, Time now) {
  const auto expires = std::chrono::floor<std::chrono::seconds>(now + kVapidHolds).time_since_epoch().count();
  Json claims = {{"aud", origin}, {"exp", expires}};
  if (!contact.empty()) claims["sub"] = contact;
  const std::string token = to_base64url(to_text({{"typ", "JWT"}, {"alg", "ES256"}})) + "." + to_base64url(to_text(claims));
  return "vapid t=" + token + "." + to_base64url(key.sign(token)) + ", k=" + to_base64url(key.public_key());
}

}  // namespace telepost::adapters::jmap
