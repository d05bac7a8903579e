// The jobs that this process has claimed and not yet told the end of: their leases, and outcomes that could not be written yet.
// Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "adapters/smtp/sender/errand.h"
#include "base/clock.h"

namespace telepost::adapters::smtp::sender {

class InHand {
 public:
  void add(const ErrandPtr& errand);
  void remove(std::uint64_t job);
  std::size_t size() const;
  std::size_t reports() const;  // of them (Errand::is_report)
  bool wait_until_empty(Duration patience) const;
  // Called once, by the next remove(), which must not be waited for in it. An empty one takes it back: at return it is neither called
  // any more nor being called.
  void when_room(std::function<void()> tell);

  // Whose lease ends before `by`.
  std::vector<ErrandPtr> lapsing(Time by) const;
  void renewed(std::uint64_t job, Time until);

  // An outcome that the store did not take, for later: the peer has answered, and asking it again would send the message twice.
  void keep(const ErrandPtr& errand, std::vector<store::MailOutcome> outcomes);
  std::vector<std::pair<ErrandPtr, std::vector<store::MailOutcome>>> take_kept();

 private:
  struct Entry {
    ErrandPtr errand;
    Time lease_until;
  };
  mutable std::mutex mutex_;
  mutable std::condition_variable empty_;
  std::map<std::uint64_t, Entry> entries_;  // guarded by mutex_
  std::size_t reports_ = 0;                 // the same
  std::vector<std::pair<ErrandPtr, std::vector<store::MailOutcome>>> kept_;  // the same
  std::function<void()> tell_;                                               // the same
};

}  // namespace telepost::adapters::smtp::sender
