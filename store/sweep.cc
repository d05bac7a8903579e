#include "store/sweep.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "schema/keys.h"
#include "store/account_duty.h"
#include "store/outbox.h"
#include "store/pieces.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kHintsAtOnce = 256;
constexpr Duration kTryAgain = std::chrono::minutes(1);
constexpr int kRoundsOfEverything = 3;

// One slice of the calendar, from its cursor on.
class SliceSweep {
 public:
  SliceSweep(Rooms& rooms, std::uint16_t slice, Time until, AccountDuty::Repairs repairs, SweepReport& report)
      : rooms_(rooms), slice_(slice), until_(until), repairs_(repairs), report_(report) {}

  Result<void> run(const std::function<void()>& tick) {
    const Time last = repairs_ == AccountDuty::Repairs::early ? rooms_.clock.now() + std::chrono::days(365) : until_;
    std::optional<Hint> after;
    for (;;) {
      TELEPOST_ASSIGN(const std::vector<Hint> hints, Calendar::due(*rooms_.engine, slice_, last, kHintsAtOnce, after));
      if (hints.empty()) return {};
      TELEPOST_TRY(follow_all(hints));
      tick();
      if (hints.size() < kHintsAtOnce || rooms_.stopping.load()) return {};
      after = hints.back();
    }
  }

 private:
  Result<void> follow_all(const std::vector<Hint>& hints) {
    CommitList list;
    std::vector<Hint> handled;
    Time last = hints.back().time;
    for (const Hint& hint : hints) {
      const Result<void> done = rooms_.stopping.load() ? Result<void>(Errc::cancelled, "") : follow(hint);
      if (!done.ok() && done.error().kind == Errc::cancelled) {
        last = hint.time;  // the cursor stays before what was not followed
        break;
      }
      if (!done.ok()) {
        ++report_.failed;
        log::warning("due_work_failed", {{"target", hint.target.to_string()}, {"reason", to_string(done.error())}});
        list.push_back(Calendar::write({rooms_.clock.now() + kTryAgain, hint.target, hint.messages}));
      }
      // An account's duty takes its own hint out: the next one may stand under the same time.
      if (!done.ok() || hint.target.kind() != schema::PartitionKind::account) handled.push_back(hint);
    }
    list.push_back(Calendar::done(slice_, handled, last, rooms_.clock.now()));
    return rooms_.committer.commit(std::move(list));
  }

  Result<void> follow(const Hint& hint) {
    if (hint.target.kind() == schema::PartitionKind::account) {
      return AccountDuty(rooms_, hint, until_, repairs_).run(report_);
    }
    ++report_.due;
    const bool early = repairs_ == AccountDuty::Repairs::early;
    if (hint.target.kind() == schema::PartitionKind::queue) {
      TELEPOST_TRY(Outbox(rooms_).check(hint.target.slice(), early ? Outbox::Check::early : Outbox::Check::when_due));
      ++report_.done;
      return {};
    }
    TELEPOST_ASSIGN(const std::uint64_t freed,
                    Pieces(rooms_).check(hint, early ? Duration(0) : rooms_.configuration.reclaim_grace));
    report_.bytes_freed += freed;
    ++report_.done;
    return {};
  }

  Rooms& rooms_;
  const std::uint16_t slice_;
  const Time until_;
  const AccountDuty::Repairs repairs_;
  SweepReport& report_;
};

}  // namespace

Result<SweepReport> Sweep::run(const SweepOptions& options) {
  const Time now = rooms_.clock.now();
  // A hint that is written at this very millisecond must not lie under the key of one that is being handled.
  const Time until = std::min(options.until.value_or(now), now - Duration(1));
  const bool everything = options.depth == SweepOptions::Depth::everything;
  if (everything && rooms_.serving) {
    return {Errc::busy, "a running server may be delivering: stop it before everything is taken early"};
  }
  SweepReport report;
  SteadyTime told = rooms_.clock.steady();
  const auto tick = [&] {
    if (!options.progress || rooms_.clock.steady() - told < std::chrono::seconds(1)) return;
    told = rooms_.clock.steady();
    options.progress(report);
  };
  const std::lock_guard one_at_a_time(rooms_.sweeping);
  const auto repairs = everything ? AccountDuty::Repairs::early : AccountDuty::Repairs::when_due;
  // What one slice's work puts into another's is due in the next sweep, or where everything is wanted in the next round: an
  // account is found to be removed, then its links go, then the pieces.
  for (int round = 0; round < (everything ? kRoundsOfEverything : 1); ++round) {
    for (std::uint16_t slice = 0; slice < keys::kCalendarSlices; ++slice) {
      TELEPOST_TRY(SliceSweep(rooms_, slice, until, repairs, report).run(tick));
      if (rooms_.stopping.load()) {
        report.more = true;
        return report;
      }
    }
  }
  if (everything) TELEPOST_TRY(rooms_.engine->compact());
  report.more = report.failed > 0;
  return report;
}

}  // namespace telepost::store
