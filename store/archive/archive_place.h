// The archive as the store's rooms use it: bounded in how many ask at once, checked by digest, never another store's, and told as
// unavailable in one way whether there is none, it does not answer or it is not ours.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"
#include "store/archive/archive.h"
#include "store/store_clock.h"

namespace telepost::store {

// Any thread; every call blocks for as long as the archive takes.
class ArchivePlace {
 public:
  ArchivePlace(std::unique_ptr<Archive> archive, const StoreClock& clock);  // null: none is configured
  ~ArchivePlace();
  bool is_configured() const { return archive_ != nullptr; }
  // Before any other call: the store's id.
  void begin(std::string store_id) { store_id_ = std::move(store_id); }

  // Durable and read back: what the archive gives is what was put. Errors: those of Archive, corrupt, unavailable.
  Result<void> put(const schema::ArchiveName& name, std::string_view bytes, const Digest& digest);
  // Errors: unavailable (also where the part is missing), timeout, busy (too many wait already), corrupt, cancelled.
  Result<std::string> get(const schema::ArchiveName& name, std::uint64_t size_bytes, const Digest& digest);
  Result<void> remove(const schema::ArchiveName& name);
  Result<void> list(std::optional<schema::AccountId> account, const Archive::Visitor& visit);
  Result<void> compact();
  void stop();

  // Whether a call failed within the last half minute: work that can wait need not try.
  bool is_resting() const;

 private:
  class Turn;
  Result<void> ready();
  Result<std::string> fetch(const schema::ArchiveName& name, std::uint64_t size_bytes, const Digest& digest);
  template <typename T>
  Result<T> told(std::string_view call, Result<T> result);

  const std::unique_ptr<Archive> archive_;
  const StoreClock& clock_;
  std::string store_id_;  // constant after begin()
  std::atomic<bool> owned_{false};
  std::atomic<SteadyTime> rest_until_{SteadyTime::min()};
  std::mutex mutex_;
  std::condition_variable turn_;
  unsigned running_ = 0, waiting_ = 0;  // guarded by mutex_: reads
};

}  // namespace telepost::store
