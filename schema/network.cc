#include "schema/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace telepost::schema {
namespace {

constexpr unsigned kMappedBits = 96;

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
};

std::optional<Address> address_from(std::string_view text) {
  const std::string name(text);
  Address address;
  if (inet_pton(AF_INET, name.c_str(), address.bytes.data() + 12) == 1) {
    address.bytes[10] = address.bytes[11] = 0xff;
    address.is_v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, name.c_str(), address.bytes.data()) == 1) return address;
  return {};
}

std::array<std::uint8_t, 16> masked(std::array<std::uint8_t, 16> bytes, unsigned bits) {
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::clamp(bits, i * 8, i * 8 + 8) - i * 8;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00u >> kept));
  }
  return bytes;
}

// What a translator connects to instead.
std::optional<std::string> translated(const Address& address) {
  constexpr std::array<std::uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b};  // RFC 6052 section 2.1
  constexpr std::array<std::uint8_t, 2> k6to4 = {0x20, 0x02};               // RFC 3056 section 2
  std::size_t begin = 0;
  if (std::equal(kNat64.begin(), kNat64.end(), address.bytes.begin())) begin = kNat64.size();
  else if (std::equal(k6to4.begin(), k6to4.end(), address.bytes.begin())) begin = k6to4.size();
  else return {};
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, address.bytes.data() + begin, text, sizeof text);
  return text;
}

}  // namespace

bool IpNetwork::contains(std::string_view address) const {
  const std::optional<Address> one = address_from(address);
  return one && masked(one->bytes, prefix_bits) == bytes;
}

Result<IpNetwork> network_from(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = address_from(text.substr(0, slash));
  if (!address) return {Errc::invalid, "'" + std::string(text.substr(0, 64)) + "' is no IP address or network"};
  const unsigned offset = address->is_v4 ? kMappedBits : 0;
  unsigned bits = 128 - offset;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > 128 - offset) {
      return {Errc::invalid, "'" + std::string(text.substr(0, 64)) + "' has a prefix that is no number of bits"};
    }
  }
  const IpNetwork network{masked(address->bytes, bits + offset), static_cast<std::uint8_t>(bits + offset)};
  if (network.bytes != address->bytes) {
    return {Errc::invalid, "'" + std::string(text.substr(0, 64)) + "' has bits set behind its prefix"};
  }
  return network;
}

bool contains(const Networks& networks, std::string_view address) {
  return std::any_of(networks.begin(), networks.end(), [address](const IpNetwork& network) { return network.contains(address); });
}

bool leads_into(const Networks& networks, std::string_view address) {
  const std::optional<Address> one = address_from(address);
  const std::optional<std::string> behind = one ? translated(*one) : std::nullopt;
  return contains(networks, address) || (behind && contains(networks, *behind));
}

}  // namespace telepost::schema
