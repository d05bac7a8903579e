// The address that a client wants to be pushed to (RFC 8620 section 7.2: it begins with https://).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost::adapters::jmap {

inline constexpr std::size_t kMostPushUrl = 2048;

struct PushUrl {
  std::string host;           // a name in lower case, or an IP address as it is always written (IPv6 without brackets)
  std::uint16_t port = 443;
  std::string target;         // path and query; "/" at least
  std::string origin() const;  // "https://push.example.net" (RFC 6454 section 6.2)
};
// Everything else is invalid: user names, fragments, what is not ASCII, numbers that other programs take for addresses ("0x7f.1").
Result<PushUrl> push_url_from(std::string_view text);

}  // namespace telepost::adapters::jmap
