// An IPv4 or IPv6 address as SPF compares it (RFC 7208 section 5): an IPv4-mapped address is the IPv4 address in it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace telepost::adapters::smtp::authentication {

struct IpAddress {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> octets{};  // the first 4 of an IPv4 address

  bool operator==(const IpAddress&) const = default;
  // Of the same family, and equal in the first `bits` (at most 32 or 128).
  bool matches(const IpAddress& network, unsigned bits) const;
  std::string_view bytes() const { return {reinterpret_cast<const char*>(octets.data()), is_v6 ? 16u : 4u}; }
};
// "192.0.2.1", "2001:db8::1", without brackets; nothing where it is no address.
std::optional<IpAddress> ip_address_from(std::string_view text);
// 4 or 16 octets, as A and AAAA records have them.
std::optional<IpAddress> ip_address_from_octets(std::string_view octets);
std::string to_string(const IpAddress& address);

// "192.0.2.0/24", "::1": an address alone is a network of one.
struct IpNetwork {
  IpAddress address;
  unsigned bits = 0;
};
std::optional<IpNetwork> ip_network_from(std::string_view text);

}  // namespace telepost::adapters::smtp::authentication
