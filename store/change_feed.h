// Wakes readers after a commit, never before. A wake-up says which account reached which modseq; what changed is read from
// the change log. Nothing is lost by missing one: the next tells the later modseq.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "schema/ids.h"

namespace telepost::store {

class ChangeFeed {
 public:
  using Listener = std::function<void(schema::AccountId, schema::Modseq)>;  // on the committer's thread: post, do not work

  // Until unsubscribe returns the listener may be called; after it, never.
  std::uint64_t subscribe(Listener listener);
  void unsubscribe(std::uint64_t subscription);

  void announce(schema::AccountId account, schema::Modseq modseq);

 private:
  std::mutex mutex_;
  std::uint64_t next_ = 1;                     // guarded by mutex_
  std::map<std::uint64_t, Listener> listeners_;  // guarded by mutex_
};

}  // namespace telepost::store
