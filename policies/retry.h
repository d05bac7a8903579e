// When what could not be sent is tried again, and when it is given up. Pure: facts in, verdict out. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "schema/job_records.h"

namespace telepost::policies {

struct RetrySchedule {
  std::vector<Duration> waits;  // before the second attempt, the third, …; the last one repeats; never empty
  Duration expire{};            // from the first moment to the end
  Duration delay_notice{};      // from the first moment to the word that it takes long; zero: none
};

// What kept an attempt from its end.
enum class Failure : std::uint8_t {
  peer,        // the peer answered: not now (4xx)
  connection,  // nobody answered, or the connection broke
  dns,         // the name could not be asked for
  tls,         // the peer offers less than the policy asks for: people must act, so it is asked less often
};
std::string_view name_of(Failure failure);

struct RetryFacts {
  schema::Network network = schema::Network::mail;
  std::uint32_t attempts = 1;     // made so far
  Time created{};                 // or when it was first to be sent
  Time now{};
  Failure failure = Failure::peer;
  std::uint64_t jitter = 0;       // any number; the same one gives the same verdict
};

// The next attempt; none: give up. Waits are stretched by up to a tenth, so that what failed together does not come together; the
// last attempt is at the end itself.
std::optional<Time> next_attempt(const RetrySchedule& schedule, const RetryFacts& facts);

// Whether the sender should be told now that it takes long (RFC 5321 section 4.5.4.1), which is done once.
bool is_delay_notice_due(const RetrySchedule& schedule, Time created, Time now);

}  // namespace telepost::policies
