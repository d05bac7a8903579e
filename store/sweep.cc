#include "store/sweep.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "base/log.h"
#include "schema/keys.h"
#include "store/account_duty.h"
#include "store/audit.h"
#include "store/outbox.h"
#include "store/pieces.h"
#include "store/rooms.h"
#include "store/store_record.h"
#include "store/sweep_run.h"
#include "store/verify.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;
using schema::PartitionKind;

namespace {

constexpr std::size_t kHintsAtOnce = 256;
constexpr Duration kTryAgain = std::chrono::minutes(1);
constexpr int kRoundsOfEverything = 3;

// One slice of the calendar, from its cursor on, for the run's kind.
class SliceSweep {
 public:
  // Failed: the targets that failed in this run and are tried again later; shared by its kinds.
  SliceSweep(SweepRun& run, std::uint16_t slice, std::set<Partition>& failed)
      : run_(run), rooms_(run.rooms()), slice_(slice), failed_(failed) {}

  // Gives the kinds of which something due is left.
  Result<SweepKinds> follow_all(bool is_last_kind) {
    const Time last = run_.takes_early() ? rooms_.clock.now() + std::chrono::days(365) : run_.until();
    std::optional<Hint> after;
    for (;;) {
      TELEPOST_ASSIGN(const std::vector<Hint> hints, Calendar::due(*rooms_.engine, slice_, last, kHintsAtOnce, after));
      if (hints.empty()) return left_;
      if (lease_ == nullptr && !run_.is_dry()) {
        TELEPOST_ASSIGN(lease_, rooms_.slice_leases.take(rooms_, slice_));
        if (lease_ == nullptr) return another_does_it();
      }
      const bool is_end = hints.size() < kHintsAtOnce;
      run_.work_under(lease_);
      const Result<void> followed = follow_some(hints, is_last_kind, is_end);
      run_.work_under(nullptr);
      if (!followed.ok()) {
        TELEPOST_ASSIGN(const bool ours, is_still_ours());
        if (!ours) return another_does_it();
        return followed.error();
      }
      if (is_end) rooms_.slice_leases.finished(rooms_, slice_);
      if (is_end || run_.is_stopping()) return left_;
      after = hints.back();
    }
  }

 private:
  // Errors: those of the engine; conflict where the slice may be another's by now.
  Result<void> follow_some(const std::vector<Hint>& hints, bool is_last_kind, bool is_end) {
    CommitList list;
    std::vector<Hint> handled;
    for (const Hint& hint : hints) {
      if (lease_ != nullptr) TELEPOST_TRY(lease_->keep());
      const Result<bool> settled = run_.is_stopping() ? Result<bool>(Errc::cancelled, "") : follow(hint);
      if (!settled.ok() && settled.error().kind == Errc::conflict) {
        TELEPOST_ASSIGN(const bool ours, is_still_ours());
        if (!ours) return settled.error();
      }
      if (!settled.ok() && settled.error().kind == Errc::cancelled) {
        stay(hint);
        break;
      }
      if (!settled.ok()) fail(hint, settled.error(), list);
      run_.after_step();
      const bool has_failed = failed_.contains(hint.target);
      const bool stays = !settled.ok() || !*settled;
      // What failed keeps its place for the kinds that come after this one; then the hint for its next try is enough. An account's
      // duty takes its own hint out: the next one may stand under the same time.
      if (stays && !(has_failed && is_last_kind)) stay(hint);
      else if (stays || hint.target.kind() != PartitionKind::account) handled.push_back(hint);
    }
    if (run_.is_dry()) return {};
    list.push_back(Calendar::done(slice_, handled, std::min(hints.back().time, first_staying_.value_or(Time::max())), rooms_.clock.now()));
    rooms_.slice_leases.finish(rooms_, slice_, list.back(), is_end);
    return rooms_.committer.commit(std::move(list));
  }

  Result<bool> is_still_ours() {
    if (lease_ == nullptr) return true;
    TELEPOST_ASSIGN(const bool ours, lease_->is_ours());
    return ours;
  }

  // What it leaves is not ours to count.
  SweepKinds another_does_it() {
    rooms_.slice_leases.drop(slice_);
    run_.report().more = true;
    return SweepKinds{};
  }

  // The cursor stays before what was not done.
  void stay(const Hint& hint) {
    if (!first_staying_) first_staying_ = hint.time;
  }

  void fail(const Hint& hint, const Error& error, CommitList& list) {
    ++run_.count().failed;
    log::warning("due_work_failed", {{"target", hint.target.to_string()}, {"reason", to_string(error)}});
    if (failed_.insert(hint.target).second) list.push_back(Calendar::write({rooms_.clock.now() + kTryAgain, hint.target, hint.messages}));
  }

  // Gives whether the hint has led to all that it stands for.
  Result<bool> follow(const Hint& hint) {
    if (hint.target.kind() == PartitionKind::account) {
      TELEPOST_ASSIGN(const SweepKinds left, AccountDuty(run_, hint).run());
      left_.add(left);
      return left.empty();
    }
    if (run_.kind() != SweepKind::reclaim || run_.is_halted()) {
      left_.add(SweepKind::reclaim);
      return false;
    }
    ++run_.count().due;
    if (!run_.is_dry()) TELEPOST_TRY(reclaim(hint));
    run_.count_done(hint.time);
    return true;
  }

  Result<void> reclaim(const Hint& hint) {
    switch (hint.target.kind()) {
      case PartitionKind::queue:
        return Outbox(rooms_).check(hint.target.slice(), run_.takes_early() ? Outbox::Check::early : Outbox::Check::when_due);
      case PartitionKind::audit: return Audit(rooms_).trim(hint.target);
      case PartitionKind::piece:
      case PartitionKind::account:
      case PartitionKind::calendar:
      case PartitionKind::directory:
      case PartitionKind::cdr:
      case PartitionKind::account_list:
      case PartitionKind::dictionary:
      case PartitionKind::meta: break;
    }
    TELEPOST_ASSIGN(const std::uint64_t freed,
                    Pieces(rooms_).check(hint, run_.takes_early() ? Duration(0) : rooms_.configuration.reclaim_grace));
    run_.count().bytes_freed += freed;
    return {};
  }

  SweepRun& run_;
  Rooms& rooms_;
  const std::uint16_t slice_;
  std::set<Partition>& failed_;
  Lease* lease_ = nullptr;  // stays none in a dry run
  std::optional<Time> first_staying_;
  SweepKinds left_;
};

// All slices for each kind in turn. What the first one leaves in a slice tells where the others have to look.
class DueSweep {
 public:
  explicit DueSweep(SweepRun& run) : run_(run) { left_.fill(kDueKinds); }

  Result<void> run() {
    const std::vector<SweepKind> kinds = wanted();
    bool is_first = true;
    for (const SweepKind kind : kinds) {
      run_.begin(kind);
      for (std::uint16_t slice = 0; slice < keys::kCalendarSlices && !run_.is_stopping(); ++slice) {
        if (!left_[slice].has(kind)) continue;
        TELEPOST_ASSIGN(const SweepKinds left, SliceSweep(run_, slice, failed_).follow_all(kind == kinds.back()));
        if (is_first) left_[slice] = left;
      }
      run_.end();
      is_first = false;
    }
    return {};
  }

 private:
  std::vector<SweepKind> wanted() const {
    std::vector<SweepKind> kinds;
    for (const SweepKind kind : kSweepKinds) {
      if (kDueKinds.has(kind) && run_.kinds().has(kind)) kinds.push_back(kind);
    }
    return kinds;
  }
  SweepRun& run_;
  std::array<SweepKinds, keys::kCalendarSlices> left_;
  std::set<Partition> failed_;
};

}  // namespace

Result<SweepReport> Sweep::run(const SweepOptions& options) {
  const bool everything = options.depth == SweepOptions::Depth::everything;
  if (everything && rooms_.serving) {
    return {Errc::busy, "a running server may be delivering: stop it before everything is taken early"};
  }
  if (!options.dry_run) TELEPOST_TRY(keep_time_if_old(rooms_));
  const std::lock_guard one_at_a_time(rooms_.sweeping);
  SweepRun run(rooms_, options);
  // What one slice's work puts into another's is due in the next sweep, or where everything is wanted in the next round: an
  // account is found to be removed, then its links go, then the pieces.
  const int rounds = everything && !options.dry_run ? kRoundsOfEverything : 1;
  for (int round = 0; round < rounds && !run.is_stopping(); ++round) TELEPOST_TRY(DueSweep(run).run());
  if (options.kinds.has(SweepKind::verify) && !run.is_stopping()) TELEPOST_TRY(verify_as_sweep(run));
  if (everything && !options.dry_run && !run.is_stopping()) TELEPOST_TRY(rooms_.engine->compact());
  run.report().halted = run.is_halted();
  run.report().more = run.report().more || run.is_halted() || run.is_stopping() || run.report().total().failed > 0;
  return run.report();
}

}  // namespace telepost::store
