#include "adapters/smtp/authentication/signing_keys.h"

#include <fstream>
#include <sstream>

#include "adapters/smtp/authentication/dns_answers.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {

Result<SigningKeys> SigningKeys::load(const std::vector<schema::DkimKey>& configured) {
  std::vector<SigningKey> keys;
  for (const schema::DkimKey& one : configured) {
    std::ifstream file(one.key_file, std::ios::binary);
    if (!file) return {Errc::not_found, one.key_file + " (the key of " + one.name + ") cannot be read"};
    std::ostringstream pem;
    pem << file.rdbuf();
    Result<PrivateKey> key = PrivateKey::from_pem(pem.str());
    if (!key.ok()) return {Errc::invalid, one.key_file + ": " + key.error().detail};
    keys.push_back({one.domain, one.selector, std::move(key).value()});
  }
  return SigningKeys(std::move(keys));
}

std::vector<const SigningKey*> SigningKeys::of(std::string_view domain) const {
  std::vector<const SigningKey*> found;
  const std::optional<std::string> name = dns_name(domain);
  for (std::string_view rest = name ? std::string_view(*name) : std::string_view(); !rest.empty() && found.empty();) {
    for (const SigningKey& key : keys_) {
      if (key.domain == rest) found.push_back(&key);
    }
    const std::size_t dot = rest.find('.');
    rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  }
  return found;
}

std::string key_record_of(const SigningKey& key) {
  const std::string_view kind = key.key.algorithm() == Algorithm::rsa_sha256 ? "rsa" : "ed25519";
  return std::string("v=DKIM1; k=").append(kind).append("; p=").append(to_base64(key.key.public_octets()));
}

}  // namespace telepost::adapters::smtp::authentication
