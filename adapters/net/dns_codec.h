// The answers of name servers (RFC 1035, 3596) as typed records. Whom to ask and how: dns_resolver.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::adapters::net {

enum class DnsType : std::uint16_t { a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28 };

struct DnsRecord {
  // A, AAAA: the address, "192.0.2.1"; PTR, MX: a host in lower case without the last dot, "" for the root (of an MX: RFC 7505,
  // no mail here); TXT: its strings joined without anything between them (RFC 7208 section 3.3), any bytes.
  std::string text;
  std::uint16_t preference = 0;  // MX
  bool operator==(const DnsRecord&) const = default;
};

// What the world says of a name. A server that could not tell (SERVFAIL, silence) makes no answer but an Error.
struct DnsAnswer {
  enum class Kind : unsigned char {
    found,
    no_data,       // the name exists and has no such record
    no_such_name,  // NXDOMAIN
  } kind = Kind::no_data;
  std::vector<DnsRecord> records;  // as they came, MX by preference; empty unless found
  std::string canonical_name;      // at the end of the CNAMEs; the name itself without any
  Duration ttl{};                  // the least of all records that led here, of an absence by RFC 2308; capped
  bool operator==(const DnsAnswer&) const = default;
};

inline constexpr std::size_t kMostDnsRecords = 512;
inline constexpr std::size_t kMostDnsAliases = 12;                // CNAMEs one behind another
inline constexpr Duration kLongestDnsTtl = std::chrono::hours(1);
inline constexpr Duration kLongestAbsence = std::chrono::minutes(5);

// A message that answers the question. Errors: unavailable (SERVFAIL, REFUSED …), invalid (not the form of RFC 1035, a loop of
// CNAMEs), too_many.
Result<DnsAnswer> parse_dns_answer(std::string_view message, std::string_view name, DnsType type);

// As questions are asked: ASCII in lower case without a last dot; RFC 1035 section 2.3.4 lengths. Nothing for anything else:
// a domain with letters beyond ASCII is asked for by its A-label.
std::optional<std::string> dns_name(std::string_view name);
// "192.0.2.1" is "1.2.0.192.in-addr.arpa" (RFC 1035 section 3.5), an IPv6 address the nibbles below ip6.arpa (RFC 3596 section
// 2.5). Nothing for what is no IP address.
std::optional<std::string> dns_reverse_name(std::string_view address);

}  // namespace telepost::adapters::net
