#include "cli/open_store.h"

#include <filesystem>

#include "adapters/admin/client.h"
#include "adapters/admin/commands.h"
#include "cli/open_archive.h"
#include "store/engine/rocksdb_engine.h"

namespace telepost::cli {

using adapters::admin::Client;

namespace {

Error no_store(const schema::Configuration& configuration) {
  return {Errc::unavailable, "there is no store at " + configuration.store.path +
                                 "; telepost serve and telepost account create make one"};
}

}  // namespace

std::string admin_socket_path(const schema::Configuration& configuration) {
  return configuration.store.path + "/admin.sock";
}

Result<std::unique_ptr<OpenStore>> open_store(const schema::Configuration& configuration,
                                              const OpenStoreOptions& options) {
  if (configuration.store.engine != "rocksdb") {
    return {Errc::invalid, "store.engine: this program knows rocksdb, not " + configuration.store.engine};
  }
  TELEPOST_ASSIGN(schema::ClassSet classes, schema::load_classes(configuration.policies_path));
  store::RocksdbOptions engine_options;
  engine_options.path = configuration.store.path + "/rocksdb";
  engine_options.create = options.missing == OpenStoreOptions::Missing::create;
  engine_options.cache_bytes = configuration.store.cache_bytes;
  if (!engine_options.create && !std::filesystem::exists(engine_options.path)) return no_store(configuration);
  auto engine = store::RocksdbEngine::open(std::move(engine_options));
  if (!engine.ok() && engine.error().kind == Errc::not_found) return no_store(configuration);
  if (!engine.ok()) return std::move(engine).error();
  auto opened = std::make_unique<OpenStore>();
  TELEPOST_ASSIGN(auto archive, open_archive(configuration, opened->clock));
  TELEPOST_ASSIGN(opened->store, store::Store::open({configuration, std::move(classes), options.sweeping, std::move(archive)},
                                                    std::move(*engine), opened->clock, opened->random));
  return opened;
}

Result<void> reach_store(const schema::Configuration& configuration, const adapters::admin::Request& request,
                         adapters::admin::Exchange& exchange) {
  const std::string path = admin_socket_path(configuration);
  auto client = Client::connect(path);
  if (client.ok()) return client->call(request, exchange);
  if (client.error().kind != Errc::unavailable) return std::move(client).error();
  OpenStoreOptions options;
  if (request.verb == "account.create") options.missing = OpenStoreOptions::Missing::create;
  auto opened = open_store(configuration, options);
  if (opened.ok()) return run_verb(*(*opened)->store, request, exchange);
  if (opened.error().kind != Errc::busy) return std::move(opened).error();
  // A server may have come up between the two attempts.
  if (client = Client::connect(path); client.ok()) return client->call(request, exchange);
  return {Errc::busy, opened.error().detail + ", which does not answer at " + path};
}

}  // namespace telepost::cli
