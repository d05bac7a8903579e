#include "store/health.h"

#include "base/log.h"
#include "base/metrics.h"

namespace telepost::store {
namespace {

metrics::Gauge& free_bytes() {
  static metrics::Gauge gauge("telepost_disk_free_bytes", "Free bytes on the store's disk");
  return gauge;
}
metrics::Gauge& latch() {
  static metrics::Gauge gauge("telepost_health_latch", "1 while deliveries are refused: disk full or failing");
  return gauge;
}

}  // namespace

Result<void> Health::check() const {
  const bool full = disk_full_.load(std::memory_order_relaxed);
  const bool latched = latched_.load(std::memory_order_relaxed);
  if (!full && !latched) return {};
  if (full) return {Errc::disk_full, "the disk's reserve is reached; free space and deliveries go on by themselves"};
  const std::lock_guard lock(mutex_);
  return {failure_.kind == Errc::disk_full ? Errc::disk_full : Errc::io, "the last commit failed: " + to_string(failure_)};
}

void Health::commit_failed(const Error& error) {
  const std::lock_guard lock(mutex_);
  failure_ = error;
  if (!latched_.exchange(true)) log::error("commit_failed", {{"reason", to_string(error)}});
  latch().set(1);
}

void Health::commit_succeeded() {
  if (!latched_.load(std::memory_order_relaxed)) return;
  if (latched_.exchange(false)) log::info("commits_succeed_again");
}

void Health::refresh() {
  const Result<DiskSpace> space = engine_.disk_space();
  bool full = false;
  if (space.ok()) {
    free_bytes().set(static_cast<double>(space->free_bytes));
    full = space->free_bytes < reserve_.bytes_of(space->total_bytes);
  }
  if (full != disk_full_.exchange(full)) {
    if (full) log::error("disk_reserve_reached", {{"free_bytes", space->free_bytes}});
    else log::info("disk_reserve_free_again", {});
  }
  // Also below the reserve: expunges and sweeps must be able to write, or the store could never free space by itself.
  if (latched_.load() && engine_.recover().ok()) {
    std::vector<CommitList> probe(1);
    probe[0].push_back({Batch(schema::Partition::meta())});
    probe[0][0].batch.erase(Space::point, "probe");
    Result<void> result;
    engine_.commit(probe, std::span(&result, 1));
    if (result.ok()) commit_succeeded();
  }
  latch().set(full || latched_.load() ? 1 : 0);
}

}  // namespace telepost::store
