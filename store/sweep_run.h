// One sweep under way: what it may do, and what it counts. Used by one thread.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "store/lease.h"
#include "store/pace.h"
#include "store/sweep.h"

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

  // Of the slice that is being worked on; every batch of the work expects it. None: a dry run.
  void work_under(const Lease* lease) { lease_ = lease; }
  const Lease* lease() const { return lease_; }

  void begin(SweepKind kind);  // what is done and counted from here on
  void end();
  SweepKind kind() const { return kind_; }
  SweepCount& count() { return report_.of(kind_); }
  SweepReport& report() { return report_; }

  // One item of the due list, or a hint without one, was done.
  void count_done(Time due);
  // After a bounded step: tells how far it is, rests while messages come in, and keeps to the rate.
  void after_step();
  bool is_stopping() const;

 private:
  void keep_to_rate();
  Rooms& rooms_;
  const SweepOptions& options_;
  const Time until_;
  const Repairs repairs_;
  const bool halted_;
  const Lease* lease_ = nullptr;
  SweepKind kind_ = SweepKind::expire;
  SweepReport report_;
  SweepCount before_;  // of the kind, when it was begun
  SteadyTime kind_begun_, told_;
  const std::chrono::steady_clock::time_point begun_;
  Pace pace_;
};

}  // namespace telepost::store
