// What the log of visits keeps: visits.keep and visits.events.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace telepost::schema {

struct VisitSettings {
  Duration keep = std::chrono::days(30);  // 0: nothing is logged
  // visits.events
  bool refused = true;      // log-ins
  bool accepted = true;     // log-ins
  bool connections = true;  // from their beginning to their end, also those that were refused at the door
  bool operator==(const VisitSettings&) const = default;
};

}  // namespace telepost::schema
