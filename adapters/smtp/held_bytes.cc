#include "adapters/smtp/held_bytes.h"

namespace telepost::adapters::smtp {

void HeldBytes::Share::hold(std::size_t size_bytes) {
  if (size_bytes == held_) return;
  const std::lock_guard lock(all_.mutex_);
  all_.total_ = all_.total_ - held_ + size_bytes;
  held_ = size_bytes;
  if (held_ <= kFreeHeldBytes && all_.turn_ == this) all_.turn_ = nullptr;
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

std::size_t HeldBytes::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace telepost::adapters::smtp
