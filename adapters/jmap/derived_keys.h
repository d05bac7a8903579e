// What a password was derived to a little while ago. Deriving takes milliseconds, and a client logs in with every request; whether what
// was derived still opens an account is asked of the store each time, so that a revoked password opens nothing from then on.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/random.h"
#include "base/scram_keys.h"

namespace telepost::adapters::jmap {

inline constexpr Duration kKeepDerived = std::chrono::minutes(10);

// Any thread. The clock must outlive it. Holds no password and no name: a hash of them under a key that nobody else has.
class DerivedKeys {
 public:
  DerivedKeys(const Clock& clock, Random& random, std::size_t most = 10'000) : clock_(clock), secret_(random.bytes(32)), most_(most) {}

  std::optional<ScramKeys> find(std::string_view name, std::string_view password);
  void add(std::string_view name, std::string_view password, const ScramKeys& keys);  // of one that opened an account

 private:
  struct Entry {
    Digest under;
    ScramKeys keys;
    SteadyTime until;
  };
  Digest under(std::string_view name, std::string_view password) const;

  const Clock& clock_;
  const std::string secret_;
  const std::size_t most_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the oldest last; guarded by mutex_
  std::unordered_map<Digest, std::list<Entry>::iterator> by_hash_;  // guarded by mutex_
};

}  // namespace telepost::adapters::jmap
