// When subscribers read their messages. Noted in memory and written some minutes later into the message's record, so that reading
// costs no write: a crash loses the last minutes, and nothing is ever noted that was no reading. An access is no change: it has no
// modseq and wakes nobody's client.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"

namespace telepost::store {

struct Rooms;

// A record is written again only where its access lies so much later: what is decided by it is decided in days.
inline constexpr Duration kAccessGrain = std::chrono::hours(1);

// Any thread.
class Accesses {
 public:
  void note(schema::MessageId message, Time time);
  // Noted and not written yet.
  std::optional<Time> find(schema::MessageId message) const;
  std::size_t size() const;

  std::vector<schema::AccountId> accounts() const;
  std::map<schema::LocalId, Time> of(schema::AccountId account) const;
  // They are durable; what was noted again meanwhile stays.
  void forget(schema::AccountId account, const std::map<schema::LocalId, Time>& written);

 private:
  mutable std::mutex mutex_;
  std::map<schema::AccountId, std::map<schema::LocalId, Time>> noted_;  // guarded by mutex_
  std::size_t size_ = 0;                                                // guarded by mutex_
};

// Writes what is noted, many accounts by one sync. Blocks; what could not be written stays noted. Errors: the first one's.
Result<void> write_accesses(Rooms& rooms);

}  // namespace telepost::store
