#include "policies/retry.h"

#include <algorithm>

#include "base/assert.h"
#include "base/mix.h"

namespace telepost::policies {
namespace {

// People must mend a certificate or a policy: what fails for it is not asked for every few minutes.
constexpr Duration kTlsWait = std::chrono::minutes(30);

}  // namespace

std::string_view name_of(Failure failure) {
  switch (failure) {
    case Failure::peer: return "peer";
    case Failure::connection: return "connection";
    case Failure::dns: return "dns";
    case Failure::tls: return "tls";
  }
  return "";
}

std::optional<Time> next_attempt(const RetrySchedule& schedule, const RetryFacts& facts) {
  TELEPOST_ASSERT(!schedule.waits.empty());
  const Time end = facts.created + schedule.expire;
  if (facts.now >= end) return std::nullopt;
  const std::size_t made = std::max<std::uint32_t>(facts.attempts, 1);
  Duration wait = schedule.waits[std::min(made, schedule.waits.size()) - 1];
  if (facts.failure == Failure::tls) wait = std::max(wait, kTlsWait);
  const std::uint64_t stretch = static_cast<std::uint64_t>(wait.count()) / 10 + 1;
  wait += Duration(static_cast<Duration::rep>(mix(facts.jitter + made) % stretch));
  return std::min(facts.now + wait, end);
}

bool is_delay_notice_due(const RetrySchedule& schedule, Time created, Time now) {
  return schedule.delay_notice > Duration(0) && now - created >= schedule.delay_notice && now - created < schedule.expire;
}

}  // namespace telepost::policies
