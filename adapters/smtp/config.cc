#include "adapters/smtp/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace telepost::adapters::smtp {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "localhost";
  return name.data();
}

ListenerConfig listener_of(std::string name, Mode mode, const schema::MailListenerSettings& settings) {
  return {.name = std::move(name),
          .mode = mode,
          .endpoints = settings.listen,
          .hostname = settings.hostname.empty() ? machine_name() : settings.hostname,
          .max_message_bytes = settings.max_message_bytes,
          .max_recipients = settings.max_recipients,
          .max_connections = settings.max_connections,
          .max_connections_per_peer = settings.max_connections_per_peer,
          .max_hops = settings.max_hops,
          .xclient_fronts = settings.xclient_fronts,
          // Who speaks LMTP is a server beside us, which waits for no good.
          .tarpit_max = settings.tarpit && mode != Mode::lmtp ? std::optional(settings.tarpit_max) : std::nullopt,
          .command_timeout = settings.command_timeout,
          .data_timeout = settings.data_timeout,
          .line_timeout = settings.line_timeout,
          .session_timeout = settings.session_timeout,
          .max_new_per_minute = settings.max_new_per_minute,
          .trusted_fronts = settings.trusted_fronts,
          .service = {},
          .peer_uids = {}};
}

// In plain text, and with TLS from the first byte where that is configured.
void add_listeners(std::vector<ListenerConfig>& listeners, const std::string& name, Mode mode,
                   const schema::MailListenerSettings& settings, bool login_without_tls = false) {
  ListenerConfig plain = listener_of(name, mode, settings);
  plain.login_without_tls = login_without_tls;
  ListenerConfig tls = plain;
  tls.name += "-tls";
  tls.endpoints = settings.listen_tls;
  tls.implicit_tls = true;
  listeners.push_back(std::move(plain));
  if (!tls.endpoints.empty()) listeners.push_back(std::move(tls));
}

}  // namespace

std::vector<ListenerConfig> listeners_of(const schema::Configuration& configuration) {
  std::vector<ListenerConfig> listeners;
  add_listeners(listeners, "smtp", Mode::smtp, configuration.smtp);
  add_listeners(listeners, "lmtp", Mode::lmtp, configuration.lmtp);
  add_listeners(listeners, "submission", Mode::submission, configuration.submission, configuration.submission_without_tls);
  for (const schema::Service& service : configuration.services) {
    ListenerConfig listener = listener_of(service.name, Mode::lmtp, configuration.lmtp);
    listener.endpoints = service.listen;
    listener.max_connections_per_peer = listener.max_connections;
    listener.trusted_fronts.clear();  // its peers prove by where they connect who they are
    listener.service = service.name;
    listener.peer_uids = service.peer_uids;
    listener.trusted = service.trusted;
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

Proof proof_of(const ListenerConfig& listener, const net::Peer& peer) {
  if (!listener.service) return Proof::none;
  if (!peer.uid) return listener.trusted && peer.is_loopback ? Proof::proved : Proof::refused;
  const bool listed = listener.peer_uids.empty() ? *peer.uid == geteuid()
                                                 : std::find(listener.peer_uids.begin(), listener.peer_uids.end(),
                                                             *peer.uid) != listener.peer_uids.end();
  return listed ? Proof::proved : Proof::refused;
}

bool serves_domain(const schema::Configuration& configuration, std::string_view domain) {
  return std::any_of(configuration.domains.begin(), configuration.domains.end(),
                     [domain](const schema::Domain& served) { return served.name == domain; });
}

bool serves_number(const schema::Configuration& configuration, std::string_view number) {
  return std::any_of(configuration.numbers.begin(), configuration.numbers.end(),
                     [number](const schema::NumberRange& range) { return number.starts_with(range.prefix); });
}

}  // namespace telepost::adapters::smtp
