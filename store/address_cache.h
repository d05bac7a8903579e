// Where addresses led lately. Not the truth: whoever uses an answer asks the account's profile whether it still has the
// address, so that nothing need be taken back here. Bounded; any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "schema/ids.h"

namespace telepost::store {

class AddressCache {
 public:
  std::optional<schema::AccountId> find(const std::string& address) const {
    const std::lock_guard lock(mutex_);
    const auto found = accounts_.find(address);
    return found == accounts_.end() ? std::nullopt : std::optional(found->second);
  }
  void remember(const std::string& address, schema::AccountId account) {
    const std::lock_guard lock(mutex_);
    if (accounts_.size() >= kAddresses) accounts_.clear();  // rare, and the next reads fill it again
    accounts_.insert_or_assign(address, account);
  }

 private:
  static constexpr std::size_t kAddresses = 100'000;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, schema::AccountId> accounts_;  // guarded by mutex_
};

}  // namespace telepost::store
