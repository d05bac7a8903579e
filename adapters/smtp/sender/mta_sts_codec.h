// MTA-STS (RFC 8461): the records by which a domain says that its servers have TLS with certificates that hold. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::adapters::smtp::sender {

inline constexpr std::size_t kMaxStsPolicy = 64u << 10;                  // section 3.3
inline constexpr Duration kMaxStsAge = std::chrono::seconds(31557600);  // section 3.2: about a year

// The id in the TXT records of _mta-sts.DOMAIN (section 3.1); none: the domain has no policy, or not exactly one record.
std::optional<std::string> sts_id_of(const std::vector<std::string>& txt_records);

struct StsPolicy {
  enum class Mode : unsigned char { none, testing, enforce } mode = Mode::none;
  std::vector<std::string> mx;  // lower case; "*.example.net" is one label below it
  Duration max_age{};
  bool operator==(const StsPolicy&) const = default;
};
// The file at https://mta-sts.DOMAIN/.well-known/mta-sts.txt (section 3.2). Errors: invalid, too_large.
Result<StsPolicy> parse_sts_policy(std::string_view text);

// Section 4.1: whether the policy names this server.
bool matches(const StsPolicy& policy, std::string_view host);

}  // namespace telepost::adapters::smtp::sender
