// The keys that sign for our domains (RFC 6376 section 5), from the files that the configuration names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/smtp/authentication/dkim_crypto.h"
#include "schema/configuration.h"

namespace telepost::adapters::smtp::authentication {

struct SigningKey {
  std::string domain;    // d=
  std::string selector;  // s=
  PrivateKey key;
};

// Any thread.
class SigningKeys {
 public:
  SigningKeys() = default;
  explicit SigningKeys(std::vector<SigningKey> keys) : keys_(std::move(keys)) {}
  // Errors name the file: not_found, invalid (no key that can sign).
  static Result<SigningKeys> load(const std::vector<schema::DkimKey>& configured);

  // Those of the domain, else those of the nearest domain above it: relaxed alignment (RFC 7489 section 3.1.1) accepts these.
  std::vector<const SigningKey*> of(std::string_view domain) const;
  const std::vector<SigningKey>& all() const { return keys_; }

 private:
  std::vector<SigningKey> keys_;
};

// What to publish at "SELECTOR._domainkey.DOMAIN": "v=DKIM1; k=rsa; p=…".
std::string key_record_of(const SigningKey& key);

}  // namespace telepost::adapters::smtp::authentication
