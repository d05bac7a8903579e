// Removals of accounts in a serving store: one after the other on a thread of their own, for a large one takes minutes and rests while
// messages come in, and other due work starts within a second all the same.
#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "store/sweep.h"

namespace telepost::store {

struct Rooms;

class AccountRemovals {
 public:
  using Outcome = std::pair<Result<void>, SweepCount>;
  explicit AccountRemovals(Rooms& rooms);
  ~AccountRemovals();  // after Rooms::stopping is set; what is under way ends early and is found again by its hint

  // Begun as soon as those before it are done; one that waits or runs already is not begun again. A hint stands at that time in the place
  // of the one that led here, and goes when the removal is done; where that one was none of the removal's own it may tell of what a
  // running removal has passed, and the last hint stays for another look. cancelled: the store is being closed.
  std::shared_future<Outcome> give(schema::AccountId account, Time led_by, Time hint);

 private:
  struct Removal {
    schema::AccountId account;
    Time hint;
    std::promise<Outcome> told;
  };
  struct UnderWay {
    std::shared_future<Outcome> outcome;
    std::set<Time> hints;  // that stand for it
    bool is_running = false;
    bool is_asked_again = false;
  };
  void loop();
  Outcome remove(const Removal& removal);
  Result<void> end(schema::AccountId account, bool is_done);
  Rooms& rooms_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Removal> waiting_;                       // guarded by mutex_
  std::map<schema::AccountId, UnderWay> under_way_;  // the same: those that wait, and the one that runs
  bool stopping_ = false;                             // the same
  std::thread thread_;
};

}  // namespace telepost::store
