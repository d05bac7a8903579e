// Where a listener binds, as the configuration writes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace telepost::schema {

// "127.0.0.1:25", "[::1]:25" (port 0 takes a free one) or "unix:/run/telepost/lmtp.sock".
struct Endpoint {
  std::string address;  // IP address without brackets; "" for a Unix socket
  std::uint16_t port = 0;
  std::string path;  // of the Unix socket; "" for TCP
  bool is_unix() const { return !path.empty(); }
  bool is_loopback() const;  // 127.0.0.0/8 or ::1; false for a Unix socket
  bool operator==(const Endpoint&) const = default;
};
std::string to_string(const Endpoint& endpoint);
Result<Endpoint> endpoint_from(std::string_view text);
using Endpoints = std::vector<Endpoint>;

}  // namespace telepost::schema
