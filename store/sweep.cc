#include "store/sweep.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "schema/keys.h"
#include "schema/records.h"
#include "store/account_duty.h"
#include "store/outbox.h"
#include "store/pieces.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kHintsAtOnce = 256;
constexpr Duration kTryAgain = std::chrono::minutes(1);

// One slice of the calendar, from its cursor on.
class SliceSweep {
 public:
  SliceSweep(Rooms& rooms, std::uint16_t slice, Time until, AccountDuty::Repairs repairs, SweepReport& report)
      : rooms_(rooms), slice_(slice), until_(until), repairs_(repairs), report_(report) {}

  Result<void> run(const std::function<void()>& tick) {
    if (repairs_ == AccountDuty::Repairs::early) return run_early(tick);
    for (;;) {
      TELEPOST_ASSIGN(const std::vector<Hint> hints, Calendar::due(*rooms_.engine, slice_, until_, kHintsAtOnce));
      if (hints.empty()) return {};
      TELEPOST_TRY(follow_all(hints));
      tick();
      if (hints.size() < kHintsAtOnce) return {};
    }
  }

 private:
  // Also what is not due yet, in two rounds: the second meets what the first put off.
  Result<void> run_early(const std::function<void()>& tick) {
    const Time last = rooms_.clock.now() + std::chrono::days(365);
    for (int round = 0; round < 2; ++round) {
      std::optional<Hint> after;
      for (bool more = true; more;) {
        TELEPOST_ASSIGN(const std::vector<Hint> hints, Calendar::due(*rooms_.engine, slice_, last, kHintsAtOnce, after));
        more = hints.size() == kHintsAtOnce;
        if (hints.empty()) break;
        TELEPOST_TRY(follow_all(hints));
        after = hints.back();
        tick();
      }
    }
    return {};
  }

  Result<void> follow_all(const std::vector<Hint>& hints) {
    CommitList list;
    std::vector<Hint> handled;
    for (const Hint& hint : hints) {
      const Result<void> done = follow(hint);
      if (!done.ok()) {
        ++report_.failed;
        log::warning("due_work_failed", {{"target", hint.target.to_string()}, {"reason", to_string(done.error())}});
        list.push_back(Calendar::write({rooms_.clock.now() + kTryAgain, hint.target, hint.messages}));
      }
      TELEPOST_ASSIGN(const bool wanted, done.ok() ? is_wanted_again(hint) : Result<bool>(false));
      if (!wanted) handled.push_back(hint);
    }
    list.push_back(Calendar::done(slice_, handled, rooms_.clock.now()));
    return rooms_.committer.commit(std::move(list));
  }

  // What was followed early may have been written again under the same time: it is the account's next one.
  Result<bool> is_wanted_again(const Hint& hint) {
    if (hint.target.kind() != schema::PartitionKind::account) return false;
    TELEPOST_ASSIGN(const auto bytes, rooms_.engine->reader(hint.target)->get(Space::point, keys::kHead));
    if (!bytes) return false;
    TELEPOST_ASSIGN(const auto head, schema::decode_HeadRecord(*bytes));
    return head.earliest_hint == hint.time;
  }

  Result<void> follow(const Hint& hint) {
    if (hint.target.kind() == schema::PartitionKind::account) {
      return AccountDuty(rooms_, hint.target.account_id(), until_, repairs_).run(report_);
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
  for (std::uint16_t slice = 0; slice < keys::kCalendarSlices; ++slice) {
    TELEPOST_TRY(SliceSweep(rooms_, slice, until, everything ? AccountDuty::Repairs::early : AccountDuty::Repairs::when_due, report).run(tick));
    if (rooms_.stopping.load()) {
      report.more = true;
      return report;
    }
  }
  if (everything) TELEPOST_TRY(rooms_.engine->compact());
  report.more = report.failed > 0;
  return report;
}

}  // namespace telepost::store
