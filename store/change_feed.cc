#include "store/change_feed.h"

#include <utility>

namespace telepost::store {

std::uint64_t ChangeFeed::subscribe(Listener listener) {
  const std::lock_guard lock(mutex_);
  listeners_.emplace(next_, std::move(listener));
  return next_++;
}

void ChangeFeed::unsubscribe(std::uint64_t subscription) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(subscription);
}

// The lock is held while listeners run, which is what makes unsubscribe() final; they only post.
void ChangeFeed::announce(schema::AccountId account, schema::Modseq modseq) {
  const std::lock_guard lock(mutex_);
  for (const auto& [subscription, listener] : listeners_) listener(account, modseq);
}

}  // namespace telepost::store
