// The typed configuration. Every field has a default, so that `telepost serve` runs without a file.
// schema/telepost.toml shows every key; configuration_keys() describes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "schema/archive_settings.h"
#include "schema/authentication_settings.h"
#include "schema/endpoint.h"
#include "schema/jmap_settings.h"
#include "schema/network.h"
#include "schema/queue_settings.h"
#include "schema/relay_settings.h"
#include "schema/visit_settings.h"

namespace telepost::schema {

// Free space below which deliveries are refused: a share of the disk, but never less than at_least_bytes.
struct Reserve {
  double percent = 5;
  std::uint64_t at_least_bytes = std::uint64_t{1} << 30;
  std::uint64_t bytes_of(std::uint64_t disk_size_bytes) const;
  bool operator==(const Reserve&) const = default;
};

struct StoreSettings {
  std::string engine = "rocksdb";  // the only one so far
  std::string path = "telepost-data";
  std::uint32_t heads = 100'000;  // account heads kept in memory
  Reserve reserve;
  std::uint64_t cache_bytes = std::uint64_t{256} << 20;
  bool operator==(const StoreSettings&) const = default;
};

// SMTP, LMTP and submission alike (one adapter, three modes).
struct MailListenerSettings {
  Endpoints listen;      // plain text, and STARTTLS
  Endpoints listen_tls;  // TLS from the first byte (RFC 8314)
  std::string hostname;  // what we call ourselves; "" takes the machine's name
  std::uint64_t max_message_bytes = std::uint64_t{50} << 20;
  std::uint32_t max_recipients = 1000;  // RFC 5321 section 4.5.3.1.8: at least 100
  std::uint32_t max_connections = 1000;
  std::uint32_t max_connections_per_peer = 100;
  Duration command_timeout = std::chrono::minutes(5);  // RFC 5321 section 4.5.3.2
  Duration data_timeout = std::chrono::minutes(3);     // between two blocks of DATA
  Duration line_timeout = std::chrono::minutes(1);     // from a line's first byte to its end
  Duration session_timeout = std::chrono::minutes(30); // since the connection or the last accepted message
  std::uint32_t max_new_per_minute = 1200;  // connections from one network; this machine's own are not counted
  Networks trusted_fronts;                  // load balancers that send a PROXY header
  Networks xclient_fronts;                  // servers that may tell by XCLIENT whom they speak for
  std::uint32_t max_hops = 100;             // Received fields of a message (RFC 5321 section 6.3)
  bool tarpit = true;                       // whether replies to strangers' mistakes are held back longer and longer …
  Duration tarpit_max = std::chrono::seconds(20);  // … but never longer than this
  bool operator==(const MailListenerSettings&) const = default;
};

// A peer whose identity is proved by where it connects (DESIGN section 7); it speaks LMTP there. On a Unix
// socket the peer's uid must be listed (an empty list means our own uid); a loopback listener must be marked
// trusted, because every process of the machine can reach it.
struct Service {
  std::string name;  // the identity, as origin and logs show it
  Endpoints listen;
  std::vector<std::uint32_t> peer_uids;
  bool trusted = false;
  bool operator==(const Service&) const = default;
};

struct AdminSettings {
  Endpoints listen;
  bool operator==(const AdminSettings&) const = default;
};

// A certificate that the accepting side shows to who asks for one of its names.
struct TlsCertificate {
  std::string chain;               // PEM file: the certificate, then what leads to its authority
  std::string key;                 // PEM file without a passphrase
  std::vector<std::string> names;  // for SNI, with "*.example.test"; empty takes the certificate's own
  bool operator==(const TlsCertificate&) const = default;
};

struct TlsSettings {
  std::vector<TlsCertificate> certificates;  // the first is shown without SNI; none: a self-made one
  std::string authorities;                   // PEM file of whom we believe when we connect; "" takes the system's
  bool operator==(const TlsSettings&) const = default;
};

struct DnsSettings {
  Endpoints servers;  // empty takes the system's
  Duration timeout = std::chrono::seconds(10);  // of a whole question
  std::uint32_t cache = 10'000;                 // answers that are kept
  bool operator==(const DnsSettings&) const = default;
};

struct Domain {
  std::string name;  // lower case
  std::string class_of_service = "standard";
  bool create = false;  // an unknown local part makes an account
  bool operator==(const Domain&) const = default;
};

struct NumberRange {
  std::string prefix;  // "+1555": every number that begins so is served
  std::string class_of_service = "standard";
  bool create = true;
  bool operator==(const NumberRange&) const = default;
};

struct Configuration {
  StoreSettings store;
  ArchiveSettings archive;
  MailListenerSettings smtp;
  MailListenerSettings lmtp;
  MailListenerSettings submission;           // RFC 6409: mail from our own subscribers, who log in
  bool submission_without_tls = false;       // submission.without_tls: log-ins in plain text are taken
  std::string secrets_key_file;              // secrets.key_file; "" takes secrets.key in the store's folder
  JmapSettings jmap;
  AdminSettings admin;
  TlsSettings tls;
  DnsSettings dns;
  QueueSettings queue;
  RelaySettings relay;
  AuthenticationSettings authentication;
  std::vector<DkimKey> dkim;
  std::vector<Service> services;
  std::vector<Domain> domains;
  std::vector<NumberRange> numbers;
  std::uint32_t create_per_peer_hour = 100;  // create.per_peer_hour: accounts that one peer may cause
  std::string policies_path;                 // policies.path; "" has the built-in class alone
  log::Level log_level = log::Level::info;   // log.level
  std::uint32_t threads = 0;                 // server.threads; 0 takes one per processor
  Duration drain_timeout = std::chrono::seconds(10);  // server.drain_timeout: from SIGTERM to the end
  Duration clock_max_jump = std::chrono::hours(24);   // clock.max_jump
  Duration clock_max_stop = std::chrono::days(30);    // clock.max_stop: the same across a stop
  Duration changes_keep = std::chrono::days(90);      // changes.keep
  Duration audit_keep = std::chrono::days(400);       // audit.keep
  Duration reclaim_grace = std::chrono::hours(1);     // reclaim.grace
  VisitSettings visits;

  Configuration();  // the defaults, listeners included
  bool operator==(const Configuration&) const = default;
};

// The text of a file and the overrides ("smtp.listen=127.0.0.1:0") over the defaults. `name` stands in
// errors: "telepost.toml:3:7: store.heads wants a whole number; write heads = 100000". Errors are invalid.
Result<Configuration> parse_configuration(std::string_view toml, std::string_view name,
                                          const std::vector<std::string>& overrides = {});

struct ConfigurationSource {
  std::optional<std::string> file;                                     // --config: must exist
  std::vector<std::string> overrides;                                  // each --set
  std::function<std::optional<std::string>(const char*)> environment;  // default: getenv
  std::string system_file = "/etc/telepost/telepost.toml";
};
struct LoadedConfiguration {
  Configuration configuration;
  std::string file;  // what was read; "" for the defaults alone
};
// --config, else $TELEPOST_CONFIG, else the system file if there is one, else the defaults.
// not_found: a file that was named is not there; invalid; io.
Result<LoadedConfiguration> load_configuration(const ConfigurationSource& source);

struct ConfigurationKey {
  std::string name;      // "store.reserve", "domains[].create"
  std::string_view type;      // "size", "duration", "list of address:port", …
  std::string_view fallback;  // the default as TOML; "" where the key must be given
  std::string_view sentence;
};
const std::vector<ConfigurationKey>& configuration_keys();

}  // namespace telepost::schema
