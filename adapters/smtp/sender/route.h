// Where a message goes next. Pure: settings and DNS answers in, servers in their order out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "schema/relay_settings.h"

namespace telepost::adapters::smtp::sender {

inline constexpr std::size_t kMaxHosts = 20;       // of one domain that are tried: the best preferences
inline constexpr std::size_t kMaxAddresses = 20;   // of all of them, in one attempt

// A server to connect to: a name to look up, or an address.
struct Host {
  std::string name;        // lower case, without a last dot; "" for an address alone
  std::string address;     // "192.0.2.1", "2001:db8::1"; "" while only the name is known
  std::uint16_t port = 25;
  bool operator==(const Host&) const = default;
};
// "smtp.example.net:587", "192.0.2.1", "[2001:db8::1]:25", "[IPv6:2001:db8::1]". invalid otherwise.
Result<Host> host_from(std::string_view text);
std::string to_string(const Host& host);

// By the DNS.
struct ByMx {
  std::string domain;
};
struct Direct {
  Host host;
  const schema::RelayRoute* relay = nullptr;  // null: an address literal in the recipient's address (RFC 5321 section 4.1.3)
};
using Route = std::variant<ByMx, Direct>;
// The route for a recipient's domain (lower case, or an address literal): the longest that fits of relay.routes, else the smart
// host, else the DNS. Errors: invalid (a literal that is no address, a host of the settings that is none).
Result<Route> route_of(const schema::RelaySettings& settings, std::string_view domain);

struct MxRecord {
  std::uint16_t preference = 0;
  std::string host;  // "." or "": null MX
};
struct MxFacts {
  std::string domain;
  std::vector<MxRecord> records;       // empty: the domain has none
  std::vector<std::string> own_names;  // what we call ourselves
  std::uint64_t random = 0;            // orders those of equal preference; the same number gives the same order
};
// The servers in the order in which they are to be tried (RFC 5321 section 5.1); the domain itself where there is no MX. Errors:
// refused (a null MX: the domain takes no mail, RFC 7505; report it as 5.1.10); conflict (we are the best server ourselves, so it
// would come back to us; 5.4.6).
Result<std::vector<Host>> hosts_of(MxFacts facts);

// Whose mail may share a connection: what was dialled for one row of the settings has its TLS and its log-in and is no other row's,
// though the server be the same; nor is it a sender's who wrote the server's address into a recipient's.
std::string lane_of(const Direct& direct);

// Whether an address that the DNS or a sender names is this machine itself (127/8, 0/8, ::1, ::, and these mapped into IPv6), at
// the port where its mail servers listen: mail would go round, or to a server that relays for whoever is local.
bool is_own_server(std::string_view address, std::uint16_t port);

}  // namespace telepost::adapters::smtp::sender
