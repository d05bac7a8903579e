// SASL as a server speaks it (RFC 4422), whatever the protocol around it: PLAIN (RFC 4616), LOGIN (which clients still want),
// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS. Messages are bytes here: each protocol has its own base64. No sockets, no store.
//
//   SaslExchange exchange(mechanism, channel, nonce);
//   SaslStep step = exchange.begin(initial_response);
//   … challenge: send step.text, then exchange.respond(what came)
//   … look_up:   exchange.resume(credentials of exchange.name())       may take 2 ms: not on a session's thread
//   … proved:    exchange.proved() says which of the credentials it was
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/scram_codec.h"
#include "base/result.h"

namespace telepost::adapters::net {

enum class SaslMechanism : unsigned char { plain, login, scram_sha_256, scram_sha_256_plus };
std::string_view name_of(SaslMechanism mechanism);  // as registered: "SCRAM-SHA-256-PLUS"
std::optional<SaslMechanism> sasl_mechanism_from(std::string_view name);  // upper case

// What channel binding needs to know of the connection.
struct SaslChannel {
  bool offers_plus = false;                     // the list of mechanisms had one with PLUS
  std::optional<std::string> exporter;          // "tls-exporter" (RFC 9266)
  std::optional<std::string> unique;            // "tls-unique" (RFC 5929)
  std::optional<std::string> server_end_point;  // "tls-server-end-point" (RFC 5929)
};

struct SaslStep {
  enum class Kind : unsigned char { challenge, look_up, proved, failed } kind = Kind::failed;
  std::string text;             // of a challenge
  Errc failure = Errc::denied;  // of failed: denied, invalid (breaks the grammar), unsupported
};

class SaslExchange {
 public:
  // `nonce`: fresh, random, printable, without comma.
  SaslExchange(SaslMechanism mechanism, SaslChannel channel, std::string nonce);

  SaslStep begin(const std::optional<std::string>& initial);
  SaslStep respond(std::string_view message);
  SaslStep resume(ScramCredentials credentials);

  SaslMechanism mechanism() const { return mechanism_; }
  // Who logs in, as it was written; from look_up on. An authzid other than this is unsupported.
  const std::string& name() const { return name_; }
  std::size_t proved() const { return proved_; }

 private:
  enum class Phase : unsigned char { first, login_name, login_password, credentials, scram_final, scram_end, over };
  SaslStep take_plain(std::string_view message);
  SaslStep take_scram_first(std::string_view message);
  SaslStep take_scram_final(std::string_view message);
  SaslStep check_password();
  SaslStep look_up();
  SaslStep fail(Errc failure);
  std::optional<std::string> binding() const;

  const SaslMechanism mechanism_;
  const SaslChannel channel_;
  const std::string nonce_;
  Phase phase_ = Phase::first;
  ScramServer scram_;
  ScramCredentials credentials_;
  std::string name_;
  std::string password_;
  std::size_t proved_ = 0;
};

}  // namespace telepost::adapters::net
