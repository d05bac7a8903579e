#include "adapters/net/proxy_header_codec.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace telepost::adapters::net {
namespace {

using Status = ProxyScan::Status;

constexpr std::string_view kTextStart = "PROXY ";                       // section 2.1
constexpr std::string_view kBinaryStart("\r\n\r\n\0\r\nQUIT\n", 12);    // section 2.2
constexpr std::size_t kMaxText = 107;
constexpr std::size_t kBinaryFixed = 16;

ProxyScan broken() { return {Status::broken, 0, {}}; }

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

std::optional<std::string> address_text(int family, const char* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(family, bytes, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

// The next word, up to one space or the end.
std::string_view next_word(std::string_view& rest) {
  const std::size_t space = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, space);
  rest.remove_prefix(std::min(space + 1, rest.size()));
  return word;
}

std::optional<std::string> read_address(int family, std::string_view word) {
  std::array<char, 16> bytes{};
  if (inet_pton(family, std::string(word).c_str(), bytes.data()) != 1) return {};
  return address_text(family, bytes.data());
}

// Decimal without leading zeros.
std::optional<std::uint16_t> read_port(std::string_view word) {
  std::uint16_t port = 0;
  if (word.empty() || word.size() > 5 || (word.size() > 1 && word[0] == '0')) return {};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
  if (error != std::errc() || end != word.data() + word.size()) return {};
  return port;
}

ProxyScan scan_text(std::string_view received) {
  const std::size_t end = received.substr(0, kMaxText).find("\r\n");
  if (end == std::string_view::npos) return received.size() >= kMaxText ? broken() : ProxyScan{};
  ProxyScan scan{Status::complete, end + 2, {}};
  std::string_view rest = received.substr(kTextStart.size(), end - kTextStart.size());
  const std::string_view protocol = next_word(rest);
  if (protocol == "UNKNOWN") return scan;  // whatever follows is ignored
  if (protocol != "TCP4" && protocol != "TCP6") return broken();
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  const auto source = read_address(family, next_word(rest)), destination = read_address(family, next_word(rest));
  const auto source_port = read_port(next_word(rest)), destination_port = read_port(rest);
  if (!source || !destination || !source_port || !destination_port) return broken();
  scan.header = {true, *source, *source_port};
  return scan;
}

ProxyScan scan_binary(std::string_view received) {
  if (received.size() < kBinaryFixed) return {};
  const unsigned command = byte_at(received, 12), protocol = byte_at(received, 13);
  const std::size_t size = kBinaryFixed + ((byte_at(received, 14) << 8) | byte_at(received, 15));
  if (size > kMaxProxyHeader) return broken();
  if (received.size() < size) return {};
  ProxyScan scan{Status::complete, size, {}};
  constexpr unsigned kLocal = 0x20, kProxy = 0x21;
  if (command == kLocal) return scan;
  if (command != kProxy) return broken();
  constexpr unsigned kUnspecified = 0x00, kTcp4 = 0x11, kTcp6 = 0x21, kUnixStream = 0x31;
  if (protocol == kUnspecified || protocol == kUnixStream) return scan;
  if (protocol != kTcp4 && protocol != kTcp6) return broken();  // datagrams carry no SMTP
  const bool is_v4 = protocol == kTcp4;
  const std::size_t address_size = is_v4 ? 4 : 16;
  const std::string_view addresses = received.substr(kBinaryFixed, size - kBinaryFixed);
  if (addresses.size() < 2 * address_size + 4) return broken();
  const auto source = address_text(is_v4 ? AF_INET : AF_INET6, addresses.data());
  if (!source) return broken();
  const std::size_t port = 2 * address_size;
  scan.header = {true, *source, static_cast<std::uint16_t>((byte_at(addresses, port) << 8) | byte_at(addresses, port + 1))};
  return scan;
}

}  // namespace

ProxyScan scan_proxy_header(std::string_view received) {
  for (const std::string_view start : {kTextStart, kBinaryStart}) {
    const std::size_t common = std::min(start.size(), received.size());
    if (received.substr(0, common) != start.substr(0, common)) continue;
    if (common < start.size()) return {};
    return start == kTextStart ? scan_text(received) : scan_binary(received);
  }
  return broken();
}

}  // namespace telepost::adapters::net
