#include "store/pace.h"

#include <algorithm>
#include <ctime>
#include <thread>

#include "store/rooms.h"

namespace telepost::store {
namespace {

using std::chrono::milliseconds;
// A quarter of one thread: what a batch of deletions costs in compaction comes on top of what it takes itself, and the others
// are to keep four fifths of their rate. Waiting for others is rest too, and there is much of that when they have the processors.
constexpr int kRestPerWork = 3;
constexpr milliseconds kLongestRest{2000};
constexpr milliseconds kLook{20};
constexpr int kQuietLooks = 5;  // in which nothing came: nobody is waiting any more
constexpr milliseconds kShortestWork{4};  // smaller steps are gathered: a rest cannot be shorter than a look

// Of this thread, which is the one that works.
std::chrono::nanoseconds processor_time() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

Pace::Pace(Rooms& rooms)
    : rooms_(rooms), delivered_(rooms.committer.delivered()), begun_(std::chrono::steady_clock::now()), used_(processor_time()) {}

void Pace::rest() {
  const auto now = std::chrono::steady_clock::now();
  if (now - begun_ < kShortestWork) return;
  const std::uint64_t delivered = rooms_.committer.delivered();
  if (delivered != delivered_) {
    const auto worked = processor_time() - used_;
    const auto until = std::min<std::chrono::steady_clock::time_point>(begun_ + (1 + kRestPerWork) * worked, now + kLongestRest);
    std::uint64_t seen = delivered;
    int quiet = 0;
    for (auto time = now; !rooms_.stopping.load() && time < until && quiet < kQuietLooks; time = std::chrono::steady_clock::now()) {
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kLook, until - time));
      quiet = rooms_.committer.delivered() == seen ? quiet + 1 : 0;
      seen = rooms_.committer.delivered();
    }
  }
  delivered_ = rooms_.committer.delivered();
  begun_ = std::chrono::steady_clock::now();
  used_ = processor_time();
}

}  // namespace telepost::store
