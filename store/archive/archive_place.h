// The archive as the store's rooms use it: bounded in how many ask at once, checked by digest, never another store's, and told as
// unavailable in one way whether there is none, it does not answer or it is not ours.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "store/archive/archive.h"

namespace telepost::store {

// What the store keeps of its archive, so that an archive that is empty because its folder is not mounted, or its bucket is another, is
// not taken for a new one.
struct ArchiveMemory {
  std::string place;                 // as the configuration names it now
  std::optional<std::string> begun;  // where the store has begun one; none: nowhere yet
  std::function<Result<void>()> keep = {};  // makes `place` the one that was begun
};

// Any thread; every call blocks for as long as the archive takes.
class ArchivePlace {
 public:
  ArchivePlace(std::unique_ptr<Archive> archive, const Clock& clock);  // null: none is configured
  ~ArchivePlace();
  bool is_configured() const { return archive_ != nullptr; }
  // Before any other call.
  void begin(std::string store_id, ArchiveMemory memory) {
    store_id_ = std::move(store_id);
    memory_ = std::move(memory);
  }

  // Durable and read back: what the archive gives is what was put. Errors: those of Archive, corrupt, unavailable.
  Result<void> put(const schema::ArchiveName& name, std::string_view bytes, const Digest& digest);
  // Errors: unavailable, timeout, busy (too many wait already, or for a minute), corrupt (also where the part is missing), cancelled.
  Result<std::string> get(const schema::ArchiveName& name, std::uint64_t size_bytes, const Digest& digest);
  Result<void> remove(const schema::ArchiveName& name);
  Result<void> list(std::optional<schema::AccountId> account, const Archive::Visitor& visit);
  Result<void> compact();
  // Whether it is there and ours, asked now: before work that would leave much behind where it is not.
  Result<void> answers();
  void stop();

  // Whether a call failed within the last half minute: work that can wait need not try.
  bool is_resting() const;

 private:
  class Turn;
  Result<void> ready();
  Result<void> is_ours();
  Error refused(std::string why);
  Result<std::string> fetch(const schema::ArchiveName& name, std::uint64_t size_bytes, const Digest& digest);
  template <typename T>
  Result<T> told(std::string_view call, Result<T> result);

  const std::unique_ptr<Archive> archive_;
  const Clock& clock_;
  std::string store_id_;  // constant after begin()
  std::mutex owning_;               // held while the archive is asked whose it is
  ArchiveMemory memory_;            // guarded by owning_
  std::atomic<bool> owned_{false};
  std::atomic<SteadyTime> rest_until_{SteadyTime::min()};
  std::mutex mutex_;
  std::condition_variable turn_;
  unsigned running_ = 0, waiting_ = 0;  // guarded by mutex_: reads
};

}  // namespace telepost::store
