// Whether deliveries are taken. Two reasons to refuse them: the disk's reserve is reached, or a commit failed and no later one
// has succeeded (the latch). Reads, expunges and sweeps go on; intake answers 4xx before memory grows.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "base/result.h"
#include "schema/configuration.h"
#include "store/engine/engine.h"

namespace telepost::store {

class Health {
 public:
  Health(Engine& engine, schema::Reserve reserve) : engine_(engine), reserve_(reserve) {}

  // ok; disk_full, also when a commit found the disk full; io. Cheap, any thread.
  Result<void> check() const;
  void commit_failed(const Error& error);
  void commit_succeeded();
  // Looks at the disk and, while latched, tries to leave the engine's error by a probe. Called about once a second.
  void refresh();

 private:
  Engine& engine_;
  const schema::Reserve reserve_;
  std::atomic<bool> disk_full_{false};
  std::atomic<bool> latched_{false};
  mutable std::mutex mutex_;
  Error failure_{Errc::io, ""};  // guarded by mutex_; of the last commit that failed
};

}  // namespace telepost::store
