// What is asked of the TLS to one server. Pure.
#pragma once

#include <optional>
#include <string>

#include "adapters/smtp/sender/mta_sts_codec.h"
#include "schema/dsn.h"
#include "schema/relay_settings.h"

namespace telepost::adapters::smtp::sender {

struct TlsFacts {
  std::optional<schema::RelayTls> relay;  // of a server that the configuration names; none: one that the DNS names
  bool require_tls = false;               // REQUIRETLS (RFC 8689 section 4)
  bool tls_optional = false;              // "TLS-Required: No" (section 5)
  const StsPolicy* sts = nullptr;         // of the domain; null: none, or not asked for
  std::string host;                       // the server's name; "" for an address
  bool logs_in = false;                   // there, by a wire that others can read
};

struct TlsPlan {
  enum class Use : unsigned char {
    never,
    offered,   // STARTTLS where it is offered, whatever the certificate; in plain text where that fails
    verified,  // STARTTLS with a certificate that holds, or not at all
    implicit,  // from the first byte, with a certificate that holds
  } use = Use::offered;
  std::string refusal;    // not empty: this server may not be used, and why
  std::string mismatch;   // not empty: the domain's policy, which only tests, would not have this server
  bool operator==(const TlsPlan&) const = default;
};
TlsPlan tls_plan_of(const TlsFacts& facts);

}  // namespace telepost::adapters::smtp::sender
