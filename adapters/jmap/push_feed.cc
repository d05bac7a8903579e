#include "adapters/jmap/push_feed.h"

#include <algorithm>
#include <utility>

namespace telepost::adapters::jmap {

PushFeed::PushFeed(store::ChangeFeed& feed)
    : feed_(feed), listening_(feed.subscribe([this](schema::AccountId account, schema::Modseq) { announce(account); })) {}

PushFeed::~PushFeed() { feed_.unsubscribe(listening_); }

PushFeed::Subscription::~Subscription() { feed_.remove(*this); }

std::unique_ptr<PushFeed::Subscription> PushFeed::subscribe(schema::AccountId account, std::function<void()> wake) {
  std::unique_ptr<Subscription> subscription(new Subscription(*this, account, Subscription::Of::stream, std::move(wake)));
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = waiting_.equal_range(account);
  const auto streams = std::count_if(begin, end, [](const auto& entry) { return entry.second->of_ == Subscription::Of::stream; });
  if (static_cast<std::size_t>(streams) >= kMostStreams) return nullptr;
  waiting_.emplace(account, subscription.get());
  return subscription;
}

std::unique_ptr<PushFeed::Subscription> PushFeed::watch(schema::AccountId account, std::function<void()> wake) {
  std::unique_ptr<Subscription> subscription(new Subscription(*this, account, Subscription::Of::server, std::move(wake)));
  const std::lock_guard lock(mutex_);
  waiting_.emplace(account, subscription.get());
  return subscription;
}

void PushFeed::announce(schema::AccountId account) {
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = waiting_.equal_range(account);
  for (auto entry = begin; entry != end; ++entry) {
    if (!entry->second->has_news_.exchange(true)) entry->second->wake_();
  }
}

void PushFeed::remove(const Subscription& subscription) {
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = waiting_.equal_range(subscription.account_);
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->second != &subscription) continue;
    waiting_.erase(entry);
    return;
  }
}

}  // namespace telepost::adapters::jmap
