// What a listener of this adapter needs to know, taken from the typed configuration (schema/configuration.h).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/peer.h"
#include "adapters/smtp/codec.h"
#include "schema/configuration.h"

namespace telepost::adapters::smtp {

// One line of the configuration that listens: smtp.listen, submission.listen_tls … or one [[services]].
struct ListenerConfig {
  std::string name;  // "smtp", "lmtp-tls", "submission" or the service's name, as `listening NAME …` shows it
  Mode mode = Mode::smtp;
  schema::Endpoints endpoints;
  std::string hostname;
  std::uint64_t max_message_bytes = 0;
  std::uint32_t max_recipients = 0;
  std::uint32_t max_connections = 0;
  std::uint32_t max_connections_per_peer = 0;
  std::uint32_t max_hops = 100;
  bool implicit_tls = false;          // TLS from the first byte (RFC 8314)
  bool login_without_tls = false;     // of submission
  schema::Networks xclient_fronts;
  std::optional<Duration> tarpit_max; // none: no tarpit
  Duration command_timeout{};
  Duration data_timeout{};
  Duration line_timeout{};
  Duration session_timeout{};
  std::uint32_t max_new_per_minute = 0;
  schema::Networks trusted_fronts;  // whose connections begin with a PROXY header
  // A service: what its peers are called once they have proved who they are (DESIGN section 7).
  std::optional<std::string> service;
  std::vector<std::uint32_t> peer_uids;
  bool trusted = false;

  // The mode of a Unix socket: anybody of this machine may hand over mail, but a service checks the peer's uid.
  mode_t unix_mode() const { return service && peer_uids.empty() ? 0600 : 0666; }
};
std::vector<ListenerConfig> listeners_of(const schema::Configuration& configuration);

// DATA as a whole. The store's "check links" hint comes 15 minutes after a delivery began, and trusts that no delivery
// lasts so long (DESIGN section 4, Bytes); RFC 5321 section 4.5.3.2 gives each block 3 minutes but no total.
inline constexpr Duration kDataTotal = std::chrono::minutes(10);
inline constexpr unsigned kMaxErrors = 20;                // refused commands since the last accepted message
inline constexpr unsigned kMaxUnknownRecipients = 100;    // refused recipients of a session, where strangers may guess (smtp)
inline constexpr unsigned kMaxIdleCommands = 5000;        // commands since the last accepted message

// Whether a peer may talk to a service listener, and whether it has proved its identity there.
enum class Proof : unsigned char { none, proved, refused };
Proof proof_of(const ListenerConfig& listener, const net::Peer& peer);

bool serves_domain(const schema::Configuration& configuration, std::string_view domain);
bool serves_number(const schema::Configuration& configuration, std::string_view number);

}  // namespace telepost::adapters::smtp
