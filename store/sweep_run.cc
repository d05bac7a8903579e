#include "store/sweep_run.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "store/rooms.h"

namespace telepost::store {
namespace {

constexpr Duration kLate = std::chrono::minutes(1);
constexpr Duration kTell = std::chrono::seconds(1);

metrics::Counter& counter(std::string_view what) {
  static metrics::Counter due("telepost_sweep_due_total", "Due work that a sweep met", {"kind"});
  static metrics::Counter done("telepost_sweep_done_total", "Due work that was done", {"kind"});
  static metrics::Counter failed("telepost_sweep_failed_total", "Due work that failed and is tried again", {"kind"});
  static metrics::Counter late("telepost_sweep_late_total", "Due work that was done more than a minute late", {"kind"});
  static metrics::Counter held("telepost_sweep_skipped_held_total", "Due work that a legal hold kept from being done", {"kind"});
  static metrics::Counter freed("telepost_sweep_freed_bytes_total", "Bytes of sources and pieces that sweeps removed", {"kind"});
  if (what == "due") return due;
  if (what == "done") return done;
  if (what == "failed") return failed;
  if (what == "late") return late;
  return what == "held" ? held : freed;
}

metrics::Histogram& due_late_seconds() {
  static metrics::Histogram histogram("telepost_due_late_seconds", "How late due work was done",
                                      {0.1, 1, 10, 60, 600, 3600, 86400});
  return histogram;
}

}  // namespace

SweepCount& SweepCount::operator+=(const SweepCount& other) {
  due += other.due;
  done += other.done;
  failed += other.failed;
  late += other.late;
  skipped_held += other.skipped_held;
  bytes_freed += other.bytes_freed;
  took += other.took;
  return *this;
}

SweepCount SweepReport::total() const {
  SweepCount sum;
  for (const SweepCount& one : kinds) sum += one;
  return sum;
}

std::string_view name_of(SweepKind kind) {
  switch (kind) {
    case SweepKind::expire: return "expire";
    case SweepKind::archive: return "archive";
    case SweepKind::compress: return "compress";
    case SweepKind::reclaim: return "reclaim";
    case SweepKind::verify: return "verify";
  }
  return "";
}

Result<SweepKind> sweep_kind_from(std::string_view name) {
  for (const SweepKind kind : kSweepKinds) {
    if (name_of(kind) == name) return kind;
  }
  return {Errc::invalid, "kind wants expire, archive, compress, reclaim or verify"};
}

SweepRun::SweepRun(Rooms& rooms, const SweepOptions& options)
    : rooms_(rooms),
      options_(options),
      // A hint that is written at this very millisecond must not lie under the key of one that is being handled.
      until_(std::min(options.until.value_or(Time::max()), rooms.clock.now() - Duration(1))),
      repairs_(options.depth == SweepOptions::Depth::everything ? Repairs::early : Repairs::when_due),
      halted_(rooms.clock.leap().has_value()),
      turn_(rooms.sweeping, std::defer_lock),
      told_(rooms.clock.steady()),
      begun_(std::chrono::steady_clock::now()),
      pace_(rooms) {}

void SweepRun::begin(SweepKind kind) {
  kind_ = kind;
  before_ = count();
  kind_begun_ = rooms_.clock.steady();
  patient_until_ = std::chrono::steady_clock::now() + options_.patience;
}

void SweepRun::end() {
  SweepCount& now = count();
  now.took += std::chrono::duration_cast<Duration>(rooms_.clock.steady() - kind_begun_);
  if (is_dry()) return;
  const metrics::Labels kind = {std::string(name_of(kind_))};
  const auto tell = [&](std::string_view what, std::uint64_t was, std::uint64_t is) {
    if (is > was) counter(what).with(kind).add(is - was);
  };
  tell("due", before_.due, now.due);
  tell("done", before_.done, now.done);
  tell("failed", before_.failed, now.failed);
  tell("late", before_.late, now.late);
  tell("held", before_.skipped_held, now.skipped_held);
  tell("freed", before_.bytes_freed, now.bytes_freed);
}

void SweepRun::count_done(Time due) {
  const Duration late = std::chrono::duration_cast<Duration>(rooms_.clock.now() - due);
  if (late > kLate) ++count().late;
  ++count().done;
  if (!is_dry()) due_late_seconds().observe(std::chrono::duration<double>(late).count());
}

void SweepRun::wait() {
  for (const auto& removal : handed_over_) report_.of(SweepKind::reclaim) += removal.get().second;
  handed_over_.clear();
}

bool SweepRun::is_stopping() const { return rooms_.stopping.load(); }

// By the machine's clock, as Pace.
bool SweepRun::is_out_of_time() const {
  return has_patience() && std::chrono::steady_clock::now() >= patient_until_;
}

void SweepRun::after_step() {
  const bool has_turn = turn_.owns_lock();
  if (has_turn) turn_.unlock();
  if (options_.progress && rooms_.clock.steady() - told_ >= kTell) {
    told_ = rooms_.clock.steady();
    options_.progress(kind_, report_);
  }
  if (!is_dry()) {
    pace_.rest();
    keep_to_rate();
  }
  if (has_turn) turn_.lock();
  if (!is_dry()) keep_lease();
}

void SweepRun::keep_lease() {
  if (lease_ == nullptr) return;
  const Result<void> kept = lease_->keep();
  if (!kept.ok()) log::warning("lease_not_kept", {{"reason", to_string(kept.error())}});
}

// By the machine's clock, as Pace: a rate is about the machine's load, not about the store's time.
void SweepRun::keep_to_rate() {
  if (options_.rate == 0) return;
  using namespace std::chrono;
  const double items = static_cast<double>(report_.total().done);
  const auto until = begun_ + duration_cast<steady_clock::duration>(duration<double>(items / static_cast<double>(options_.rate)));
  for (auto now = steady_clock::now(); now < until && !is_stopping(); now = steady_clock::now()) {
    std::this_thread::sleep_for(std::min<nanoseconds>(milliseconds(20), until - now));
  }
}

}  // namespace telepost::store
