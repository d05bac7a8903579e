// Networks as the configuration writes them: "192.0.2.0/24", "2001:db8::/32", or one address.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace telepost::schema {

struct IpNetwork {
  std::array<std::uint8_t, 16> bytes{};  // IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2); zero behind the prefix
  std::uint8_t prefix_bits = 128;        // counted in the mapped form: 192.0.2.0/24 has 120
  bool contains(std::string_view address) const;  // false for what is no IP address
  bool operator==(const IpNetwork&) const = default;
};
using Networks = std::vector<IpNetwork>;

// invalid: no address, a prefix that is too long, or bits set behind it.
Result<IpNetwork> network_from(std::string_view text);
bool contains(const Networks& networks, std::string_view address);
// For lists that refuse: contains(), and whether the IPv4 address is in one that a translator on the way makes of this one (64:ff9b::/96,
// RFC 6052; 2002::/16, RFC 3056). A list that trusts does not ask so, for nobody comes from there as that IPv4 address.
bool leads_into(const Networks& networks, std::string_view address);

}  // namespace telepost::schema
