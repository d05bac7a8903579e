#include "store/store_clock.h"

namespace telepost::store {

Time StoreClock::now() {
  const std::int64_t wall = to_millis(wall_.now());
  std::int64_t latest = latest_.load(std::memory_order_relaxed);
  while (wall > latest && !latest_.compare_exchange_weak(latest, wall, std::memory_order_relaxed)) {
  }
  return from_millis(wall > latest ? wall : latest);
}

}  // namespace telepost::store
