// One sweep under way: what it may do, and what it counts. Used by one thread.
#pragma once

#include <chrono>
#include <mutex>

#include "base/clock.h"
#include "store/account_removals.h"
#include "store/lease.h"
#include "store/pace.h"
#include "store/sweep.h"
#include "store/sweep_turns.h"

namespace telepost::store {

struct Rooms;

class SweepRun {
 public:
  // early: what a crash may have left is repaired before its time. Only where nothing is being delivered.
  enum class Repairs { when_due, early };
  SweepRun(Rooms& rooms, const SweepOptions& options);

  Rooms& rooms() const { return rooms_; }
  Time until() const { return until_; }
  bool takes_early() const { return repairs_ == Repairs::early; }
  bool is_dry() const { return options_.dry_run; }
  SweepKinds kinds() const { return options_.kinds; }
  // The clock is not believed (store/store_clock.h): nothing is removed or moved.
  bool is_halted() const { return halted_; }

  // Between the two it works, and no other sweep of this process does but after one of its steps.
  void take_turn() { turn_.lock(); }
  void end_turn() { turn_.unlock(); }

  // Of the slice that is being worked on; every batch of the work expects it. None: a dry run.
  void work_under(Lease* lease) { lease_ = lease; }
  const Lease* lease() const { return lease_; }
  // In work that is long. Where it cannot be kept the next batch is refused.
  void keep_lease();

  void begin(SweepKind kind);  // what is done and counted from here on
  void end();
  SweepKind kind() const { return kind_; }
  SweepCount& count() { return report_.of(kind_); }
  SweepReport& report() { return report_; }

  // One item of the due list, or a hint without one, was done.
  void count_done(Time due);
  // What goes on elsewhere, and is part of this sweep: wait() adds what came of it. What failed there is counted and logged there.
  void wait_for(std::shared_future<AccountRemovals::Outcome> removal) { handed_over_.push_back(std::move(removal)); }
  void wait();

  // After a bounded step: whoever waits has a turn, while it tells how far it is, rests while messages come in, and keeps to the rate. Then it
  // keeps the lease.
  void after_step();
  bool has_patience() const { return options_.patience > Duration(0); }
  bool is_stopping() const;
  bool is_out_of_time() const;  // the kind's patience is over

 private:
  void keep_to_rate();
  Rooms& rooms_;
  const SweepOptions& options_;
  const Time until_;
  const Repairs repairs_;
  const bool halted_;
  std::unique_lock<SweepTurns> turn_;
  Lease* lease_ = nullptr;
  SweepKind kind_ = SweepKind::expire;
  SweepReport report_;
  std::vector<std::shared_future<AccountRemovals::Outcome>> handed_over_;
  SweepCount before_;  // of the kind, when it was begun
  SteadyTime kind_begun_, told_;
  std::chrono::steady_clock::time_point patient_until_;
  const std::chrono::steady_clock::time_point begun_;
  Pace pace_;
};

}  // namespace telepost::store
