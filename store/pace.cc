#include "store/pace.h"

#include <algorithm>
#include <thread>

#include "store/rooms.h"

namespace telepost::store {
namespace {

using std::chrono::milliseconds;
// A sixth of one thread: what a batch of deletions costs in compaction comes on top of what it takes itself, and the others
// are to keep four fifths of their rate.
constexpr int kRestPerWork = 5;
constexpr milliseconds kLongestRest{2000};
constexpr milliseconds kLook{20};
constexpr milliseconds kShortestWork{4};  // smaller steps are gathered: a rest cannot be shorter than a look

}  // namespace

Pace::Pace(Rooms& rooms)
    : rooms_(rooms), delivered_(rooms.committer.delivered()), begun_(std::chrono::steady_clock::now()) {}

void Pace::rest() {
  const auto now = std::chrono::steady_clock::now();
  if (now - begun_ < kShortestWork) return;
  const std::uint64_t delivered = rooms_.committer.delivered();
  if (delivered != delivered_) {
    const auto until = now + std::min<std::chrono::steady_clock::duration>(kRestPerWork * (now - begun_), kLongestRest);
    while (!rooms_.stopping.load() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kLook);
  }
  delivered_ = rooms_.committer.delivered();
  begun_ = std::chrono::steady_clock::now();
}

}  // namespace telepost::store
