// One budget for the bytes of messages that the sessions of a server hold while they arrive. A session alone is bounded by
// its intake; a thousand of them together are bounded by this.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <mutex>

#include "base/clock.h"

namespace telepost::adapters::smtp {

inline constexpr std::size_t kHeldBytesBudget = 256u << 20;
inline constexpr std::size_t kFreeHeldBytes = 64u << 10;        // of each session: most messages never wait
inline constexpr Duration kHeldTurn = std::chrono::seconds(5);  // then another session may go on

// Any thread.
class HeldBytes {
 public:
  HeldBytes(std::size_t budget_bytes, const Clock& clock) : budget_bytes_(budget_bytes), clock_(clock) {}

  // What one session holds; used by one thread at a time, and gone before the budget.
  class Share {
   public:
    explicit Share(HeldBytes& all) : all_(all) {}
    ~Share() { hold(0); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    void hold(std::size_t size_bytes);
    // The budget is exceeded, and this session has more than is free for it. One of those that wait has its turn, and goes
    // on: if all waited for bytes to be freed, none would be.
    bool must_wait();

   private:
    friend class HeldBytes;
    HeldBytes& all_;
    std::size_t held_ = 0;
  };

  // While it lives, `wake` is called when the share may go on, or should look again; with locks held: it must only post.
  class Waiting {
   public:
    Waiting(Share& share, std::function<void()> wake);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    SteadyTime look_again() const;  // without being woken: when the turn of another ends

   private:
    HeldBytes& all_;
    const std::list<std::function<void()>>::iterator place_;
  };

  std::size_t total() const;

 private:
  const std::size_t budget_bytes_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::size_t total_ = 0;              // guarded by mutex_, as the rest
  const Share* turn_ = nullptr;        // of nobody
  std::list<std::function<void()>> waiting_;  // who has waited longest first
  SteadyTime turn_ends_ = SteadyTime::min();
};

}  // namespace telepost::adapters::smtp
