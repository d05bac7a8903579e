#include "adapters/smtp/authentication/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291 section 2.5.5.2

IpAddress unmapped(const IpAddress& address) {
  if (!address.is_v6 || !std::equal(kMapped.begin(), kMapped.end(), address.octets.begin())) return address;
  IpAddress v4;
  std::copy(address.octets.begin() + 12, address.octets.end(), v4.octets.begin());
  return v4;
}

}  // namespace

bool IpAddress::matches(const IpAddress& network, unsigned bits) const {
  if (is_v6 != network.is_v6) return false;
  const unsigned whole = bits / 8;
  if (!std::equal(octets.begin(), octets.begin() + whole, network.octets.begin())) return false;
  if (bits % 8 == 0) return true;
  const unsigned shift = 8 - bits % 8;
  return (octets[whole] >> shift) == (network.octets[whole] >> shift);
}

std::optional<IpAddress> ip_address_from(std::string_view text) {
  if (text.size() > 45) return std::nullopt;
  const std::string terminated(text);
  if (terminated.size() != text.size() || terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET, terminated.c_str(), address.octets.data()) == 1) return address;
  address.is_v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.octets.data()) != 1) return std::nullopt;
  return unmapped(address);
}

std::optional<IpAddress> ip_address_from_octets(std::string_view octets) {
  if (octets.size() != 4 && octets.size() != 16) return std::nullopt;
  IpAddress address;
  address.is_v6 = octets.size() == 16;
  std::copy(octets.begin(), octets.end(), address.octets.begin());
  return unmapped(address);
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.octets.data(), text.data(), text.size());
  return text.data();
}

std::optional<IpNetwork> ip_network_from(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> address = ip_address_from(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = address->is_v6 ? 128 : 32;
  if (slash == std::string_view::npos) return IpNetwork{*address, most};
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits > most) return std::nullopt;
  return IpNetwork{*address, bits};
}

}  // namespace telepost::adapters::smtp::authentication
