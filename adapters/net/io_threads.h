// The threads that sessions run on. Each has an event loop of its own, and a session stays on one loop for its life: that
// loop is its strand, so a session needs no lock and pays for none.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"

namespace boost::asio {
class io_context;
}

namespace telepost::adapters::net {

class Deadlines;

class Loop {
 public:
  explicit Loop(const Clock& clock);
  ~Loop();
  boost::asio::io_context& context();
  Deadlines& deadlines();
  void post(std::function<void()> work);  // any thread

 private:
  friend class IoThreads;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

class IoThreads {
 public:
  // At least one thread. The clock, by which deadlines are judged, must outlive it.
  IoThreads(unsigned threads, const Clock& clock);
  // Everything that runs on the loops must have ended before.
  ~IoThreads();
  Loop& next();  // any thread; in turns
  Loop& first() { return *loops_.front(); }

 private:
  std::vector<std::unique_ptr<Loop>> loops_;
  std::atomic<unsigned> turn_{0};
};

}  // namespace telepost::adapters::net
