// Who may work on something that several processes could work on: a slice of the calendar, the removal of an account.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::schema {

// Who owns the lease is told by `owner` and `epoch`; whether the owner still lives, by whether the record changes within `length`, by
// the monotonic clock of who watches it. `until` is for people: no clock has to be right.
struct LeaseRecord {
  std::uint32_t owner = 0;    // incarnation of the store that holds it; 0: nobody
  std::uint64_t epoch = 0;    // raised by each taking
  std::uint64_t renewal = 0;  // raised by each renewal
  Duration length{};
  Time until{};
  bool operator==(const LeaseRecord&) const = default;
};
std::string encode(const LeaseRecord& record);
Result<LeaseRecord> decode_LeaseRecord(std::string_view bytes);

}  // namespace telepost::schema
