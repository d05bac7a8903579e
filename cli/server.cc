#include "cli/server.h"

#include <algorithm>
#include <thread>

#include "adapters/net/login_delays.h"
#include "adapters/smtp/authenticator.h"
#include "adapters/smtp/config.h"
#include "cli/open_files.h"
#include "store/visit_log.h"

namespace telepost::cli {
namespace {

// Of server.drain_timeout, kept back for closing the store after the sessions.
constexpr Duration kClosing = std::chrono::seconds(1);

// Whom a self-made certificate names: what the listeners call themselves, then the domains.
std::vector<std::string> names_of(const schema::Configuration& configuration) {
  std::vector<std::string> names;
  for (const auto& listener : adapters::smtp::listeners_of(configuration)) names.push_back(listener.hostname);
  for (const schema::Domain& domain : configuration.domains) names.push_back(domain.name);
  return names;
}

unsigned threads_for(const schema::Configuration& configuration) {
  return configuration.threads != 0 ? configuration.threads
                                    : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const schema::Configuration& configuration, schema::OauthClients clients) {
  std::unique_ptr<Server> server(new Server(fit_to_open_files(configuration)));
  TELEPOST_ASSIGN(server->store_, open_store(server->configuration_, {OpenStoreOptions::Missing::create,
                                                                      store::Store::Options::Sweeping::by_itself}));
  TELEPOST_TRY(server->listen(std::move(clients)));
  return server;
}

Result<void> Server::listen(schema::OauthClients clients) {
  store::Store& store = *store_->store;
  store.visits().start();  // until the store ends, behind all that listens
  threads_ = std::make_unique<adapters::net::IoThreads>(threads_for(configuration_), store_->clock);
  TELEPOST_ASSIGN(identities_, adapters::net::TlsIdentities::open(
                                   {configuration_.tls, configuration_.store.path, names_of(configuration_)}, store_->clock));
  TELEPOST_ASSIGN(resolver_, adapters::net::Resolver::open(threads_->first(), configuration_.dns, store_->clock));
  TELEPOST_ASSIGN(admin_socket_,
                  adapters::admin::AdminSocket::start(store, admin_socket_path(configuration_)));
  auto examiner = std::make_shared<adapters::smtp::Authenticator>(configuration_.authentication, *resolver_, store_->clock,
                                                                  store_->random);
  const auto delays = std::make_shared<adapters::net::LoginDelays>(store_->clock);  // whoever guesses, guesses once
  TELEPOST_ASSIGN(smtp_, adapters::smtp::Server::start(*threads_, store, store_->clock, store_->random,
                                                       {.identities = identities_.get(), .examiner = std::move(examiner), .delays = delays}));
  access_ = std::make_unique<adapters::access::Access>(
      store, store_->clock, adapters::access::Access::Options{configuration_.jmap.url, delays, std::move(clients)});
  TELEPOST_ASSIGN(jmap_, adapters::jmap::Server::start(*threads_, store, store_->clock, store_->random,
                                                       {identities_.get(), delays, resolver_.get(), access_->handler()}));
  TELEPOST_TRY(send());
  TELEPOST_ASSIGN(http_, adapters::admin::start_http(*threads_, configuration_.admin.listen, store_->clock,
                                                     [&store] { return store.health(); }, &store.visits()));
  return {};
}

// Mail out.
Result<void> Server::send() {
  TELEPOST_ASSIGN(signing_keys_, adapters::smtp::authentication::SigningKeys::load(configuration_.dkim));
  adapters::smtp::sender::Sender::Options options;
  const std::vector<std::string> names = names_of(configuration_);
  options.hostname = !configuration_.relay.hostname.empty() ? configuration_.relay.hostname : names.empty() ? "localhost" : names.front();
  options.resolver = resolver_.get();
  options.keys = &signing_keys_;
  options.authorities = configuration_.tls.authorities;
  TELEPOST_ASSIGN(sender_, adapters::smtp::sender::Sender::start(*threads_, *store_->store, store_->clock, store_->random, options));
  return {};
}

Server::~Server() {
  if (admin_socket_) admin_socket_->stop();
  if (!store_) return;
  const SteadyTime end = store_->clock.steady() + configuration_.drain_timeout - kClosing;
  const auto left = [&] { return std::max(Duration(0), std::chrono::duration_cast<Duration>(end - store_->clock.steady())); };
  if (smtp_) smtp_->stop(left());
  if (jmap_) jmap_->stop(left());
  if (sender_) sender_->stop(left());
  if (http_) http_->stop(left());
}

void Server::for_each_listener(
    const std::function<void(std::string_view name, std::string_view endpoint)>& visit) const {
  for (const auto& listening : smtp_->listening()) visit(listening.name, listening.endpoint);
  jmap_->for_each_listener(visit);
  for (const schema::Endpoint& endpoint : http_->endpoints()) visit("admin", to_string(endpoint));
}

Result<void> Server::reload_policies() {
  TELEPOST_ASSIGN(schema::ClassSet classes, schema::load_classes(configuration_.policies_path));
  store_->store->set_classes(std::move(classes));
  return {};
}

}  // namespace telepost::cli
