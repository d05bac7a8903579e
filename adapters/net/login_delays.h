// What guessing passwords meets: each failed log-in makes the next one from there wait longer, counted per account and network and,
// more slowly, per network. Nobody is ever locked out: who comes from elsewhere waits for nothing (DESIGN section 7).
//
// Attempts that come at one time wait one behind the other, as though all before them failed, or guessing in parallel would cost
// nothing. A success brings those behind it forward, so that a mail program that opens twenty connections waits for none of this.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace telepost::adapters::net {

inline constexpr unsigned kFreeFailures = 3;          // per account and network, before it waits at all
inline constexpr unsigned kFreeNetworkFailures = 20;  // many people may share an address
inline constexpr Duration kFirstLoginDelay = std::chrono::seconds(1);
inline constexpr Duration kLastLoginDelay = std::chrono::minutes(1);
inline constexpr Duration kMaxLoginWait = std::chrono::minutes(2);  // then an attempt that is not due is to be refused
inline constexpr std::size_t kMostLoginsAtOnce = 256;               // of one account from one network
inline constexpr Duration kForgetFailures = std::chrono::minutes(30);

// Any thread. Memory: about 200 bytes for each of `most` entries; the least recent goes first. The clock must outlive it.
class LoginDelays {
 public:
  explicit LoginDelays(const Clock& clock, std::size_t most = 65'536) : clock_(clock), most_(most) {}

  // One log-in from begin() on. It ends before the delays. Checked, it is a failure unless it succeeded; one that never was, is
  // nothing.
  class Attempt {
   public:
    ~Attempt();
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    SteadyTime due() const;  // when it may be checked; never later than it was, sooner when others end
    bool is_due() const { return due() <= delays_.clock_.steady(); }
    // Called whenever due() came closer, on any thread, with locks held: it must only post.
    void when_sooner(std::function<void()> wake);
    bool check();  // false: it is not due
    void succeeded();

   private:
    friend class LoginDelays;
    Attempt(LoginDelays& delays, std::string account, std::string network, SteadyTime begun)
        : delays_(delays), account_(std::move(account)), network_(std::move(network)), begun_(begun) {}
    LoginDelays& delays_;
    const std::string account_;  // with its network
    const std::string network_;
    const SteadyTime begun_;
    SteadyTime account_due_ = SteadyTime::max(), network_due_ = SteadyTime::max();  // guarded by the delays' mutex, as the rest
    std::function<void()> wake_;
    bool checked_ = false;
    bool ended_ = false;
  };
  // Null: kMostLoginsAtOnce wait already. `account` is whatever guesses are counted under (login_turn.h); `network` an address, or the
  // /64 of one.
  std::unique_ptr<Attempt> begin(std::string_view account, std::string_view network);

  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    unsigned failures = 0;
    SteadyTime from{};               // the next attempt's delay begins here at the earliest
    SteadyTime forget_at{};
    std::vector<Attempt*> pending;   // in their order
  };
  using Entries = std::list<Entry>;  // the most recent first
  using Due = SteadyTime Attempt::*;
  Entry& entry(const std::string& key, SteadyTime now);
  static void set_dues(Entry& entry, unsigned free_failures, Due due);
  enum class End { succeeded, failed, unchecked };
  void end(Attempt& attempt, End how);

  const Clock& clock_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  Entries entries_;                                          // guarded by mutex_
  std::unordered_map<std::string_view, Entries::iterator> by_key_;  // guarded by mutex_; keys lie in the entries
};

}  // namespace telepost::adapters::net
