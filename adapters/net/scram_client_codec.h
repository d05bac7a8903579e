// SCRAM-SHA-256 as a client (RFC 5802, 7677), without channel binding. Messages as they are before base64. No sockets.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"

namespace telepost::adapters::net {

class ScramClient {
 public:
  // The password is taken as it is: SASLprep (RFC 4013) changes no ASCII. `nonce`: random bytes.
  ScramClient(std::string_view user, std::string password, std::string_view nonce);

  std::string first() const;  // client-first-message
  // To the server-first-message. invalid: it breaks its grammar; denied: a nonce that is not ours, or too few iterations.
  Result<std::string> answer(std::string_view challenge);
  // The server-final-message. denied: the server does not know the password.
  Result<void> check(std::string_view server_final) const;

 private:
  const std::string password_;
  const std::string nonce_;
  const std::string first_bare_;
  Digest server_signature_{};
};

}  // namespace telepost::adapters::net
