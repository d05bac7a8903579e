// Mail out: takes the jobs of the network mail from the outbox, sends them, and tells what became of each recipient. What
// `telepost serve` starts and stops.
//
// A job is claimed under a lease that is renewed as long as it is in hand. Killed at any moment, what was claimed is offered again
// when its lease ends: a message is sent twice only where it was killed between the peer's answer and our record of it.
#pragma once

#include <memory>
#include <string>

#include "adapters/net/smtp_client.h"
#include "adapters/smtp/authentication/signing_keys.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace telepost::store {
class Store;
}
namespace telepost::adapters::net {
class IoThreads;
class Resolver;
}

namespace telepost::adapters::smtp::sender {

class Sender {
 public:
  struct Options {
    std::string hostname;              // what we call ourselves
    net::Resolver* resolver = nullptr; // null: only relays with an address can be reached
    const authentication::SigningKeys* keys = nullptr;  // for DKIM; null: nothing is signed
    std::string authorities;           // a PEM file for MTA-STS policies; "" takes the system's
    net::SmtpTimeouts timeouts = {};
    std::uint16_t port = 25;           // of servers that the DNS names
    std::uint16_t https_port = 443;    // of MTA-STS policies
    Duration last_words = std::chrono::seconds(5);  // for outcomes to reach the disk at the end
  };
  // Begins at once. All that is given must outlive it. Errors: not_found, denied, io (a password file), invalid (a relay that names
  // no server), and those of TlsAuthorities::open.
  static Result<std::unique_ptr<Sender>> start(net::IoThreads& threads, store::Store& store, const Clock& clock, Random& random,
                                               Options options);
  ~Sender();  // stop(0)

  // Claims nothing more, lets messages that are being sent end, and after `drain` breaks off what is left; what was not begun goes
  // back to the outbox. Returns when nothing is in hand. Never on an I/O thread.
  void stop(Duration drain);

 private:
  class Parts;
  explicit Sender(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::smtp::sender
