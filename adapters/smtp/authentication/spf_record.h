// An SPF record as its terms (RFC 7208 sections 4.6.1, 5, 6 and 12). The whole record is of the grammar, or nothing of it counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/smtp/authentication/ip_address.h"
#include "base/result.h"
#include "policies/authentication.h"

namespace telepost::adapters::smtp::authentication {

inline constexpr std::size_t kMaxSpfRecord = 8192;  // octets; what a DNS answer over TCP could hold is more than anybody needs

enum class Mechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct Directive {
  policies::SpfResult on_match = policies::SpfResult::pass;
  Mechanism mechanism = Mechanism::all;
  std::string domain;   // domain-spec with its macros; "" where the current domain is meant
  IpAddress network;    // of ip4 and ip6
  unsigned bits4 = 32;  // of a, mx and ip4
  unsigned bits6 = 128; // of a, mx and ip6
};

struct SpfRecord {
  std::vector<Directive> directives;
  std::optional<std::string> redirect;  // domain-spec
};
// Errors: invalid, the text breaks the grammar at that term (section 4.6: permerror). The version has been checked.
Result<SpfRecord> parse_spf_record(std::string_view text);
// Whether a TXT record is one of SPF (section 4.5).
bool is_spf_record(std::string_view text);

// Macros (section 7).
struct MacroFacts {
  IpAddress client;
  std::string_view sender;     // "local@domain"
  std::string_view domain;     // the current one
  std::string_view hello;
  std::string_view validated;  // %{p}: "unknown", or what the PTR records say
};
// Precondition: the text is a domain-spec that parse_spf_record() took. At most 253 octets, labels dropped from the left.
std::string expand_domain_spec(std::string_view domain_spec, const MacroFacts& facts);
// Whether expanding it needs MacroFacts::validated.
bool needs_validated_name(std::string_view domain_spec);

}  // namespace telepost::adapters::smtp::authentication
