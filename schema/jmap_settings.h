// JMAP: the section [jmap] of the configuration.
#pragma once

#include <cstdint>
#include <string>

#include "schema/endpoint.h"
#include "schema/network.h"

namespace telepost::schema {

struct JmapSettings {
  Endpoints listen;            // plain text: from this machine and from trusted fronts alone
  Endpoints listen_tls;        // TLS from the first byte
  std::string url;             // what the session object's addresses begin with; "" takes the host that was asked for
  Networks trusted_fronts;     // load balancers that send a PROXY header; TLS may end there
  std::uint32_t max_connections = 10'000;
  std::uint32_t max_connections_per_peer = 200;
  std::uint32_t max_new_per_minute = 6'000;
  // RFC 8620 section 2, under the names that it gives them.
  std::uint64_t max_size_upload = std::uint64_t{50} << 20;
  std::uint32_t max_concurrent_upload = 4;
  std::uint64_t max_size_request = std::uint64_t{10} << 20;
  std::uint32_t max_concurrent_requests = 8;
  std::uint32_t max_calls_in_request = 32;
  std::uint32_t max_objects_in_get = 1'000;
  std::uint32_t max_objects_in_set = 1'000;
  bool operator==(const JmapSettings&) const = default;
};

}  // namespace telepost::schema
