#include "adapters/smtp/sender/sts_policies.h"

#include "adapters/net/dns_resolver.h"
#include "adapters/net/https_fetch.h"
#include "base/log.h"

namespace telepost::adapters::smtp::sender {
namespace {

constexpr Duration kAskAgain = std::chrono::minutes(1);
constexpr Duration kFetchAgain = std::chrono::minutes(5);  // section 3.3: not at once after a failure
constexpr std::size_t kEntryBytes = 512;                   // beside what the domain wrote

}  // namespace

std::optional<StsPolicies::Kept> StsPolicies::known(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(domain);
  if (found == kept_.end()) return std::nullopt;
  if (found->second.until <= clock_.steady()) {
    drop(found);
    return std::nullopt;
  }
  uses_.splice(uses_.end(), uses_, found->second.use);
  return found->second;
}

void StsPolicies::drop(std::map<std::string, Kept>::iterator kept) {
  bytes_ -= kept->second.bytes;
  uses_.erase(kept->second.use);
  kept_.erase(kept);
}

void StsPolicies::keep(const std::string& domain, Kept kept) {
  kept.bytes = kEntryBytes + 2 * domain.size() + kept.id.size();
  if (kept.policy != nullptr) {
    for (const std::string& host : kept.policy->mx) kept.bytes += sizeof host + host.capacity();
  }
  const std::lock_guard lock(mutex_);
  if (const auto old = kept_.find(domain); old != kept_.end()) drop(old);
  while (!kept_.empty() && (kept_.size() >= kStsPoliciesKept || bytes_ + kept.bytes > kStsPoliciesBytes)) drop(kept_.find(uses_.front()));
  bytes_ += kept.bytes;
  kept.use = uses_.insert(uses_.end(), domain);
  kept_.emplace(domain, std::move(kept));
}

net::Awaitable<std::shared_ptr<const StsPolicy>> StsPolicies::of(std::string domain) {
  std::optional<Kept> kept = known(domain);
  const SteadyTime now = clock_.steady();
  if (kept && now < kept->asked + kAskAgain) co_return kept->policy;
  net::Awaitable<Result<net::SharedDnsAnswer>> asked = resolver_.look_up("_mta-sts." + domain, net::DnsType::txt);
  const Result<net::SharedDnsAnswer> answer = co_await std::move(asked);
  std::vector<std::string> records;
  if (answer.ok()) {
    for (const net::DnsRecord& record : (*answer)->records) records.push_back(record.text);
  }
  const std::optional<std::string> id = sts_id_of(records);
  // Section 3.3 and 5.1: a record that is gone takes no policy away before its time.
  if (!id || (kept && kept->id == *id)) {
    if (!kept) kept = Kept{"", nullptr, now + kAskAgain, now, {}, 0};
    kept->asked = now;
    keep(domain, *kept);
    co_return kept->policy;
  }
  net::Awaitable<Result<std::string>> fetched = fetch_.get("mta-sts." + domain, "/.well-known/mta-sts.txt", kMaxStsPolicy);
  const Result<std::string> text = co_await std::move(fetched);
  Result<StsPolicy> policy = text.ok() ? parse_sts_policy(*text) : Result<StsPolicy>(text.error());
  if (!policy.ok()) {
    log::info("mta_sts_not_fetched", {{"domain", domain}, {"reason", to_string(policy.error())}});
    const Duration again = policy.error().kind == Errc::busy ? kAskAgain : kFetchAgain;  // busy: nobody was asked
    if (!kept) kept = Kept{"", nullptr, now + again, now, {}, 0};
    kept->asked = now + again - kAskAgain;
    keep(domain, *kept);
    co_return kept->policy;
  }
  const Duration age = policy->max_age;
  const auto in_force = std::make_shared<const StsPolicy>(std::move(*policy));
  keep(domain, Kept{*id, in_force, now + age, now, {}, 0});
  co_return in_force;
}

}  // namespace telepost::adapters::smtp::sender
