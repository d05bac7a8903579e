// The server's own schedule. One thread watches the disk, counts the queues and keeps the latest store time; another sweeps what is due within a
// second, and may be long at it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace telepost::store {

struct Rooms;

class Schedule {
 public:
  enum class Sweeping { by_itself, when_asked };
  Schedule(Rooms& rooms, Sweeping sweeping);
  ~Schedule();

 private:
  void watch();
  void watch_clock();
  void sweep();
  bool wait_a_round();  // false: stopping
  Rooms& rooms_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  bool clock_leapt_ = false;  // the watching thread's
  std::thread watch_;
  std::thread sweep_;  // when sweeping by itself
};

}  // namespace telepost::store
