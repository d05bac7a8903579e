#include "policies/quota.h"

#include <algorithm>
#include <string>

#include "base/assert.h"

namespace telepost::policies {
namespace {

constexpr Duration kLastWarning = std::chrono::days(1);
constexpr std::uint32_t kUnderAgainPercent = 5;  // of the hard quota

// Written so that no sum can overflow.
bool exceeds(std::uint64_t used, std::uint64_t more, const schema::Limit& limit) {
  return limit && (used > *limit || more > *limit - used);
}

schema::Limit share(const schema::Limit& limit, const std::optional<std::uint32_t>& percent) {
  return limit && percent ? schema::Limit(schema::share_of(*limit, *percent)) : std::nullopt;
}

bool is_over(const schema::Quota& quota, const std::optional<std::uint32_t>& percent, const schema::Usage& account) {
  return exceeds(account.bytes, 0, share(quota.bytes, percent)) || exceeds(account.messages, 0, share(quota.messages, percent));
}

bool is_full_by_grace(const QuotaFacts& facts) {
  if (!facts.over_soft_since || !is_over_soft(facts.settings->quota, facts.account)) return false;
  const std::optional<Time> full = full_at(facts.settings->quota, *facts.over_soft_since);
  return full && *full <= facts.now;
}

}  // namespace

schema::Usage total_of(const schema::HeadRecord& head) {
  schema::Usage total;
  for (const schema::Usage& usage : head.usage) {
    total.messages += usage.messages;
    total.bytes += usage.bytes;
  }
  return total;
}

std::optional<Error> refusal_by_quota(const QuotaFacts& facts, schema::Kind kind, std::uint64_t size_bytes) {
  TELEPOST_ASSERT(facts.settings != nullptr);
  const schema::Quota& quota = facts.settings->quota;
  const schema::KindSettings& rule = facts.settings->of(kind);
  const std::string name(schema::name_of(kind));
  if (exceeds(0, size_bytes, quota.bytes) || exceeds(0, size_bytes, rule.quota_bytes)) {
    return Error{Errc::too_large, "the message is larger than all that the account may hold"};
  }
  if (exceeds(facts.account.bytes, size_bytes, quota.bytes) || exceeds(facts.account.messages, 1, quota.messages) || is_full_by_grace(facts)) {
    return Error{Errc::over_quota, "the account is full"};
  }
  if (exceeds(facts.of_kind.bytes, size_bytes, rule.quota_bytes) || exceeds(facts.of_kind.messages, 1, rule.quota_messages)) {
    return Error{Errc::over_quota, "the account has no room for more " + name + " messages"};
  }
  return std::nullopt;
}

schema::Limit soft_bytes(const schema::Quota& quota) { return share(quota.bytes, quota.soft_percent); }
schema::Limit soft_messages(const schema::Quota& quota) { return share(quota.messages, quota.soft_percent); }

bool is_over_soft(const schema::Quota& quota, const schema::Usage& account) {
  return is_over(quota, quota.soft_percent, account);
}

bool is_under_soft_again(const schema::Quota& quota, const schema::Usage& account) {
  if (!quota.soft_percent) return true;
  return !is_over(quota, *quota.soft_percent - std::min(*quota.soft_percent, kUnderAgainPercent), account);
}

std::optional<Time> full_at(const schema::Quota& quota, Time over_soft_since) {
  return quota.grace ? std::optional(over_soft_since + *quota.grace) : std::nullopt;
}

std::optional<Time> last_warning_at(const schema::Quota& quota, Time over_soft_since) {
  return quota.grace ? std::optional(over_soft_since + *quota.grace - std::min(kLastWarning, *quota.grace / 2)) : std::nullopt;
}

std::optional<unsigned> percent_used(const schema::Quota& quota, const schema::Usage& account) {
  std::optional<unsigned> most;
  const auto weigh = [&most](std::uint64_t used, const schema::Limit& limit) {
    if (!limit) return;
    const double share = *limit == 0 ? 100 : 100.0 * static_cast<double>(used) / static_cast<double>(*limit);
    most = std::max(most.value_or(0), static_cast<unsigned>(std::min(share, 1e6)));
  };
  weigh(account.bytes, quota.bytes);
  weigh(account.messages, quota.messages);
  return most;
}

}  // namespace telepost::policies
