// Who waits for changes of which account. The store tells of every commit (store/change_feed.h); a stream that waits is woken, once
// until it has looked: what it then reads is the newest state, so that a slow reader costs one flag and no queue.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "schema/ids.h"
#include "store/change_feed.h"

namespace telepost::adapters::jmap {

inline constexpr std::size_t kMostStreams = 64;  // of an account

// Any thread. The store's feed outlives it, and it its subscriptions.
class PushFeed {
 public:
  explicit PushFeed(store::ChangeFeed& feed);
  ~PushFeed();
  PushFeed(const PushFeed&) = delete;
  PushFeed& operator=(const PushFeed&) = delete;

  class Subscription {
   public:
    ~Subscription();
    // Whether anything was committed since it was asked last; at first there was. What is read behind it has all of that.
    bool take() { return has_news_.exchange(false); }
    bool has_news() const { return has_news_.load(); }
    void renew() { has_news_.store(true); }  // what it told of could not be read yet

   private:
    friend class PushFeed;
    enum class Of : unsigned char { stream, server };
    Subscription(PushFeed& feed, schema::AccountId account, Of of, std::function<void()> wake)
        : feed_(feed), account_(account), of_(of), wake_(std::move(wake)) {}
    PushFeed& feed_;
    const schema::AccountId account_;
    const Of of_;
    const std::function<void()> wake_;
    std::atomic<bool> has_news_{true};
  };
  // `wake` is called on the committer's thread: it posts. Null: the account has kMostStreams already.
  std::unique_ptr<Subscription> subscribe(schema::AccountId account, std::function<void()> wake);
  // For what pushes by itself: no stream of the account's clients, and never null.
  std::unique_ptr<Subscription> watch(schema::AccountId account, std::function<void()> wake);

 private:
  void announce(schema::AccountId account);
  void remove(const Subscription& subscription);

  store::ChangeFeed& feed_;
  std::mutex mutex_;
  std::multimap<schema::AccountId, Subscription*> waiting_;  // guarded by mutex_
  const std::uint64_t listening_;
};

}  // namespace telepost::adapters::jmap
