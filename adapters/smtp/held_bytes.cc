#include "adapters/smtp/held_bytes.h"

#include <utility>

namespace telepost::adapters::smtp {

void HeldBytes::Share::hold(std::size_t size_bytes) {
  if (size_bytes == held_) return;
  const std::lock_guard lock(all_.mutex_);
  all_.total_ = all_.total_ - held_ + size_bytes;
  held_ = size_bytes;
  const bool gives_turn = held_ <= kFreeHeldBytes && all_.turn_ == this;
  if (gives_turn) all_.turn_ = nullptr;
  if (all_.total_ <= all_.budget_bytes_) {
    for (const auto& wake : all_.waiting_) wake();
  } else if (gives_turn && !all_.waiting_.empty()) {
    all_.waiting_.front()();
  }
}

bool HeldBytes::Share::must_wait() {
  if (held_ <= kFreeHeldBytes) return false;
  const std::lock_guard lock(all_.mutex_);
  if (all_.total_ <= all_.budget_bytes_) return false;
  const SteadyTime now = all_.clock_.steady();
  if (all_.turn_ != nullptr && now < all_.turn_ends_) return all_.turn_ != this;
  // Who had it comes after another that waits: it asks again only when it has read.
  all_.turn_ = this;
  all_.turn_ends_ = now + kHeldTurn;
  return false;
}

HeldBytes::Waiting::Waiting(Share& share, std::function<void()> wake)
    : all_(share.all_), place_([&] {
        const std::lock_guard lock(all_.mutex_);
        return all_.waiting_.insert(all_.waiting_.end(), std::move(wake));
      }()) {}

HeldBytes::Waiting::~Waiting() {
  const std::lock_guard lock(all_.mutex_);
  all_.waiting_.erase(place_);
}

SteadyTime HeldBytes::Waiting::look_again() const {
  const std::lock_guard lock(all_.mutex_);
  return all_.turn_ends_;
}

std::size_t HeldBytes::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace telepost::adapters::smtp
