// Whose turn it is among the sweeps of one process: one of them works at a time, and who waits longest is next. A sweep gives its turn up
// after each bounded step (store/sweep_run.h), so that what is due while an operator's sweep goes on for hours waits for a step of it alone.
//
// Between two steps others may have done what a sweep has just read of: a step judges by what is stored then, a hint that led to it
// is removed twice without harm, and none is written under a time that has passed. The lease of a slice is shared by them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace telepost::store {

// For std::unique_lock. Any thread.
class SweepTurns {
 public:
  void lock();
  void unlock();

 private:
  std::mutex mutex_;
  std::condition_variable next_;
  std::uint64_t given_ = 0;    // guarded by mutex_: numbers to those who came
  std::uint64_t serving_ = 0;  // the same: whose turn it is
};

}  // namespace telepost::store
