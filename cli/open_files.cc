#include "cli/open_files.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/log.h"
#include "store/engine/rocksdb_engine.h"

namespace telepost::cli {
namespace {

constexpr std::uint64_t kOwnFiles = 100;  // listeners, logs, the admin socket and its clients, HTTP, the lock

std::uint64_t engine_files() { return static_cast<std::uint64_t>(store::RocksdbOptions{}.max_open_files); }

std::uint64_t connections_of(const schema::Configuration& configuration) {
  std::uint64_t connections = 0;
  for (const schema::MailListenerSettings* mail : {&configuration.smtp, &configuration.lmtp, &configuration.submission}) {
    if (!mail->listen.empty()) connections += mail->max_connections;
    if (!mail->listen_tls.empty()) connections += mail->max_connections;
  }
  if (!configuration.jmap.listen.empty() || !configuration.jmap.listen_tls.empty()) connections += configuration.jmap.max_connections;
  connections += configuration.relay.max_connections;
  return connections + configuration.services.size() * std::uint64_t{configuration.lmtp.max_connections};
}

}  // namespace

std::uint64_t files_wanted(const schema::Configuration& configuration) {
  return connections_of(configuration) + engine_files() + kOwnFiles;
}

schema::Configuration fit_connections(schema::Configuration configuration, std::uint64_t open_files) {
  const std::uint64_t wanted = connections_of(configuration);
  const std::uint64_t kept = engine_files() + kOwnFiles;
  const std::uint64_t spare = open_files > kept ? open_files - kept : 0;
  if (wanted <= spare) return configuration;
  for (std::uint32_t* most : {&configuration.smtp.max_connections, &configuration.lmtp.max_connections,
                              &configuration.submission.max_connections, &configuration.relay.max_connections,
                              &configuration.jmap.max_connections}) {
    *most = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, *most * spare / wanted));
  }
  return configuration;
}

schema::Configuration fit_to_open_files(schema::Configuration configuration) {
  const std::uint64_t wanted = files_wanted(configuration);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return configuration;
  const rlimit raised{std::min<rlim_t>(limit.rlim_max, wanted), limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  if (limit.rlim_cur >= wanted) return configuration;
  schema::Configuration fitted = fit_connections(std::move(configuration), limit.rlim_cur);
  log::warning("open_files_limit",
               {{"limit", static_cast<std::uint64_t>(limit.rlim_cur)},
                {"wanted", wanted},
                {"smtp_max_connections", fitted.smtp.max_connections},
                {"lmtp_max_connections", fitted.lmtp.max_connections},
                {"relay_max_connections", fitted.relay.max_connections},
                {"jmap_max_connections", fitted.jmap.max_connections},
                {"advice", "the maxima were lowered to fit; set LimitNOFILE (systemd) or ulimit -n to what is wanted"}});
  return fitted;
}

}  // namespace telepost::cli
