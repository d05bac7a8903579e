// A stretch of the change log as the account's index is told of it: each message that it names, with what ties it to others, and which
// went. Read from a snapshot, mostly without the account's lock; of what changed since that snapshot a later stretch tells.
//
// A message that goes for good meanwhile comes into its thread all the same, and leaves it by its tombstone: so tombstones stay until the
// index has read of them.
#pragma once

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include "base/result.h"
#include "schema/index_records.h"
#include "store/engine/engine.h"
#include "store/thread_ties.h"

namespace telepost::store {

struct Change;
struct Rooms;

class IndexBatch {
 public:
  static constexpr std::size_t kMostChanges = 250;  // what is written of them holds the account's lock for some milliseconds

  // From where the index stands by this head on, at most kMostChanges. The snapshot is of that account, with this head.
  // Errors: not_found (no such account), io, corrupt.
  static Result<IndexBatch> read(Rooms& rooms, schema::AccountId account, const PartitionReader& snapshot, const schema::HeadRecord& head);

  // Whether it is the next one of an account with this head: nobody else read on, and no other mailbox became the trash.
  bool follows(const schema::HeadRecord& head) const;

  struct Message {
    schema::ThreadRecord::Member member;
    std::optional<ThreadTies> ties;  // none: it lies in a thread already, and stays there
  };
  struct Gone {};
  struct Told {
    schema::Modseq modseq;
    schema::LocalId local;
    std::variant<Message, Gone, Error> what;  // the error is corrupt: of this one alone
  };
  const std::vector<Told>& told() const { return told_; }  // in the order of what happened
  schema::Modseq until() const { return until_; }          // all up to there is in it

 private:
  struct Source;
  Result<void> read(const Source& source, const Change& change);

  schema::Modseq from_{};
  schema::MailboxId trash_{};
  schema::Modseq until_{};
  std::vector<Told> told_;
};

}  // namespace telepost::store
