#include "cli/server.h"

#include <algorithm>
#include <thread>

#include "cli/open_files.h"

namespace telepost::cli {
namespace {

// Of server.drain_timeout, kept back for closing the store after the sessions.
constexpr Duration kClosing = std::chrono::seconds(1);

unsigned threads_for(const schema::Configuration& configuration) {
  return configuration.threads != 0 ? configuration.threads
                                    : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const schema::Configuration& configuration) {
  std::unique_ptr<Server> server(new Server(fit_to_open_files(configuration)));
  TELEPOST_ASSIGN(server->store_, open_store(server->configuration_, {OpenStoreOptions::Missing::create,
                                                                      store::Store::Options::Sweeping::by_itself}));
  TELEPOST_TRY(server->listen());
  return server;
}

Result<void> Server::listen() {
  store::Store& store = *store_->store;
  threads_ = std::make_unique<adapters::net::IoThreads>(threads_for(configuration_), store_->clock);
  TELEPOST_ASSIGN(admin_socket_,
                  adapters::admin::AdminSocket::start(store, admin_socket_path(configuration_)));
  TELEPOST_ASSIGN(smtp_, adapters::smtp::Server::start(*threads_, store, store_->clock, store_->random));
  TELEPOST_ASSIGN(http_, adapters::admin::start_http(threads_->first(), configuration_.admin.listen,
                                                     [&store] { return store.health(); }));
  return {};
}

Server::~Server() {
  if (admin_socket_) admin_socket_->stop();
  if (smtp_) smtp_->stop(std::max(Duration(0), configuration_.drain_timeout - kClosing));
}

void Server::for_each_listener(
    const std::function<void(std::string_view name, std::string_view endpoint)>& visit) const {
  for (const auto& listening : smtp_->listening()) visit(listening.name, listening.endpoint);
  for (const schema::Endpoint& endpoint : http_->endpoints()) visit("admin", to_string(endpoint));
}

Result<void> Server::reload_policies() {
  TELEPOST_ASSIGN(schema::ClassSet classes, schema::load_classes(configuration_.policies_path));
  store_->store->set_classes(std::move(classes));
  return {};
}

}  // namespace telepost::cli
