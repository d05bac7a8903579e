// The PROXY protocol, versions 1 and 2 (haproxy's doc/proxy-protocol.txt, 2020): what a load balancer says in front of a
// connection's own bytes of whom it speaks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace telepost::adapters::net {

struct ProxyHeader {
  // LOCAL (the front's own, a health check) and UNKNOWN name nobody: then the connection's own address counts.
  bool names_source = false;
  std::string source;  // IP address
  std::uint16_t source_port = 0;
  bool operator==(const ProxyHeader&) const = default;
};

struct ProxyScan {
  enum class Status : unsigned char {
    complete,    // size_bytes is the header's; what follows is the connection's
    incomplete,  // all of it belongs to the header so far
    broken,
  } status = Status::incomplete;
  std::size_t size_bytes = 0;
  ProxyHeader header;
};

inline constexpr std::size_t kMaxProxyHeader = 16 + 2048;  // version 2 with its TLVs, which are skipped; version 1 has 107

// Looks at the front of what was received.
ProxyScan scan_proxy_header(std::string_view received);

}  // namespace telepost::adapters::net
