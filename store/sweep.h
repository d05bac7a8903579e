// Runs what is due. A hint in the calendar says "account A (or piece P) has something due at T"; it acts on nothing by
// itself: the account's due list decides. Costs O(due), never O(stored).
//
// Work is of a few kinds, done in the order of their claims: what has expired goes first, then what may lie elsewhere is archived,
// then what remains is compressed, then what all of that left behind is given back.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::store {

struct Rooms;

enum class SweepKind : std::uint8_t {
  expire,    // messages past their time leave the view; what was kept for undelete long enough is purged
  archive,   // sources move to the second place
  compress,  // cold bytes are packed
  reclaim,   // links, orphans, tombstones, removed accounts: what the others and crashes left
  verify,    // the store is checked; only when asked for
};
inline constexpr std::array kSweepKinds = {SweepKind::expire, SweepKind::archive, SweepKind::compress, SweepKind::reclaim, SweepKind::verify};
std::string_view name_of(SweepKind kind);
Result<SweepKind> sweep_kind_from(std::string_view name);  // invalid

class SweepKinds {
 public:
  constexpr SweepKinds() = default;
  constexpr SweepKinds(std::initializer_list<SweepKind> kinds) {
    for (const SweepKind kind : kinds) add(kind);
  }
  constexpr void add(SweepKind kind) { bits_ |= 1u << static_cast<unsigned>(kind); }
  constexpr void add(SweepKinds kinds) { bits_ |= kinds.bits_; }
  constexpr bool has(SweepKind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1u) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const SweepKinds&) const = default;

 private:
  unsigned bits_ = 0;
};
// What the server does by itself.
inline constexpr SweepKinds kDueKinds = {SweepKind::expire, SweepKind::archive, SweepKind::compress, SweepKind::reclaim};

struct SweepCount {
  std::uint64_t due = 0;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;        // tried again in a minute, or in an hour where stored damage is in the way
  std::uint64_t late = 0;          // done more than a minute after they were due
  std::uint64_t skipped_held = 0;  // a hold keeps them
  std::uint64_t bytes_freed = 0;   // of sources, or of pieces where they are given back
  Duration took{};
  SweepCount& operator+=(const SweepCount& other);
};

struct SweepReport {
  std::array<SweepCount, kSweepKinds.size()> kinds{};
  bool more = false;    // something due is left
  bool out_of_time = false;  // for want of patience
  bool halted = false;  // among it all that removes or moves, for the clock is not believed (store/store_clock.h)
  SweepCount& of(SweepKind kind) { return kinds[static_cast<std::size_t>(kind)]; }
  const SweepCount& of(SweepKind kind) const { return kinds[static_cast<std::size_t>(kind)]; }
  SweepCount total() const;
};

struct SweepOptions {
  SweepKinds kinds = kDueKinds;
  // Takes only what was due at or before this; never later than now.
  std::optional<Time> until = {};
  // Counts what a sweep would do, and does nothing.
  bool dry_run = false;
  std::uint64_t rate = 0;  // items a second at most; 0: as fast as deliveries leave room
  // For each kind; what it leaves then is where the next sweep begins. Zero: to the end.
  Duration patience{};
  // everything: also gives back what deletions left in the engine, and takes links, orphans and removals that are not due yet (their
  // grace is for crashes and open readers, so this is only for a stopped server).
  // all_there_is: everything where no server runs, and neither `until` nor `dry_run` bounds it; else what is due, then the engine.
  enum class Depth { due, all_there_is, everything } depth = Depth::due;
  // What goes on by itself when the sweep is over (removals of accounts in a serving store) is waited for, and counted.
  bool to_the_end = true;
  std::function<void(SweepKind, const SweepReport&)> progress = {};  // about once a second: what is being done
};

class Sweep {
 public:
  explicit Sweep(Rooms& rooms) : rooms_(rooms) {}
  // Goes through every slice once for each kind that has something due. Resumable: what a crash interrupts is found again.
  // Errors: busy (everything, in a running server), io, corrupt; single failures are counted.
  Result<SweepReport> run(const SweepOptions& asked);

 private:
  struct Redated {
    std::optional<Time> at;  // when the last account was
    bool more = false;       // are to be
  };
  Result<Redated> follow_policies(const SweepOptions& options);
  Result<void> give_back();
  Rooms& rooms_;
};

}  // namespace telepost::store
