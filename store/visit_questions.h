// What is asked of the log of visits (S2-110): who was connected at a time, and who fails to log in again and again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/visit_record.h"

namespace telepost::store {

class VisitLog;

// The connections on which somebody had logged in and that stood at this moment, the oldest first; those that a crash broke off as well,
// as far as their log-ins are logged. Without the time of an end: those that stand still, and those that a crash broke off.
// Errors: unsupported (connections are not logged), io, corrupt.
Result<std::vector<schema::VisitRecord>> online_at(VisitLog& log, Time at);

inline constexpr std::size_t kMostFailureGroups = 100'000;

struct RepeatedFailures {
  std::string peer;             // "" with all that came beyond kMostFailureGroups pairs
  schema::AccountId account{};  // 0: names that are nobody's
  std::string name{};
  std::uint64_t count = 0;
  Time first{}, last{};
};
// Refused log-ins by peer and account in [since, until), the most frequent first. Errors: io, corrupt.
Result<std::vector<RepeatedFailures>> repeated_failures(VisitLog& log, Time since, Time until, std::uint64_t at_least);

}  // namespace telepost::store
