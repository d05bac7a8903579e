// What guessing passwords meets: each failed log-in makes the next one from there wait longer, counted per account and network and,
// more slowly, per network. Nobody is ever locked out: who comes from elsewhere waits for nothing (DESIGN section 7).
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace telepost::adapters::net {

inline constexpr unsigned kFreeFailures = 3;          // per account and network, before it waits at all
inline constexpr unsigned kFreeNetworkFailures = 20;  // many people may share an address
inline constexpr Duration kFirstLoginDelay = std::chrono::seconds(1);
inline constexpr Duration kLastLoginDelay = std::chrono::minutes(1);
inline constexpr Duration kMaxLoginWait = std::chrono::minutes(2);  // of attempts that queue; beyond it they are refused
inline constexpr Duration kForgetFailures = std::chrono::minutes(30);

// Any thread. Memory: about 200 bytes for each of `most` entries; the least recent goes first. The clock must outlive it.
class LoginDelays {
 public:
  explicit LoginDelays(const Clock& clock, std::size_t most = 65'536) : clock_(clock), most_(most) {}

  // One log-in from begin() on: other attempts count it as failed until it succeeds. It ends before the delays.
  class Attempt {
   public:
    ~Attempt();
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    // From begin() to when it may be checked. Attempts of one account and network wait one behind the other.
    Duration wait() const { return wait_; }
    void succeeded();

   private:
    friend class LoginDelays;
    Attempt(LoginDelays& delays, std::string account, std::string network) : delays_(delays), account_(std::move(account)), network_(std::move(network)) {}
    LoginDelays& delays_;
    const std::string account_;  // with its network
    const std::string network_;
    Duration wait_{};
    bool ended_ = false;
  };
  // Null: so many wait already that this one would for longer than kMaxLoginWait. `account` is the name as it was typed, in
  // lower case; `network` an address, or the /64 of one.
  std::unique_ptr<Attempt> begin(std::string_view account, std::string_view network);

  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    unsigned failures = 0;
    unsigned pending = 0;
    SteadyTime free_at{};    // when the last attempt that waits may go
    SteadyTime forget_at{};
  };
  using Entries = std::list<Entry>;  // the most recent first
  Entry& entry(const std::string& key, SteadyTime now);
  SteadyTime due(const Entry& entry, unsigned free_failures, SteadyTime now) const;
  void end(const Attempt& attempt, bool succeeded);

  const Clock& clock_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  Entries entries_;                                          // guarded by mutex_
  std::unordered_map<std::string_view, Entries::iterator> by_key_;  // guarded by mutex_; keys lie in the entries
};

}  // namespace telepost::adapters::net
