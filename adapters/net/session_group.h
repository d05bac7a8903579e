// The sessions of a server: what lets it wait for them, and end them. No session runs outside a group.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include "base/clock.h"

namespace telepost::adapters::net {

class Loop;

// What a group asks of a session, on the session's loop.
class Stoppable {
 public:
  virtual ~Stoppable() = default;
  virtual void drain() = 0;  // end at the next point where nothing is lost
  virtual void abort() = 0;  // end now; what was not acknowledged is dropped
};

class SessionGroup {
 public:
  ~SessionGroup();  // aborts, and awaits all

  // Any thread. A session that comes while the group drains is told so at once.
  void add(Loop& loop, std::shared_ptr<Stoppable> session);
  void remove(const Stoppable* session);  // as the session's last act

  void drain();
  void abort();
  // True when no session is left; waits up to `patience`. Never on a loop.
  bool wait(Duration patience);
  std::size_t size() const;

 private:
  enum class Phase : unsigned char { running, draining, aborting };
  struct Entry {
    Loop* loop;
    std::shared_ptr<Stoppable> session;
  };
  static void tell(const Entry& entry, Phase phase);
  void enter(Phase phase);

  mutable std::mutex mutex_;
  std::condition_variable empty_;
  Phase phase_ = Phase::running;                 // guarded by mutex_
  std::map<const Stoppable*, Entry> sessions_;   // guarded by mutex_
};

}  // namespace telepost::adapters::net
