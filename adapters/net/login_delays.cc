#include "adapters/net/login_delays.h"

#include <algorithm>

namespace telepost::adapters::net {
namespace {

Duration delay_after(std::size_t failures, unsigned free_failures) {
  if (failures < free_failures) return Duration(0);
  const auto doublings = static_cast<unsigned>(std::min<std::size_t>(failures - free_failures, 16));
  return std::min(kFirstLoginDelay * (1u << doublings), kLastLoginDelay);
}

}  // namespace

LoginDelays::Attempt::~Attempt() {
  if (!ended_) delays_.end(*this, checked_ ? End::failed : End::unchecked);
}

SteadyTime LoginDelays::Attempt::due() const {
  const std::lock_guard lock(delays_.mutex_);
  return std::max(account_due_, network_due_);
}

void LoginDelays::Attempt::when_sooner(std::function<void()> wake) {
  const std::lock_guard lock(delays_.mutex_);
  wake_ = std::move(wake);
}

bool LoginDelays::Attempt::check() {
  checked_ = checked_ || is_due();
  return checked_;
}

void LoginDelays::Attempt::succeeded() {
  if (!ended_) delays_.end(*this, End::succeeded);
}

LoginDelays::Entry& LoginDelays::entry(const std::string& key, SteadyTime now) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    Entry& known = entries_.front();
    if (known.pending.empty() && known.forget_at <= now) known.failures = 0;
    return known;
  }
  if (entries_.size() >= most_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({key, 0, now, now + kForgetFailures, {}});
  by_key_.emplace(entries_.front().key, entries_.begin());
  return entries_.front();
}

// Each waits from the time of the one before it, as though that had failed.
void LoginDelays::set_dues(Entry& entry, unsigned free_failures, Due due) {
  SteadyTime from = entry.from;
  for (std::size_t i = 0; i < entry.pending.size(); ++i) {
    Attempt& attempt = *entry.pending[i];
    from = std::max(attempt.begun_, from) + delay_after(entry.failures + i, free_failures);
    if (from < attempt.*due) {
      attempt.*due = from;
      if (attempt.wake_) attempt.wake_();
    }
    from = attempt.*due;
  }
}

std::unique_ptr<LoginDelays::Attempt> LoginDelays::begin(std::string_view account, std::string_view network) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  std::unique_ptr<Attempt> attempt(new Attempt(*this, std::string(account) + "\n" + std::string(network), std::string(network), now));
  Entry& own = entry(attempt->account_, now);
  if (own.pending.size() >= kMostLoginsAtOnce) {
    attempt->ended_ = true;
    return nullptr;
  }
  own.pending.push_back(attempt.get());
  set_dues(own, kFreeFailures, &Attempt::account_due_);
  Entry& shared = entry(attempt->network_, now);
  shared.pending.push_back(attempt.get());
  set_dues(shared, kFreeNetworkFailures, &Attempt::network_due_);
  return attempt;
}

void LoginDelays::end(Attempt& attempt, End how) {
  const std::lock_guard lock(mutex_);
  attempt.ended_ = true;
  const SteadyTime now = clock_.steady();
  const auto leave = [&](const std::string& key, Due due) -> Entry& {
    Entry& left = entry(key, now);  // it may have been forgotten meanwhile, and is new
    std::erase(left.pending, &attempt);
    if (how == End::failed) {
      ++left.failures;
      left.forget_at = now + kForgetFailures;
      left.from = std::max(left.from, attempt.*due);
    }
    return left;
  };
  Entry& own = leave(attempt.account_, &Attempt::account_due_);
  if (how == End::succeeded) {
    own.failures = 0;
    own.from = now;
  }
  set_dues(own, kFreeFailures, &Attempt::account_due_);
  set_dues(leave(attempt.network_, &Attempt::network_due_), kFreeNetworkFailures, &Attempt::network_due_);
}

std::size_t LoginDelays::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace telepost::adapters::net
