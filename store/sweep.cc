#include "store/sweep.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "base/log.h"
#include "schema/keys.h"
#include "store/account_duty.h"
#include "store/audit.h"
#include "store/holds.h"
#include "store/outbox.h"
#include "store/pieces.h"
#include "store/redating.h"
#include "store/rooms.h"
#include "store/store_record.h"
#include "store/sweep_run.h"
#include "store/verify.h"
#include "store/visit_log.h"

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
      run_.work_under(lease_.get());
      const Result<void> followed = follow_some(hints, is_last_kind, is_end);
      run_.work_under(nullptr);
      if (!followed.ok()) {
        TELEPOST_ASSIGN(const bool ours, is_still_ours());
        if (!ours) return another_does_it();
        return followed.error();
      }
      if (is_end) rooms_.slice_leases.finished(rooms_, slice_, lease_);
      if (is_end || run_.is_stopping() || run_.is_out_of_time()) return left_;
      after = hints.back();
    }
  }

 private:
  // Errors: those of the engine; conflict where the slice may be another's by now.
  Result<void> follow_some(const std::vector<Hint>& hints, bool is_last_kind, bool is_end) {
    CommitList list;
    std::vector<Hint> handled;
    for (const Hint& hint : hints) {
      if (run_.is_out_of_time()) {
        left_.add(run_.kind());
        stay(hint);
        break;
      }
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
    rooms_.slice_leases.finish(rooms_, slice_, lease_, list.back(), is_end);
    return rooms_.committer.commit(std::move(list));
  }

  Result<bool> is_still_ours() {
    if (lease_ == nullptr) return true;
    TELEPOST_ASSIGN(const bool ours, lease_->is_ours());
    return ours;
  }

  // What it leaves is not ours to count.
  SweepKinds another_does_it() {
    rooms_.slice_leases.drop(slice_, lease_);
    run_.report().more = true;
    return SweepKinds{};
  }

  // The cursor stays before what was not done.
  void stay(const Hint& hint) {
    if (!first_staying_) first_staying_ = hint.time;
  }

  // It keeps the other kinds from nothing, and the last of them takes its hint out.
  void fail(const Hint& hint, const Error& error, CommitList& list) {
    ++run_.count().failed;
    left_.add(kDueKinds);
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
    // No crash leaves anything of it to repair: taken early it would write its own hint again.
    if (hint.target.kind() == PartitionKind::audit && hint.time > run_.until()) return false;
    ++run_.count().due;
    if (!run_.is_dry()) TELEPOST_TRY(reclaim(hint));
    run_.count_done(hint.time);
    return true;
  }

  Result<void> reclaim(const Hint& hint) {
    switch (hint.target.kind()) {
      case PartitionKind::queue:
        return Outbox(rooms_).check(hint.target.slice(), run_.takes_early() ? Outbox::Check::early : Outbox::Check::when_due);
      case PartitionKind::meta:
        return Holds(rooms_).finish_releases([this] { return run_.after_step(), !run_.is_stopping() && !run_.is_out_of_time(); });
      case PartitionKind::audit: return trim_audit(hint);
      case PartitionKind::piece:
      case PartitionKind::account:
      case PartitionKind::calendar:
      case PartitionKind::directory:
      case PartitionKind::cdr:
      case PartitionKind::account_list:
      case PartitionKind::dictionary: break;
    }
    TELEPOST_ASSIGN(const std::uint64_t freed,
                    Pieces(rooms_).check(hint, run_.takes_early() ? Duration(0) : rooms_.configuration.reclaim_grace));
    run_.count().bytes_freed += freed;
    return {};
  }

  Result<void> trim_audit(const Hint& hint) {
    const auto goes_on = [this] { return !run_.is_stopping() && !run_.is_out_of_time(); };
    TELEPOST_ASSIGN(const bool all_audited, Audit(rooms_).trim(hint.target, goes_on));
    TELEPOST_ASSIGN(const bool all_visits, trim_visits(rooms_, hint.target, goes_on));
    return all_audited && all_visits ? Result<void>() : Result<void>(Errc::cancelled, "the next sweep goes on");
  }

  SweepRun& run_;
  Rooms& rooms_;
  const std::uint16_t slice_;
  std::set<Partition>& failed_;
  std::shared_ptr<Lease> lease_;  // stays none in a dry run
  std::optional<Time> first_staying_;
  SweepKinds left_;
};

// All slices for each kind in turn. What the first one leaves in a slice, and what failed there since, tells where the others have to look.
class DueSweep {
 public:
  explicit DueSweep(SweepRun& run) : run_(run) { left_.fill(kDueKinds); }

  Result<void> run() {
    const std::vector<SweepKind> kinds = wanted();
    bool is_first = true;
    for (const SweepKind kind : kinds) {
      run_.begin(kind);
      std::uint16_t to_the_end = 0;
      std::uint16_t& begin = run_.has_patience() ? run_.rooms().sweep_from[static_cast<std::size_t>(kind)] : to_the_end;
      const std::uint16_t first = begin;
      for (std::uint16_t i = 0; i < keys::kCalendarSlices && !run_.is_stopping(); ++i) {
        const auto slice = static_cast<std::uint16_t>((first + i) % keys::kCalendarSlices);
        if (!left_[slice].has(kind)) continue;
        begin = slice;
        if (run_.is_out_of_time()) {
          run_.report().out_of_time = true;
          break;
        }
        TELEPOST_ASSIGN(const SweepKinds left, SliceSweep(run_, slice, failed_).follow_all(kind == kinds.back()));
        if (is_first) left_[slice] = left;
        else left_[slice].add(left);
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

// What a changed policy makes due is due in this sweep: without patience all of it.
Result<Sweep::Redated> Sweep::follow_policies(const SweepOptions& options) {
  Redated redated;
  if (!options.kinds.has(SweepKind::expire) || options.dry_run) return redated;
  do {
    TELEPOST_ASSIGN(const Redating::Followed followed, Redating(rooms_).follow());
    if (followed.dated > 0) redated.at = rooms_.clock.now();
    redated.more = followed.more;
  } while (redated.more && options.patience == Duration(0) && !rooms_.stopping.load());
  // A sweep takes what was due before the moment in which it begins.
  if (redated.at && options.patience == Duration(0)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return redated;
}

namespace {

// One account that cannot be dated keeps nobody from what is due.
void count_failed(SweepRun& run, const Error& error) {
  log::warning("policies_not_followed", {{"reason", to_string(error)}});
  run.begin(SweepKind::expire);
  ++run.count().failed;
  run.end();
}

}  // namespace

// What deletions left in the engine.
Result<void> Sweep::give_back() {
  TELEPOST_TRY(rooms_.engine->compact());
  const Result<void> archive = rooms_.archive.compact();
  if (!archive.ok()) log::warning("archive_not_compacted", {{"reason", to_string(archive.error())}});
  return {};
}

Result<SweepReport> Sweep::run(const SweepOptions& asked) {
  using Depth = SweepOptions::Depth;
  SweepOptions options = asked;
  if (options.depth == Depth::all_there_is && !rooms_.serving && !options.until && !options.dry_run) options.depth = Depth::everything;
  const bool everything = options.depth == Depth::everything;
  if (everything && rooms_.serving) {
    return {Errc::busy, "a running server may be delivering: stop it before everything is taken early"};
  }
  if (!options.dry_run) TELEPOST_TRY(keep_time_if_old(rooms_));
  const Result<Redated> redated = follow_policies(options);
  SweepRun run(rooms_, options);
  if (redated.ok()) run.report().more = redated->more || (redated->at && *redated->at > run.until() && !options.until);
  else count_failed(run, redated.error());
  run.take_turn();
  // What one slice's work puts into another's is due in the next sweep, or where everything is wanted in the next round: an
  // account is found to be removed, then its links go, then the pieces.
  const int rounds = everything && !options.dry_run ? kRoundsOfEverything : 1;
  for (int round = 0; round < rounds && !run.is_stopping(); ++round) TELEPOST_TRY(DueSweep(run).run());
  run.end_turn();
  if (options.kinds.has(SweepKind::verify) && !run.is_stopping()) TELEPOST_TRY(verify_as_sweep(run));
  if (options.to_the_end) run.wait();
  if (options.depth != Depth::due && !options.dry_run && !run.is_halted() && !run.is_stopping()) TELEPOST_TRY(give_back());
  run.report().halted = run.is_halted();
  run.report().more = run.report().more || run.report().out_of_time || run.is_halted() || run.is_stopping() || run.report().total().failed > 0;
  return run.report();
}

}  // namespace telepost::store
