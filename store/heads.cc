#include "store/heads.h"

namespace telepost::store {

void Head::begin_commit(Touches touches) {
  in_flight_.fetch_add(1, std::memory_order_acq_rel);
  if (touches == Touches::any_messages) edits_in_flight_.fetch_add(1, std::memory_order_acq_rel);
}

void Head::end_commit(Touches touches, bool succeeded) {
  if (!succeeded) broken_.store(true, std::memory_order_release);
  const bool last_edit = touches == Touches::any_messages && edits_in_flight_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  const bool last = in_flight_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  if (last || last_edit) {
    const std::lock_guard lock(idle_mutex_);
    idle_.notify_all();
  }
}

void Head::wait_until_idle() {
  if (idle()) return;
  std::unique_lock lock(idle_mutex_);
  idle_.wait(lock, [this] { return idle(); });
}

void Head::wait_for_edits() {
  const auto none = [this] { return edits_in_flight_.load(std::memory_order_acquire) == 0; };
  if (none()) return;
  std::unique_lock lock(idle_mutex_);
  idle_.wait(lock, none);
}

std::shared_ptr<Head> Heads::get(schema::AccountId id) {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(id);
  if (found != slots_.end()) {
    if (found->second.head->broken()) found->second.head = std::make_shared<Head>(id);
    recent_.splice(recent_.begin(), recent_, found->second.place);
    return found->second.head;
  }
  evict();
  recent_.push_front(id);
  return slots_.emplace(id, Slot{std::make_shared<Head>(id), recent_.begin()}).first->second.head;
}

void Heads::forget(schema::AccountId id) {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(id);
  if (found == slots_.end()) return;
  recent_.erase(found->second.place);
  slots_.erase(found);
}

// Drops the least recently used that nobody holds and that has nothing in flight: a head with a commit in flight is
// ahead of the engine and must not be loaded a second time.
void Heads::evict() {
  auto place = recent_.end();
  for (int looked_at = 0; slots_.size() >= limit_ && place != recent_.begin() && looked_at < 64; ++looked_at) {
    --place;
    const auto slot = slots_.find(*place);
    if (slot->second.head.use_count() > 1 || !slot->second.head->idle()) continue;
    slots_.erase(slot);
    place = recent_.erase(place);
  }
}

}  // namespace telepost::store
