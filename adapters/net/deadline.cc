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
  expired_ = false;
  at_ = std::min(deadlines_.clock_.steady() + timeout, total_);
}

void Deadline::limit_total(Duration total) { total_ = deadlines_.clock_.steady() + total; }

}  // namespace telepost::adapters::net
