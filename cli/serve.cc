// telepost serve
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "cli/call.h"
#include "cli/server.h"

namespace telepost::cli {
namespace {

// Sessions are descriptors, and the engine keeps files open beside them; the soft limit of most systems is 1,024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log::warning("descriptor_limit_not_raised");
}

// Blocked in every thread that starts later, and taken by the main thread alone.
sigset_t block_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Ends the process when draining takes longer than it may. Nothing acknowledged is lost by that: it is on the disk.
class DrainLimit {
 public:
  explicit DrainLimit(Duration limit) : watch_([this, limit] { wait(limit); }) {}
  ~DrainLimit() {
    {
      const std::lock_guard lock(mutex_);
      drained_ = true;
    }
    wake_.notify_all();
    watch_.join();
  }

 private:
  void wait(Duration limit) {
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, limit, [this] { return drained_; })) return;
    log::warning("drain_cut_short", {{"after_ms", limit.count()}});
    ::_exit(0);
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  bool drained_ = false;  // guarded by mutex_
  std::thread watch_;
};

void print_listeners(const Server& server) {
  server.for_each_listener([](std::string_view name, std::string_view endpoint) {
    fmt::print("listening {} {}\n", name, endpoint);
  });
  fmt::print("ready\n");
  std::fflush(stdout);
}

void reload(Server& server) {
  const auto tell = [](const Result<void>& reloaded, std::string_view what) {
    if (reloaded.ok()) return log::info("reloaded", {{"what", what}});
    log::error("not_reloaded", {{"what", what}, {"reason", to_string(reloaded.error())}, {"in_force", "the old set"}});
  };
  tell(server.reload_policies(), "policies");
  tell(server.reload_certificates(), "certificates");
}

int serve(const schema::ConfigurationSource& source) {
  const auto loaded = schema::load_configuration(source);
  if (!loaded.ok()) return fail_configuration(loaded.error());
  auto clients = schema::load_oauth_clients(*loaded, source.overrides);
  if (!clients.ok()) return fail_configuration(clients.error());
  const schema::Configuration& configuration = loaded->configuration;
  log::set_level(configuration.log_level);
  raise_descriptor_limit();
  const sigset_t signals = block_signals();
  auto server = Server::start(configuration, *std::move(clients));
  if (!server.ok()) return fail(server.error());
  log::info("started", {{"configuration", loaded->file}, {"store", configuration.store.path}});
  print_listeners(**server);
  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    if (::sigwait(&signals, &signal) == 0 && signal == SIGHUP) reload(**server);
  }
  log::info("draining");
  {
    const DrainLimit limit(configuration.drain_timeout);
    server->reset();
  }
  log::info("stopped");
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, Program& program) {
  CLI::App* const command =
      app.add_subcommand("serve", "Run the server until SIGTERM; SIGHUP reads policies.path and certificates again");
  command->callback([&program] { program.run = [&program] { return serve(program.source); }; });
}

}  // namespace telepost::cli
