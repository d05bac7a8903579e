// Who may come in: the portal's sign-in and its sessions, and OAuth 2.0 for the programs of others. Its addresses lie beside JMAP's, on the
// same listeners:
//
//   access::Access access(store, clock, {.url = configuration.jmap.url, .delays = delays, .clients = std::move(clients)});
//   jmap::Server::start(threads, store, clock, random, {.beside = access.handler()});
#pragma once

#include <memory>
#include <string>

#include "adapters/net/http_exchange.h"
#include "adapters/net/login_delays.h"
#include "base/clock.h"
#include "schema/oauth_clients.h"
#include "store/store.h"

namespace telepost::adapters::access {

struct Service;

class Access {
 public:
  struct Options {
    std::string url = {};                           // what its addresses begin with, and the issuer; "" takes the host that was asked for
    std::shared_ptr<net::LoginDelays> delays = {};  // of all that takes log-ins; null: its own
    schema::OauthClients clients = {};
  };
  // Store and clock outlive it.
  Access(store::Store& store, const Clock& clock, Options options);
  ~Access();

  // Any thread. The access outlives it; so it does what it began.
  net::HttpHandler handler() const;

 private:
  const std::unique_ptr<const Service> service_;
};

}  // namespace telepost::adapters::access
