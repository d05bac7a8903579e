#include "store/sweep_turns.h"

namespace telepost::store {

void SweepTurns::lock() {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = given_++;
  next_.wait(lock, [&] { return serving_ == mine; });
}

void SweepTurns::unlock() {
  {
    const std::lock_guard lock(mutex_);
    ++serving_;
  }
  next_.notify_all();
}

}  // namespace telepost::store
