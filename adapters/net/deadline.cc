#include "adapters/net/deadline.h"

#include <algorithm>
#include <utility>

namespace telepost::adapters::net {

void Deadlines::tick() {
  const SteadyTime now = clock_.steady();
  for (Deadline* deadline : all_) {
    if (deadline->at_ > now) continue;
    deadline->at_ = SteadyTime::max();
    deadline->expired_ = true;
    deadline->on_expiry_();
  }
}

Deadline::Deadline(Deadlines& deadlines, std::function<void()> on_expiry)
    : deadlines_(deadlines), on_expiry_(std::move(on_expiry)) {
  deadlines_.all_.insert(this);
}

Deadline::~Deadline() { deadlines_.all_.erase(this); }

void Deadline::expires_after(Duration timeout) {
  const SteadyTime now = deadlines_.clock_.steady();
  const SteadyTime bound = *std::min_element(bounds_.begin(), bounds_.end());
  expired_ = bound <= now;
  at_ = std::min(now + timeout, bound);
}

void Deadline::limit(Span span, Duration from_now) {
  bounds_[static_cast<std::size_t>(span)] = deadlines_.clock_.steady() + from_now;
}

bool Deadline::is_past(Span span) const { return bounds_[static_cast<std::size_t>(span)] <= deadlines_.clock_.steady(); }

}  // namespace telepost::adapters::net
