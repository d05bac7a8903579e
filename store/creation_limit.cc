#include "store/creation_limit.h"

namespace telepost::store {

constexpr std::size_t kPeers = 100'000;  // beyond it new peers are refused until the hour ends

bool CreationLimit::allow(const std::string& peer, Time now) {
  const std::lock_guard lock(mutex_);
  const std::int64_t hour = to_millis(now) / 3'600'000;
  if (hour != hour_) {
    hour_ = hour;
    counts_.clear();
  }
  const auto found = counts_.find(peer);
  if (found == counts_.end() && counts_.size() >= kPeers) return false;
  std::uint32_t& count = found != counts_.end() ? found->second : counts_[peer];
  if (count >= per_hour_) return false;
  ++count;
  return true;
}

}  // namespace telepost::store
