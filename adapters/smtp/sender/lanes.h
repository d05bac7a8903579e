// Who sends what on which connection. A lane holds the jobs for one next destination that wait for a connection, and knows its
// couriers: those that call, those that work, and those whose connection waits for the next message. Any thread.
//
// A job belongs to nobody until a connection is there for it: a call that is not answered for minutes holds up no message that
// another connection could carry. Few calls are made at one time, so that no server's queue of connections overflows.
//
// Reports have lanes of their own and at most a quarter of the connections: whoever has them sent to slow servers, under however
// many names and addresses, delays reports and no other mail. A place that becomes free goes to the lane that has waited for its first the longest.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/smtp/sender/errand.h"
#include "base/clock.h"

namespace telepost::adapters::smtp::sender {

// The end of a connection, as lanes know it. Called with the lanes locked: it must only post.
class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual void wake() = 0;  // take() has something, or says that it is over
};

class Lanes {
 public:
  Lanes(std::size_t couriers, std::size_t couriers_of_lane) : most_(couriers), most_of_lane_(couriers_of_lane) {}

  struct Given {
    enum class How : unsigned char {
      taken,  // by a connection that waited, or waits for one
      start,  // waits for one, and the caller starts a courier that calls as it asks, and leaves() in the end
      paused, // the destination does not answer: to be deferred without being tried
    } how = How::taken;
    std::string reason;  // of paused
  };
  Given give(ErrandPtr errand, SteadyTime now);

  // A courier's call is answered. Jobs that others are to be started with: the more answer, the more call.
  std::vector<ErrandPtr> answered(const std::string& lane);
  // The call came to nothing. True: the job that it was made for still waited, and is the courier's.
  bool withdraw(const std::string& lane, const ErrandPtr& errand);
  // The connection is gone before a word was said: the job waits again, as the first, and the courier calls once more.
  void call_again(const std::string& lane, const ErrandPtr& errand);

  // A courier has a connection: the lane's next job; or none, and it counts as waiting until wake(), then takes.
  ErrandPtr next(const std::string& lane, Carrier& carrier);
  // What was given to a courier that waited; none, and it waits no more: time to leave.
  ErrandPtr take(const std::string& lane, Carrier& carrier);
  // A courier ends. Jobs that another one is to be started with.
  std::vector<ErrandPtr> leave(const std::string& lane);

  // The destination did not answer: it pauses once that happened twice in a row. What waited for it, to be deferred.
  std::vector<ErrandPtr> failed(const std::string& lane, const std::string& reason, SteadyTime now);

  // Nothing more is given out: what waits, to be put back; couriers that wait are woken and leave.
  std::vector<ErrandPtr> close();
  std::size_t couriers() const;

 private:
  struct Lane {
    std::deque<ErrandPtr> waiting;
    std::size_t couriers = 0;
    std::size_t calling = 0;               // of them
    bool is_report = false;                // reports wait in it, else none do
    std::uint64_t turn = 0;                // when it began to wait for a first connection, or last began a call
    std::vector<Carrier*> idle;
    std::map<Carrier*, ErrandPtr> handed;  // woken, not yet taken
    unsigned failures = 0;                 // in a row
    SteadyTime paused_until = SteadyTime::min();
    std::string reason;
    bool empty() const { return waiting.empty() && couriers == 0 && failures == 0; }
  };
  // `promised`: how many of those that wait have a connection already.
  bool may_call(const Lane& lane, std::size_t promised = 0) const;
  void begin_call(Lane& lane);
  Lane* longest_without();
  void call_where_wanted(Lane& lane, std::vector<ErrandPtr>& start, std::size_t promised = 0);
  void make_room(const Lane& wanting);
  void forget_old(SteadyTime now);

  const std::size_t most_, most_of_lane_;
  mutable std::mutex mutex_;
  std::map<std::string, Lane> lanes_;  // guarded by mutex_, as the rest
  std::size_t couriers_ = 0;
  std::size_t couriers_of_reports_ = 0;  // of them
  std::uint64_t turns_ = 0;
  std::size_t waiting_ = 0;  // jobs in all lanes
  bool closed_ = false;
};

}  // namespace telepost::adapters::smtp::sender
