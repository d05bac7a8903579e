#include "adapters/net/session_group.h"

#include "adapters/net/io_threads.h"

namespace telepost::adapters::net {

SessionGroup::~SessionGroup() {
  abort();
  std::unique_lock lock(mutex_);
  empty_.wait(lock, [this] { return sessions_.empty(); });
}

void SessionGroup::add(Loop& loop, std::shared_ptr<Stoppable> session) {
  const Entry entry{&loop, std::move(session)};
  std::lock_guard lock(mutex_);
  sessions_.emplace(entry.session.get(), entry);
  if (phase_ != Phase::running) tell(entry, phase_);
}

void SessionGroup::remove(const Stoppable* session) {
  Entry last{};  // dropped after the lock
  std::lock_guard lock(mutex_);
  if (const auto found = sessions_.find(session); found != sessions_.end()) {
    last = std::move(found->second);
    sessions_.erase(found);
  }
  if (sessions_.empty()) empty_.notify_all();
}

void SessionGroup::tell(const Entry& entry, Phase phase) {
  entry.loop->post([session = entry.session, phase] {
    if (phase == Phase::draining) session->drain();
    else session->abort();
  });
}

void SessionGroup::enter(Phase phase) {
  std::lock_guard lock(mutex_);
  phase_ = phase;
  for (const auto& [key, entry] : sessions_) tell(entry, phase);
}

void SessionGroup::drain() { enter(Phase::draining); }
void SessionGroup::abort() { enter(Phase::aborting); }

bool SessionGroup::wait(Duration patience) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, patience, [this] { return sessions_.empty(); });
}

std::size_t SessionGroup::size() const {
  std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace telepost::adapters::net
