// Three years of a store and of the model beside it: the same things happen to both, from a seed, and again and again the store must
// hold exactly what the model says.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/live.h"
#include "tests/simulation/model.h"
#include "tests/simulation/random_classes.h"

namespace telepost::simulation {

struct Scale {
  std::size_t accounts = 0, messages = 0, policy_changes = 0, account_changes = 0, holds = 0, crashes = 0, clock_jumps = 0, sweeps = 0, checkpoints = 0;
};

class World {
 public:
  World(std::uint64_t seed, const Scale& scale);
  void run();  // to the end of the three years, or to the first difference
  struct Tally {
    std::size_t messages = 0, refused = 0, policy_changes = 0, account_changes = 0, holds = 0, crashes = 0, clock_jumps = 0, sweeps = 0, expunged = 0,
                restored = 0, not_restored = 0, in_view = 0, kept = 0, parked = 0;
  };
  const Tally& tally() const { return tally_; }

 private:
  using Event = void (World::*)();
  void plan();
  void make_accounts();
  void pass(Millis time);
  void live_on(Millis time);  // and keeps the time, as a server does
  Millis now();    // the store's time, after it was compared with what it may be
  Millis stamp();  // what happens now is dated so
  void happen();   // one small thing

  // world_actions.cc
  void deliver();
  Letter letter();
  void adopt_stray(std::size_t who, const Message& message);
  void touch();
  void mark(std::size_t who, std::uint64_t number);
  void move(std::size_t who, std::uint64_t number);
  void copy(std::size_t who, std::uint64_t number);
  void take_out(std::size_t who, std::uint64_t number);
  void restore(std::size_t who);
  // The same to both. Where the engine stopped under it, whichever of the two states is found is what the model goes on with.
  void attempt(std::size_t who, const std::function<Result<void>()>& in_store, const std::function<void(Account&)>& in_model);

  // world_events.cc
  void change_policies();
  void change_account();
  void change_holds();
  void insist(const std::function<Result<void>()>& change);
  void crash();
  void recover();
  void jump();
  void leap(Millis by, bool accepted);
  void sweep();
  bool sweep_once();
  void sweep_halted();
  void settle();
  Account read(std::size_t who);
  void check_some();
  void check_all();
  void check(std::size_t who);
  void check_source(std::size_t who);
  void count_rest();

  const Scale scale_;
  Dice dice_;
  Live live_;
  Model model_;
  Tally tally_;
  std::multimap<Millis, Event> planned_;
  Millis end_ = 0;
  struct {
    Millis store = 0, steady = 0, kept = 0;
    bool leapt = false, leap_kept = false;
  } time_;  // as it was read last; kept: on disk
  std::uint64_t serial_ = 0;
};

}  // namespace telepost::simulation
