// What the store's rooms share. Inside the store only; adapters see store/store.h.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/random.h"
#include "schema/configuration.h"
#include "store/accesses.h"
#include "store/account_removals.h"
#include "store/address_cache.h"
#include "store/audit.h"
#include "store/archive/archive_place.h"
#include "store/calendar.h"
#include "store/change_feed.h"
#include "store/classes.h"
#include "store/committer.h"
#include "store/creation_limit.h"
#include "store/dictionaries.h"
#include "store/engine/engine.h"
#include "store/heads.h"
#include "store/health.h"
#include "store/holds.h"
#include "store/lease.h"
#include "store/numbers.h"
#include "store/open_numbers.h"
#include "store/ready_jobs.h"
#include "store/store_clock.h"
#include "store/sweep.h"
#include "store/sweep_turns.h"
#include "store/workers.h"

namespace telepost::store {

// Destroyed from the bottom up: the workers run what is queued, then the committer commits what they submitted.
struct Rooms {
  Rooms(schema::Configuration settings, schema::ClassSet class_set, std::unique_ptr<Engine> opened, std::unique_ptr<Archive> second,
        const Clock& wall, Random& generator);

  const schema::Configuration configuration;
  std::unique_ptr<Engine> engine;
  Dictionaries dictionaries;
  Random& random;
  StoreClock clock;
  ArchivePlace archive;
  Numbers numbers;
  ReadyJobs ready_jobs;
  OpenNumbers cdr_hints{numbers};
  AuditRoom audit{numbers};
  Classes classes;
  Heads heads;
  AddressCache addresses;
  Accesses accesses;
  Calendar calendar;
  SeenLeases seen_leases;
  HoldRoom holds;
  CreationLimit creation_limit;
  Health health;
  ChangeFeed feed;
  Committer committer;
  Workers workers;
  Workers hashers;                     // passwords alone: who guesses them parks nothing that deliveries need
  SweepTurns sweeping;                 // held by the one sweep that works
  SliceLeases slice_leases;            // guarded by it
  std::array<std::uint16_t, kSweepKinds.size()> sweep_from{};  // where each kind of those with patience goes on; guarded by it
  std::unique_ptr<AccountRemovals> removals;  // where the store serves; constant after opening
  bool serving = false;                // constant after opening: deliveries may be under way at any moment
  std::atomic<bool> stopping{false};
};

class Store;
// For what reads the rooms as a whole: verify and inspect.
Rooms& rooms_of(Store& store);

}  // namespace telepost::store
