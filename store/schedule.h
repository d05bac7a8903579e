// The server's own schedule: sweeps what is due within a second, watches the disk, keeps the latest store time.
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
  void loop(Sweeping sweeping);
  Rooms& rooms_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace telepost::store
