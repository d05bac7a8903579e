// Lets deliveries go first: background work rests after each bounded step for as long as messages keep coming in, and goes
// on at once where nobody is waiting.
#pragma once

#include <chrono>
#include <cstdint>

namespace telepost::store {

struct Rooms;

class Pace {
 public:
  explicit Pace(Rooms& rooms);  // by the thread that will work
  // After a bounded step. Returns early when the store is being closed.
  void rest();

 private:
  Rooms& rooms_;
  std::uint64_t delivered_;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::nanoseconds used_;  // of processor time, by the thread that works
};

}  // namespace telepost::store
