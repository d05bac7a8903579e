// A bounded pool for work that may block on the disk. Owned by the store; adapters reach it by Store::run.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace telepost::store {

class Workers {
 public:
  Workers(std::size_t threads, std::size_t queue_limit);
  ~Workers();  // runs what is queued, then joins

  Result<void> run(std::function<void()> work);   // busy: the queue is full and the work was not taken
  void run_anyway(std::function<void()> work);    // for the store's own steps of work already admitted
  std::size_t waiting();                          // queued and not begun; for tests
  void wait_until_idle();                         // until nothing is queued or running; for tests that look at what is left

 private:
  void loop();
  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::size_t running_ = 0;                  // guarded by mutex_
  std::condition_variable idle_;
  std::vector<std::thread> threads_;
};

}  // namespace telepost::store
