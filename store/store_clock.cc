#include "store/store_clock.h"

#include <algorithm>

namespace telepost::store {
namespace {

// Microseconds hold every year that RFC 3339 can write, nanoseconds end in 2262.
constexpr std::int64_t kMicrosPerMilli = 1000;

std::int64_t micros(Duration duration) { return duration.count() * kMicrosPerMilli; }

}  // namespace

StoreClock::StoreClock(const Clock& wall, Limits limits) : wall_(wall), limits_(limits) {
  offset_.store(wall_micros() - steady_micros());
}

std::int64_t StoreClock::wall_micros() const { return to_millis(wall_.now()) * kMicrosPerMilli; }
std::int64_t StoreClock::steady_micros() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(wall_.steady().time_since_epoch()).count();
}

// A leap that was noticed stays one until the wall clock is within the narrower bound.
Duration StoreClock::limit() const {
  return leapt_.load(std::memory_order_relaxed) ? std::min(limits_.max_jump, limits_.max_stop) : limits_.max_jump;
}

void StoreClock::begin(const schema::StoreRecord& record) {
  const std::int64_t latest = to_millis(record.latest) * kMicrosPerMilli;
  const std::int64_t wall = wall_micros();
  leapt_.store(record.leap.has_value());
  const Duration bound = record.leap ? limit() : limits_.max_stop;
  leapt_.store(record.latest != Time{} && wall - latest > micros(bound));
  latest_.store(to_millis(record.latest));
  looked_.store(steady_micros());
  offset_.store((leapt_.load() ? latest : std::max(wall, latest)) - steady_micros());
}

// The wall clock is read first: a thread that is held up between the two must not see it ahead.
Time StoreClock::now() {
  const std::int64_t wall = wall_micros();
  const std::int64_t steady = steady_micros();
  const std::int64_t passed = std::max<std::int64_t>(0, steady - looked_.exchange(steady, std::memory_order_relaxed));
  std::int64_t offset = offset_.load(std::memory_order_relaxed);
  const std::int64_t lead = wall - (steady + offset);
  if (lead > micros(limit())) {
    leapt_.store(true, std::memory_order_relaxed);
  } else {
    leapt_.store(false, std::memory_order_relaxed);
    if (lead > 0) {
      while (offset < wall - steady && !offset_.compare_exchange_weak(offset, wall - steady, std::memory_order_relaxed)) {
      }
    } else if (lead < -kMicrosPerMilli) {
      offset_.fetch_sub(std::min(passed / 2, -lead), std::memory_order_relaxed);
    }
  }
  const std::int64_t now = (steady + offset_.load(std::memory_order_relaxed)) / kMicrosPerMilli;
  std::int64_t latest = latest_.load(std::memory_order_relaxed);
  while (now > latest && !latest_.compare_exchange_weak(latest, now, std::memory_order_relaxed)) {
  }
  return from_millis(std::max(now, latest));
}

Time StoreClock::stamp() {
  const Time now = this->now();
  return std::max(now, wall_.now());
}

std::optional<Duration> StoreClock::leap() {
  const Time now = this->now();
  if (!leapt_.load(std::memory_order_relaxed)) return std::nullopt;
  return wall_.now() - now;
}

void StoreClock::accept() {
  offset_.store(wall_micros() - steady_micros());
  leapt_.store(false);
}

}  // namespace telepost::store
