// Merges every commit that waits into one synced write, then tells each waiter (group commit). One thread writes; while it waits
// for the disk the next group gathers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "store/change_feed.h"
#include "store/engine/engine.h"
#include "store/health.h"
#include "store/heads.h"

namespace telepost::store {

// One ordered list, and the heads it advances. A failed commit drops its heads and fails every commit queued behind
// it that was built on them.
struct Commit {
  CommitList list;
  struct Advance {
    std::shared_ptr<Head> head;
    schema::Modseq modseq;  // reached once the commit is durable
    Head::Touches touches = Head::Touches::any_messages;
    bool is_told = true;    // to the change feed
  };
  std::vector<Advance> advances;
  std::vector<std::function<void()>> wakes;       // on the committer's thread, once it is durable; must not block
  std::function<void(const Result<void>&)> done;  // the same, also when it failed
  std::uint32_t messages = 0;                     // delivered by it, for the metrics
};

class Committer {
 public:
  Committer(Engine& engine, Health& health, ChangeFeed& feed);
  ~Committer();  // commits what is queued, then joins

  // Commits of one head are committed in the order of submission: submit under the head's lock.
  // Never refuses and never blocks; what may wait is bounded by who may submit (sessions, pool threads).
  void submit(Commit commit);
  // Submits a list that advances no head, and waits.
  Result<void> commit(CommitList list);
  std::vector<Result<void>> commit_all(std::vector<CommitList> lists);  // the same for each of several, whatever becomes of the others
  // Messages that were delivered since the start.
  std::uint64_t delivered() const { return delivered_.load(std::memory_order_relaxed); }

 private:
  void loop();
  std::vector<Commit> take_group();
  void commit_group(std::vector<Commit>& group);

  Engine& engine_;
  Health& health_;
  ChangeFeed& feed_;
  std::atomic<std::uint64_t> delivered_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Commit> queue_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::thread thread_;
};

}  // namespace telepost::store
