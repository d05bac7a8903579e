// The accounts' heads in memory: what the next batch of an account continues from (assigned), kept ahead of what is
// durable. An LRU bounded by store.heads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "schema/effective_class.h"
#include "schema/ids.h"
#include "schema/records.h"

namespace telepost::store {

struct Automatic;

// One account's assigned state. Whoever holds the mutex may build the account's next batch; commits are submitted before it is
// given back, so that their order is the order of assignment.
class Head {
 public:
  explicit Head(schema::AccountId id) : id_(id) {}
  schema::AccountId id() const { return id_; }

  std::mutex mutex;
  struct State {
    bool loaded = false;
    bool exists = false;  // false: the account's partition holds no head
    // The head record as it was loaded, until the first batch built on it: that batch expects it. A write that failed on its
    // way to the disk may yet be found there when the engine is opened again. On an engine with other writers it is the last one that
    // was assigned, and every batch expects it.
    std::optional<std::string> loaded_head;
    schema::AccountRecord profile;
    schema::HeadRecord head;
    std::shared_ptr<const Automatic> automatic;  // what it does by itself with what arrives (store/automatic.h); null: nothing
    std::shared_ptr<const schema::EffectiveClass> service;  // of the profile, by the classes of that generation
    std::uint64_t service_generation = 0;
    std::map<schema::MailboxId, schema::MailboxRecord> mailboxes;  // those used so far
    Time last_received{};                                          // received times never run backwards
    std::unordered_map<std::string, schema::LocalId> assigned_keys;  // delivery keys not durable yet
  };
  State state;  // guarded by mutex

  // A head whose commit failed is never used again: the next user loads a new one from the engine.
  void give_up() { broken_.store(true, std::memory_order_release); }
  bool broken() const { return broken_.load(std::memory_order_acquire); }
  // What a commit may touch: messages that it brings, and no others, or any.
  enum class Touches : unsigned char { own_messages, any_messages };
  void begin_commit(Touches touches);
  void end_commit(Touches touches, bool succeeded);
  bool idle() const { return in_flight_.load(std::memory_order_acquire) == 0; }
  void wait_until_idle();  // until what was submitted is durable or failed
  void wait_for_edits();   // the same of what may touch messages that were durable before it

 private:
  const schema::AccountId id_;
  std::atomic<bool> broken_{false};
  std::atomic<std::uint32_t> in_flight_{0};
  std::atomic<std::uint32_t> edits_in_flight_{0};  // of them, those that may touch any message
  std::mutex idle_mutex_;
  std::condition_variable idle_;
};

class Heads {
 public:
  explicit Heads(std::size_t limit) : limit_(limit) {}
  // The account's head, not loaded if nobody has. Never a broken one.
  std::shared_ptr<Head> get(schema::AccountId id);
  void forget(schema::AccountId id);  // precondition: idle

 private:
  struct Slot {
    std::shared_ptr<Head> head;
    std::list<schema::AccountId>::iterator place;
  };
  void evict();
  const std::size_t limit_;
  std::mutex mutex_;
  std::unordered_map<schema::AccountId, Slot> slots_;  // guarded by mutex_
  std::list<schema::AccountId> recent_;                // guarded by mutex_; most recent first
};

}  // namespace telepost::store
