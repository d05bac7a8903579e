// SMTP, LMTP and submission in, as the configuration asks for them: what `telepost serve` starts and stops.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/smtp/held_bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace telepost::store {
class Store;
}
namespace telepost::adapters::net {
class IoThreads;
class LoginDelays;
class TlsIdentities;
}

namespace telepost::adapters::smtp {

class Examiner;

class Server {
 public:
  struct Options {
    std::size_t held_budget = kHeldBytesBudget;      // of the bytes of messages that all sessions hold while they arrive
    const net::TlsIdentities* identities = nullptr;  // null: no TLS is offered, and listeners that begin with it refuse
    std::shared_ptr<Examiner> examiner = {};         // of each message that arrives; null: none
    std::shared_ptr<net::LoginDelays> delays = {};   // shared with what else takes log-ins; null: its own
  };
  // Binds every endpoint of smtp, lmtp, submission (listen and listen_tls) and [[services]], or none. Connections are accepted
  // from here on. All that is given must outlive it. Errors: those of ListeningSocket::open.
  static Result<std::unique_ptr<Server>> start(net::IoThreads& threads, store::Store& store, const Clock& clock,
                                               Random& random, Options options);
  static Result<std::unique_ptr<Server>> start(net::IoThreads& threads, store::Store& store, const Clock& clock, Random& random) {
    return start(threads, store, clock, random, Options{});
  }
  ~Server();  // stop(0)

  // For the line `listening NAME ADDRESS:PORT`: port 0 has become a number.
  struct Listening {
    std::string name;
    std::string endpoint;
  };
  const std::vector<Listening>& listening() const;

  // Accepts nothing more, tells every session 421 at its next pause, lets messages that are being received end, and
  // after `drain` breaks off what is left. Returns when no session is left. Never on an I/O thread.
  void stop(Duration drain);

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::smtp
