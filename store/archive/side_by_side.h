// Calls to the archive side by side: it is far away rather than slow.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace telepost::store {

inline constexpr std::size_t kArchiveCallsAtOnce = 4;

// Begins `work` with 0 to count - 1 in this order, several at a time. Once one gives false none is begun any more: what does not answer
// would be waited for again and again. `between` is called by the caller's thread after each of its own.
inline void do_side_by_side(std::size_t count, const std::function<bool(std::size_t)>& work, const std::function<void()>& between) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stopped{false};
  const auto take = [&](const std::function<void()>& rest) {
    for (std::size_t index = next++; index < count && !stopped.load(); index = next++) {
      if (!work(index)) stopped.store(true);
      rest();
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(kArchiveCallsAtOnce, count); ++i) others.emplace_back([&] { take([] {}); });
  take(between);
}

}  // namespace telepost::store
