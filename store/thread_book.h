// The threads that a batch of the account's index touches: joins, leaves, and what follows from them in the orders and in the threads'
// log, all written by finish(). In a mode with reads.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/index_records.h"
#include "store/account_write.h"
#include "store/index_orders.h"
#include "store/thread_ties.h"

namespace telepost::store {

// A thread takes no message beyond these: the next begins another. What is at other sides is a conversation until nobody said
// anything for kSilence.
inline constexpr std::uint32_t kThreadMessages = 1000;
inline constexpr std::size_t kThreadIds = 4000;  // of messages in it, and of those they refer to
inline constexpr Duration kSilence = std::chrono::days(90);

class ThreadBook {
 public:
  using Member = schema::ThreadRecord::Member;
  // `trash`: by which the unread ones are counted.
  ThreadBook(AccountWrite& write, schema::MailboxId trash) : write_(write), trash_(trash), orders_(write) {}

  // A message without a thread finds one by its ties, the older where they lead to two, or begins one. `modseq`: of its change.
  Result<schema::ThreadId> join(const ThreadTies& ties, const Member& member, schema::Modseq modseq);
  // A message that had left comes back to its thread, or begins it again where nothing else is left of it.
  Result<void> come_back(schema::ThreadId id, const ThreadTies& ties, const Member& member, schema::Modseq modseq);
  Result<void> place(schema::ThreadId id, const Member& member, schema::Modseq modseq);  // as it is now
  Result<void> leave(schema::ThreadId id, schema::LocalId message, schema::Modseq modseq);
  // Counts the thread by another trash than this book's; `only_new`: unless it lies in this book's too.
  Result<void> recount(schema::ThreadId id, schema::MailboxId trash, bool only_new);

  bool is_full() const { return weight_ > kFullWeight; }  // finish() then: its records fill much of a batch
  Result<void> finish();

 private:
  static constexpr std::size_t kFullWeight = 1u << 20;
  struct Touched {
    std::optional<schema::ThreadRecord> was;  // none: it is not stored
    schema::ThreadRecord now;                 // without members: it is not there
    schema::Modseq counted{};                 // of the last change that its counts come from
  };
  Result<Touched*> open(schema::ThreadId id);
  Result<std::optional<schema::ThreadId>> find_by_partner(const ThreadTies& ties, Time received);
  Result<std::optional<schema::ThreadId>> find_by_ids(const ThreadTies& ties);
  Result<void> add(schema::ThreadId id, const ThreadTies& ties, const Member& member, schema::Modseq modseq);
  Result<void> lead(schema::ThreadId id, Touched& touched, const ThreadTies& ties, Time received);
  Result<void> forget(schema::ThreadId id, schema::ThreadRecord& thread);
  Result<schema::PartnerRecord> partner(std::uint64_t hash) const;
  void put_partner(std::uint64_t hash, const schema::PartnerRecord& record);
  Result<void> write(schema::ThreadId id, const Touched& touched);
  void log(schema::ThreadId id, const Touched& touched);
  Result<void> order_members(const Touched& touched);

  AccountWrite& write_;
  const schema::MailboxId trash_;
  IndexOrders orders_;
  std::map<schema::ThreadId, Touched> touched_;
  std::size_t weight_ = 0;  // bytes, about
};

}  // namespace telepost::store
