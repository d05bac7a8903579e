// check_host() of RFC 7208 section 4. The explanation (exp=) is not fetched: it is text of the sender's for the sender, and
// would be said in our name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/smtp/authentication/dns_answers.h"
#include "adapters/smtp/authentication/spf_record.h"

namespace telepost::adapters::smtp::authentication {

inline constexpr unsigned kMaxSpfTerms = 10;        // that ask the DNS, of all records together (section 4.6.4)
inline constexpr unsigned kMaxVoidLookups = 2;      // that find nothing
inline constexpr std::size_t kMaxMxOrPtrNames = 10;

struct SpfFacts {
  IpAddress client;
  std::string hello;   // what the client called itself
  std::string sender;  // the reverse path without brackets; "" for the null one, for which HELO stands (section 2.4)
};

struct SpfVerdict {
  policies::SpfResult result = policies::SpfResult::none;
  std::string reason;  // for people: the term that matched, or what was wrong
  std::string domain;  // whose record it was: of MAIL FROM, or HELO; "" where there was none to ask for
  bool of_hello = false;
};

// Nothing: answers miss.
std::optional<SpfVerdict> check_spf(const SpfFacts& facts, DnsAnswers& answers);

}  // namespace telepost::adapters::smtp::authentication
