#include "schema/relay_keys.h"

#include <array>

#include "base/bytes.h"

namespace telepost::schema {

// Found by setting_binding.h.
static std::string fault_of(const RelayRoute& route) {
  if (!route.user.empty() && route.password_file.empty()) return "a user without a password_file";
  return {};
}
static const std::string& name_of(const RelayRoute& route) {
  return route.domain;
}

namespace {

// RFC 6890 and RFC 8215, and what is nobody's single host.
constexpr std::string_view kNotOnTheInternet =
    "[\"0.0.0.0/8\", \"10.0.0.0/8\", \"100.64.0.0/10\", \"127.0.0.0/8\", \"169.254.0.0/16\", \"172.16.0.0/12\", \"192.168.0.0/16\", "
    "\"198.18.0.0/15\", \"224.0.0.0/3\", \"::/127\", \"64:ff9b:1::/48\", \"fc00::/7\", \"fe80::/10\", \"ff00::/8\"]";

Result<void> read_tls(const Keyed& from, RelayTls& into) {
  constexpr std::array<std::string_view, 4> kNames = {"none", "opportunistic", "required", "implicit"};
  std::string word;
  TELEPOST_TRY(read(from, word));
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (word != kNames[i]) continue;
    into = static_cast<RelayTls>(i);
    return {};
  }
  return from.wants("none, opportunistic, required or implicit");
}

Result<void> read_domain(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  into = to_lower(into);
  const bool fits = !into.empty() && into.size() <= 253 && into != "." && into.find_first_of(" @/:") == std::string::npos;
  return fits ? Result<void>() : from.wants("a domain, such as \"example.net\", or \".example.net\" for all below it");
}

Result<void> read_server(const Keyed& from, std::string& into) {
  TELEPOST_TRY(read(from, into));
  const bool fits = !into.empty() && into.size() <= 260 && into.find_first_of(" @/\t") == std::string::npos;
  return fits ? Result<void>() : from.wants("a server, such as \"smtp.example.net:587\"");
}

constexpr std::string_view kTls = "none, opportunistic, required or implicit";
constexpr std::uint32_t kMany = 100'000;

}  // namespace

RelaySettings::RelaySettings() {
  constexpr char kQuote = '"';
  for (std::size_t begin = kNotOnTheInternet.find(kQuote); begin != std::string_view::npos;) {
    const std::size_t end = kNotOnTheInternet.find(kQuote, begin + 1);
    refuse_networks.push_back(*network_from(kNotOnTheInternet.substr(begin + 1, end - begin - 1)));
    begin = kNotOnTheInternet.find(kQuote, end + 1);
  }
}

#define TAKE(Target, body) [](const Keyed& from, Target& into) -> Result<void> { return body; }

const std::vector<Binding<RelayRoute>>& relay_route_keys() {
  static const std::vector<Binding<RelayRoute>> keys = {
      {{"relay.routes[].domain", "text", "", "A domain whose mail goes to this server; with a dot in front, all below it."},
       TAKE(RelayRoute, read_domain(from, into.domain))},
      {{"relay.routes[].host", "text", "", "The server, and its port where that is not 25."},
       TAKE(RelayRoute, read_server(from, into.host))},
      {{"relay.routes[].tls", kTls, "\"opportunistic\"", "What is asked of its TLS."}, TAKE(RelayRoute, read_tls(from, into.tls))},
      {{"relay.routes[].user", "text", "\"\"", "Who logs in there; empty logs nobody in."}, TAKE(RelayRoute, read(from, into.user))},
      {{"relay.routes[].password_file", "text", "\"\"", "A file whose first line is the password."},
       TAKE(RelayRoute, read(from, into.password_file))}};
  return keys;
}

std::vector<Binding<Configuration>> relay_keys() {
  return {
      {{"relay.host", "text", "\"\"", "A server that takes all mail that leaves, and its port; empty asks the DNS (MX)."},
       TAKE(Configuration, read(from, into.relay.smart_host.host))},
      {{"relay.tls", kTls, "\"opportunistic\"", "What is asked of its TLS."},
       TAKE(Configuration, read_tls(from, into.relay.smart_host.tls))},
      {{"relay.user", "text", "\"\"", "Who logs in there; empty logs nobody in."},
       TAKE(Configuration, read(from, into.relay.smart_host.user))},
      {{"relay.password_file", "text", "\"\"", "A file whose first line is the password."},
       TAKE(Configuration, read(from, into.relay.smart_host.password_file))},
      {{"relay.routes", "tables", "[]", "Servers for the mail of single domains."},
       TAKE(Configuration, read_rows(from, relay_route_keys(), into.relay.routes))},
      {{"relay.hostname", "text", "\"\"", "What it calls itself when it sends; empty takes smtp.hostname."},
       TAKE(Configuration, read(from, into.relay.hostname))},
      {{"relay.max_connections", "whole number", "200", "Connections to other servers at one time."},
       TAKE(Configuration, read_number(from, into.relay.max_connections, 1, kMany))},
      {{"relay.messages_per_connection", "whole number", "100", "Messages that one connection carries."},
       TAKE(Configuration, read_number(from, into.relay.messages_per_connection, 1, kMany))},
      {{"relay.idle_timeout", "duration", "\"PT5S\"", "How long a connection waits for the next message."},
       TAKE(Configuration, read(from, into.relay.idle_timeout))},
      {{"relay.mta_sts", "true or false", "true", "Whether MTA-STS policies (RFC 8461) are fetched and kept to."},
       TAKE(Configuration, read(from, into.relay.mta_sts))},
      {{"relay.refuse_networks", "list of networks", kNotOnTheInternet,
        "Where nothing is connected to that the DNS, a recipient's address or a push subscription names; relay.host and relay.routes are free."},
       TAKE(Configuration, read(from, into.relay.refuse_networks))}};
}

#undef TAKE

}  // namespace telepost::schema
