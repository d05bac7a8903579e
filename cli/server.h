// `telepost serve` put together: the store, what listens, and the order in which they start and end.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "adapters/access/access.h"
#include "adapters/admin/http.h"
#include "adapters/admin/socket.h"
#include "adapters/jmap/server.h"
#include "adapters/net/dns_resolver.h"
#include "adapters/net/io_threads.h"
#include "adapters/net/tls_identities.h"
#include "adapters/smtp/authentication/signing_keys.h"
#include "adapters/smtp/sender/sender.h"
#include "adapters/smtp/server.h"
#include "cli/open_store.h"
#include "schema/configuration.h"

namespace telepost::cli {

class Server {
 public:
  // Opens the store under its lock, then listens everywhere. Does nothing that grows with what is stored. Errors: as
  // open_store, and of a listener: busy, denied, invalid, io.
  static Result<std::unique_ptr<Server>> start(const schema::Configuration& configuration, schema::OauthClients clients = {});
  ~Server();  // drains for no longer than server.drain_timeout

  // Each listening socket, in the order of the configuration.
  void for_each_listener(
      const std::function<void(std::string_view name, std::string_view endpoint)>& visit) const;

  // Puts the classes that policies.path holds now in force; after an error the old ones stay.
  Result<void> reload_policies();
  // The same of [[tls.certificates]], whose files are read again; sessions that stand keep theirs.
  Result<void> reload_certificates() { return identities_->reload(); }

 private:
  explicit Server(const schema::Configuration& configuration) : configuration_(configuration) {}
  Result<void> listen(schema::OauthClients clients);
  Result<void> send();

  const schema::Configuration configuration_;
  // Destroyed from the bottom up: what listens goes before what it uses.
  std::unique_ptr<OpenStore> store_;
  std::unique_ptr<adapters::net::IoThreads> threads_;
  std::unique_ptr<adapters::net::TlsIdentities> identities_;
  std::unique_ptr<adapters::net::Resolver> resolver_;
  std::unique_ptr<adapters::admin::AdminSocket> admin_socket_;
  std::unique_ptr<adapters::smtp::Server> smtp_;
  std::unique_ptr<adapters::access::Access> access_;
  std::unique_ptr<adapters::jmap::Server> jmap_;
  adapters::smtp::authentication::SigningKeys signing_keys_;
  std::unique_ptr<adapters::smtp::sender::Sender> sender_;
  std::unique_ptr<adapters::net::HttpServer> http_;
};

}  // namespace telepost::cli
