// How a command comes to a store: through the server that runs, or by opening the store itself.
#pragma once

#include <memory>
#include <string>

#include "adapters/admin/exchange.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "schema/configuration.h"
#include "store/store.h"

namespace telepost::cli {

std::string admin_socket_path(const schema::Configuration& configuration);

// An open store with what must outlive it.
struct OpenStore {
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<store::Store> store;
};

struct OpenStoreOptions {
  enum class Missing : unsigned char { create, refuse } missing = Missing::refuse;
  store::Store::Options::Sweeping sweeping = store::Store::Options::Sweeping::when_asked;
};

// Takes the store's lock for the life of the result. Errors: busy ("in use by pid N"), unavailable (no store there, and
// Missing::refuse), invalid (policies.path, store.engine), unsupported, corrupt, disk_full, io.
Result<std::unique_ptr<OpenStore>> open_store(const schema::Configuration& configuration,
                                              const OpenStoreOptions& options);

// Runs the verb in the server that has the store, else here. Errors: those of the verb; busy: a process has the store and does
// not answer. Nothing is ever read beside a server.
Result<void> reach_store(const schema::Configuration& configuration, const adapters::admin::Request& request,
                         adapters::admin::Exchange& exchange);

}  // namespace telepost::cli
