#include "adapters/smtp/sender/mta_sts_codec.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"

namespace telepost::adapters::smtp::sender {
namespace {

constexpr std::size_t kMaxMx = 100;

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "v=STSv1; id=20160831085700Z;": the id, or nothing.
std::optional<std::string> id_of(std::string_view record) {
  std::optional<std::string> id;
  bool first = true;
  for (std::string_view rest = record; !rest.empty();) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view field = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(rest.size(), end + 1));
    if (std::exchange(first, false)) {
      if (field != "v=STSv1") return std::nullopt;
    } else if (field.starts_with("id=") && !id) {
      const std::string_view value = field.substr(3);
      if (value.empty() || value.size() > 32 || !std::all_of(value.begin(), value.end(), is_alphanumeric)) return std::nullopt;
      id = value;
    }
  }
  return id;
}

bool is_pattern(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  const auto letter = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.back() != '.' && std::all_of(text.begin(), text.end(), letter);
}

Result<void> take(std::string_view name, std::string_view value, StsPolicy& policy, unsigned& seen) {
  const Error wrong{Errc::invalid, "the MTA-STS policy has a wrong " + std::string(name)};
  const auto once = [&](unsigned bit) { return (std::exchange(seen, seen | bit) & bit) == 0; };
  // Section 3.2: of a field that stands twice, mx aside, the first one counts.
  if (name == "version" && once(1)) return value == "STSv1" ? Result<void>() : wrong;
  if (name == "mode" && once(2)) {
    if (value == "enforce") policy.mode = StsPolicy::Mode::enforce;
    else if (value == "testing") policy.mode = StsPolicy::Mode::testing;
    else if (value != "none") return wrong;
  } else if (name == "max_age" && once(4)) {
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (value.empty() || value.size() > 10 || error != std::errc() || end != value.data() + value.size()) return wrong;
    policy.max_age = std::min<Duration>(std::chrono::seconds(seconds), kMaxStsAge);
  } else if (name == "mx") {
    if (!is_pattern(value) || policy.mx.size() >= kMaxMx) return wrong;
    policy.mx.push_back(to_lower(value));
  }
  return {};
}

}  // namespace

std::optional<std::string> sts_id_of(const std::vector<std::string>& txt_records) {
  std::optional<std::string> id;
  for (const std::string& record : txt_records) {
    if (!record.starts_with("v=STSv1")) continue;
    const auto found = id_of(record);
    if (!found) continue;
    if (id) return std::nullopt;  // section 3.1: not exactly one
    id = found;
  }
  return id;
}

Result<StsPolicy> parse_sts_policy(std::string_view text) {
  if (text.size() > kMaxStsPolicy) return {Errc::too_large, "the MTA-STS policy is larger than 64 KiB"};
  StsPolicy policy;
  unsigned seen = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    const std::size_t colon = line.find(':');
    if (line.empty()) continue;
    if (colon == std::string_view::npos) return {Errc::invalid, "the MTA-STS policy has a line without a colon"};
    TELEPOST_TRY(take(line.substr(0, colon), trim(line.substr(colon + 1)), policy, seen));
  }
  const bool complete = seen == 7 && (policy.mode == StsPolicy::Mode::none || !policy.mx.empty());
  if (!complete) return {Errc::invalid, "the MTA-STS policy lacks a version, mode, max_age or mx"};
  return policy;
}

bool matches(const StsPolicy& policy, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string name = to_lower(host);
  return std::any_of(policy.mx.begin(), policy.mx.end(), [&](const std::string& pattern) {
    if (!pattern.starts_with("*.")) return pattern == name;
    const std::size_t dot = name.find('.');
    return dot != std::string::npos && dot > 0 && std::string_view(name).substr(dot) == std::string_view(pattern).substr(1);
  });
}

}  // namespace telepost::adapters::smtp::sender
