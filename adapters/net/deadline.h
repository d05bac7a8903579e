// Deadlines of waits. Setting one costs a clock reading and no system call, because a loop looks at all its deadlines a few
// times a second instead of keeping a timer for each: they are meant for limits of seconds and more, and may come up to
// kDeadlineTick late.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
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

// What is bounded over several waits. Each bound holds until it is lifted or set anew.
enum class Span : unsigned char {
  line,     // from its first byte to its end, so that dripping bytes hold nothing for long
  message,  // DATA as a whole, a handshake …
  session,  // since it began, or since it last did something useful
};

// One session's deadline. Only on its loop's thread, its end included.
class Deadline {
 public:
  // on_expiry must not destroy a Deadline of the same loop.
  Deadline(Deadlines& deadlines, std::function<void()> on_expiry);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // Counts from now, but never beyond a bound; replaces what was set. A bound that has passed already makes it expired().
  void expires_after(Duration timeout);
  void limit(Span span, Duration from_now);
  void unlimit(Span span) { bounds_[static_cast<std::size_t>(span)] = SteadyTime::max(); }
  void unlimit() { bounds_.fill(SteadyTime::max()); }
  bool is_limited(Span span) const { return bounds_[static_cast<std::size_t>(span)] != SteadyTime::max(); }
  bool is_past(Span span) const;
  // A bound of the message.
  void limit_total(Duration total) { limit(Span::message, total); }
  void unlimit_total() { unlimit(Span::message); }
  void clear() { at_ = SteadyTime::max(); }
  bool expired() const { return expired_; }

 private:
  friend class Deadlines;
  Deadlines& deadlines_;
  const std::function<void()> on_expiry_;
  SteadyTime at_ = SteadyTime::max();
  std::array<SteadyTime, 3> bounds_{SteadyTime::max(), SteadyTime::max(), SteadyTime::max()};
  bool expired_ = false;
};

}  // namespace telepost::adapters::net
