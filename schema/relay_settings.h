// How mail leaves: the section [relay] of the configuration and its rows [[relay.routes]].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "schema/network.h"

namespace telepost::schema {

// What is asked of the connection to a next server.
enum class RelayTls : std::uint8_t {
  none,           // never: a server beside us
  opportunistic,  // where it is offered, whatever the certificate (RFC 7435); else plain text
  required,       // STARTTLS with a verified certificate
  implicit,       // TLS from the first byte, verified (RFC 8314 section 3)
};

// A server that takes mail for a domain, or for all others, in place of what the DNS says.
struct RelayRoute {
  std::string domain;         // lower case; ".example.test": all below it
  std::string host;           // "smtp.example.net:587", "192.0.2.1:25", "[2001:db8::1]:25"; without a port: 25
  RelayTls tls = RelayTls::opportunistic;
  std::string user;           // AUTH; "" for none
  std::string password_file;  // one line
  bool operator==(const RelayRoute&) const = default;
};

struct RelaySettings {
  RelaySettings();                   // with what nobody on the Internet should be able to name
  RelayRoute smart_host;             // relay.host, .tls, .user, .password_file; an empty host: the DNS decides
  std::vector<RelayRoute> routes;
  std::string hostname;              // what we call ourselves; "" takes smtp.hostname's
  std::uint32_t max_connections = 200;              // in all
  std::uint32_t messages_per_connection = 100;
  Duration idle_timeout = std::chrono::seconds(5);  // a connection waits so long for the next message
  bool mta_sts = true;               // RFC 8461
  Networks refuse_networks;          // servers that the DNS or a recipient's address names are not looked for there
  bool operator==(const RelaySettings&) const = default;
};

}  // namespace telepost::schema
