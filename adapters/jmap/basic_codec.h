// Authorization: Basic (RFC 7617), Bearer (RFC 6750).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telepost::adapters::jmap {

struct BasicCredentials {
  std::string name;      // without ":", 1 to 512 bytes
  std::string password;  // 1 to 512 bytes
};
// None: another scheme, or none at all; or what is no UTF-8 or holds control letters.
std::optional<BasicCredentials> basic_credentials_from(std::string_view field);

// None: another scheme, or what is no b64token (RFC 6750 section 2.1) of 512 bytes at most.
std::optional<std::string> bearer_token_from(std::string_view field);

}  // namespace telepost::adapters::jmap
