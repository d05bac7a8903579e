// How many accounts one peer may cause to be created in an hour. Bounded memory: peers of the running hour only.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace telepost::store {

class CreationLimit {
 public:
  explicit CreationLimit(std::uint32_t per_hour) : per_hour_(per_hour) {}
  bool allow(const std::string& peer, Time now);  // counts it when it is allowed

 private:
  const std::uint32_t per_hour_;
  std::mutex mutex_;
  std::int64_t hour_ = 0;                                  // guarded by mutex_
  std::unordered_map<std::string, std::uint32_t> counts_;  // guarded by mutex_
};

}  // namespace telepost::store
