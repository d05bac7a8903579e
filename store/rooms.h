// What the store's rooms share. Inside the store only; adapters see store/store.h.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/random.h"
#include "schema/class_of_service.h"
#include "schema/configuration.h"
#include "store/address_cache.h"
#include "store/calendar.h"
#include "store/cdr_hints.h"
#include "store/change_feed.h"
#include "store/committer.h"
#include "store/creation_limit.h"
#include "store/engine/engine.h"
#include "store/heads.h"
#include "store/health.h"
#include "store/numbers.h"
#include "store/ready_jobs.h"
#include "store/store_clock.h"
#include "store/workers.h"

namespace telepost::store {

// Classes of service in force; replaced as a whole.
class Classes {
 public:
  explicit Classes(schema::ClassSet classes) : set_(std::make_shared<const schema::ClassSet>(std::move(classes))) {}
  std::shared_ptr<const schema::ClassSet> get() const { return std::atomic_load(&set_); }
  void set(schema::ClassSet classes) {
    std::atomic_store(&set_, std::make_shared<const schema::ClassSet>(std::move(classes)));
  }

 private:
  std::shared_ptr<const schema::ClassSet> set_;
};

// Destroyed from the bottom up: the workers run what is queued, then the committer commits what they submitted.
struct Rooms {
  Rooms(schema::Configuration settings, schema::ClassSet class_set, std::unique_ptr<Engine> opened, const Clock& wall,
        Random& generator);

  const schema::Configuration configuration;
  std::unique_ptr<Engine> engine;
  Random& random;
  StoreClock clock;
  Numbers numbers;
  ReadyJobs ready_jobs;
  CdrHints cdr_hints{numbers};
  Classes classes;
  Heads heads;
  AddressCache addresses;
  Calendar calendar;
  CreationLimit creation_limit;
  Health health;
  ChangeFeed feed;
  Committer committer;
  Workers workers;
  std::mutex sweeping;                 // held by the one sweep that runs
  bool serving = false;                // constant after opening: deliveries may be under way at any moment
  std::atomic<bool> stopping{false};
};

class Store;
// For what reads the rooms as a whole: verify and inspect.
Rooms& rooms_of(Store& store);

}  // namespace telepost::store
