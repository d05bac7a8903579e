#include "adapters/net/login_delays.h"

#include <algorithm>

namespace telepost::adapters::net {
namespace {

Duration delay_after(unsigned failures, unsigned free_failures) {
  if (failures < free_failures) return Duration(0);
  const unsigned doublings = std::min(failures - free_failures, 16u);
  return std::min(kFirstLoginDelay * (1u << doublings), kLastLoginDelay);
}

}  // namespace

LoginDelays::Attempt::~Attempt() {
  if (!ended_) delays_.end(*this, false);
}

void LoginDelays::Attempt::succeeded() {
  if (!ended_) delays_.end(*this, true);
  ended_ = true;
}

LoginDelays::Entry& LoginDelays::entry(const std::string& key, SteadyTime now) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    Entry& known = entries_.front();
    if (known.pending == 0 && known.forget_at <= now) known.failures = 0;
    return known;
  }
  if (entries_.size() >= most_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({key, 0, 0, now, now + kForgetFailures});
  by_key_.emplace(entries_.front().key, entries_.begin());
  return entries_.front();
}

SteadyTime LoginDelays::due(const Entry& entry, unsigned free_failures, SteadyTime now) const {
  return std::max(now, entry.free_at) + delay_after(entry.failures + entry.pending, free_failures);
}

std::unique_ptr<LoginDelays::Attempt> LoginDelays::begin(std::string_view account, std::string_view network) {
  std::unique_ptr<Attempt> attempt(new Attempt(*this, std::string(account) + "\n" + std::string(network), std::string(network)));
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  const SteadyTime of_network = due(entry(attempt->network_, now), kFreeNetworkFailures, now);
  const SteadyTime of_account = due(entry(attempt->account_, now), kFreeFailures, now);
  const SteadyTime at = std::max(of_network, of_account);
  if (at - now > kMaxLoginWait) {
    attempt->ended_ = true;
    return nullptr;
  }
  attempt->wait_ = std::chrono::duration_cast<Duration>(at - now);
  Entry& shared = entry(attempt->network_, now);
  shared.free_at = of_network;
  ++shared.pending;
  Entry& own = entry(attempt->account_, now);
  own.free_at = of_account;
  ++own.pending;
  return attempt;
}

void LoginDelays::end(const Attempt& attempt, bool succeeded) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  for (const std::string* key : {&attempt.network_, &attempt.account_}) {
    Entry& one = entry(*key, now);  // it may have been forgotten meanwhile, and is new
    if (one.pending > 0) --one.pending;
    if (!succeeded) {
      ++one.failures;
      one.forget_at = now + kForgetFailures;
    } else if (key == &attempt.account_) {
      one.failures = 0;
      one.free_at = now;
    }
  }
}

std::size_t LoginDelays::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace telepost::adapters::net
