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
          .command_timeout = settings.command_timeout,
          .data_timeout = settings.data_timeout,
          .service = {},
          .peer_uids = {}};
}

}  // namespace

std::vector<ListenerConfig> listeners_of(const schema::Configuration& configuration) {
  std::vector<ListenerConfig> listeners;
  listeners.push_back(listener_of("smtp", Mode::smtp, configuration.smtp));
  listeners.push_back(listener_of("lmtp", Mode::lmtp, configuration.lmtp));
  for (const schema::Service& service : configuration.services) {
    ListenerConfig listener = listener_of(service.name, Mode::lmtp, configuration.lmtp);
    listener.endpoints = service.listen;
    listener.max_connections_per_peer = listener.max_connections;
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
