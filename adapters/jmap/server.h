// JMAP as the configuration asks for it: what `telepost serve` starts and stops.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "adapters/jmap/call.h"
#include "adapters/net/http_exchange.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace telepost::adapters::net {
class IoThreads;
class LoginDelays;
class Resolver;
class TlsIdentities;
}

namespace telepost::adapters::jmap {

class Server {
 public:
  struct Options {
    const net::TlsIdentities* identities = nullptr;  // null: listeners with TLS are refused
    std::shared_ptr<net::LoginDelays> delays = {};   // of all that takes log-ins; null: its own
    net::Resolver* resolver = nullptr;               // of the names that push services have; null: nothing is pushed to them
    net::HttpHandler beside = {};                    // of the addresses that are not JMAP's; null: there are none
  };
  // Binds every endpoint of jmap.listen and jmap.listen_tls, or none; without any it listens nowhere. All that is given must outlive it.
  // Errors: those of net::HttpServer.
  static Result<std::unique_ptr<Server>> start(net::IoThreads& threads, store::Store& store, const Clock& clock, Random& random, Options options);
  ~Server();  // stop(0)

  // For the lines `listening jmap ADDRESS:PORT` and `listening jmap-tls …`.
  void for_each_listener(const std::function<void(std::string_view name, std::string_view endpoint)>& visit) const;
  // As net::HttpServer does. Never on an I/O thread; once is enough.
  void stop(Duration drain);

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  Result<void> begin_push(net::IoThreads& threads, Random& random, net::Resolver* resolver);
  std::unique_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::jmap
