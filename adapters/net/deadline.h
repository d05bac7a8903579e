// Deadlines of waits. Setting one costs a clock reading and no system call, because a loop looks at all its deadlines a few
// times a second instead of keeping a timer for each: they are meant for limits of seconds and more, and may come up to
// kDeadlineTick late.
#pragma once

#include <chrono>
#include <functional>
#include <unordered_set>

#include "base/clock.h"

namespace telepost::adapters::net {

inline constexpr Duration kDeadlineTick{200};

class Deadline;

// The deadlines of one loop. Only on that loop's thread; the clock must outlive it.
class Deadlines {
 public:
  explicit Deadlines(const Clock& clock) : clock_(clock) {}
  // Calls on_expiry of each deadline that has passed, once.
  void tick();
  const Clock& clock() const { return clock_; }

 private:
  friend class Deadline;
  const Clock& clock_;
  std::unordered_set<Deadline*> all_;
};

// One session's deadline. Only on its loop's thread, its end included.
class Deadline {
 public:
  // on_expiry must not destroy a Deadline of the same loop.
  Deadline(Deadlines& deadlines, std::function<void()> on_expiry);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // Counts from now, but never beyond the total; replaces what was set and clears expired().
  void expires_after(Duration timeout);
  // A bound over several waits, counted from now.
  void limit_total(Duration total);
  void unlimit_total() { total_ = SteadyTime::max(); }
  void clear() { at_ = SteadyTime::max(); }
  bool expired() const { return expired_; }

 private:
  friend class Deadlines;
  Deadlines& deadlines_;
  const std::function<void()> on_expiry_;
  SteadyTime at_ = SteadyTime::max();
  SteadyTime total_ = SteadyTime::max();
  bool expired_ = false;
};

}  // namespace telepost::adapters::net
