// The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): messages in, messages out. No sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/scram_keys.h"

namespace telepost::adapters::net {

// What a name can log in by: every app password of the account, under one salt. A name that nobody has gets the same from a
// secret, so that the dialogue does not tell.
struct ScramCredentials {
  std::string salt;
  std::uint32_t iterations = kScramIterations;
  std::vector<ScramKeys> keys;
};

// One log-in. Errors of the take_ verbs: invalid (breaks the grammar), denied (a wrong proof or binding), unsupported.
class ScramServer {
 public:
  enum class Plus : unsigned char {
    not_offered,
    offered,  // the client chose the mechanism without PLUS where there was one with it
    chosen,
  };
  explicit ScramServer(Plus plus) : plus_(plus) {}

  // client-first-message. Afterwards name(), and for PLUS the binding that the client wants.
  Result<void> take_first(std::string_view message);
  const std::string& name() const { return name_; }
  const std::string& authorization() const { return authorization_; }  // authzid, "" where none was given
  const std::string& binding_type() const { return binding_type_; }    // "tls-exporter"; "" without PLUS

  // server-first-message; `nonce` is our part: printable, without comma.
  std::string first(const ScramCredentials& credentials, std::string_view nonce);
  // client-final-message. `binding`: the bytes of binding_type() on this connection. Gives which of the keys was proved.
  Result<std::size_t> take_final(std::string_view message, const ScramCredentials& credentials,
                                 const std::optional<std::string>& binding);
  // server-final-message: the keys' holder proves itself.
  std::string final(const ScramKeys& keys) const;

 private:
  Result<void> take_header(std::string_view& rest);

  const Plus plus_;
  std::string header_;      // gs2-header
  std::string first_bare_;
  std::string name_;
  std::string authorization_;
  std::string binding_type_;
  std::string nonce_;       // the client's, then both
  std::string auth_message_;
};

}  // namespace telepost::adapters::net
