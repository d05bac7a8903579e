#include "adapters/smtp/sender/in_hand.h"

#include <utility>

namespace telepost::adapters::smtp::sender {

void InHand::add(const ErrandPtr& errand) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = entries_.insert_or_assign(errand->job.id, Entry{errand, errand->job.record.lease_until});
  if (is_new && errand->is_report) ++reports_;
}

void InHand::remove(std::uint64_t job) {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(job); found != entries_.end()) {
    if (found->second.errand->is_report) --reports_;
    entries_.erase(found);
  }
  if (entries_.empty()) empty_.notify_all();
  if (const auto tell = std::exchange(tell_, nullptr)) tell();
}

void InHand::when_room(std::function<void()> tell) {
  const std::lock_guard lock(mutex_);
  tell_ = std::move(tell);
}

std::size_t InHand::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::size_t InHand::reports() const {
  const std::lock_guard lock(mutex_);
  return reports_;
}

bool InHand::wait_until_empty(Duration patience) const {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, patience, [this] { return entries_.empty(); });
}

std::vector<ErrandPtr> InHand::lapsing(Time by) const {
  const std::lock_guard lock(mutex_);
  std::vector<ErrandPtr> lapsing;
  for (const auto& [job, entry] : entries_) {
    if (entry.lease_until < by) lapsing.push_back(entry.errand);
  }
  return lapsing;
}

void InHand::renewed(std::uint64_t job, Time until) {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(job); found != entries_.end()) found->second.lease_until = until;
}

void InHand::keep(const ErrandPtr& errand, std::vector<store::MailOutcome> outcomes) {
  const std::lock_guard lock(mutex_);
  kept_.emplace_back(errand, std::move(outcomes));
}

std::vector<std::pair<ErrandPtr, std::vector<store::MailOutcome>>> InHand::take_kept() {
  const std::lock_guard lock(mutex_);
  return std::exchange(kept_, {});
}

}  // namespace telepost::adapters::smtp::sender
