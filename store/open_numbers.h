// Numbers on their way into a commit, of CDR hints or audit records. A reader by number must not step over one that it cannot read yet.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <utility>

#include "store/numbers.h"

namespace telepost::store {

class OpenNumbers {
 public:
  explicit OpenNumbers(Numbers& numbers) : numbers_(numbers) {}

  // A number that stands in the way of exports until its batch was submitted or given up.
  class Opening {
   public:
    Opening() = default;
    Opening(OpenNumbers& hints, std::uint64_t number) : hints_(&hints), number_(number) {}
    Opening(Opening&& other) noexcept : hints_(std::exchange(other.hints_, nullptr)), number_(other.number_) {}
    Opening& operator=(Opening&& other) noexcept {
      std::swap(hints_, other.hints_);
      std::swap(number_, other.number_);
      return *this;
    }
    ~Opening() {
      if (hints_ != nullptr) hints_->end(number_);
    }
    std::uint64_t number() const { return number_; }

   private:
    OpenNumbers* hints_ = nullptr;
    std::uint64_t number_ = 0;
  };

  Opening begin() {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = numbers_.next();
    opening_.insert(number);
    return {*this, number};
  }

  // A number such that every smaller one was submitted.
  std::uint64_t horizon() {
    std::unique_lock lock(mutex_);
    const std::uint64_t number = numbers_.next();
    ended_.wait(lock, [&] { return opening_.empty() || *opening_.begin() > number; });
    return number;
  }

 private:
  void end(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    opening_.erase(number);
    ended_.notify_all();
  }
  Numbers& numbers_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::set<std::uint64_t> opening_;  // guarded by mutex_
};

}  // namespace telepost::store
