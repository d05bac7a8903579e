// The account's index: threads, the order of all mail, and the orders of threads (schema/index_records.h). No delivery writes it. It is
// a reader of the change log, whose position stands in the head: whoever reads the index lets it read on first, and due work does where
// nobody asked for long. Each batch carries the position that it comes to, so that a crash costs nothing but the batch.
//
// A message is found in it as it was at its last change. At a position in the middle of the log that is no state that the account
// ever had; where the position is the head's modseq it is the present one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "schema/index_records.h"
#include "store/account_write.h"
#include "store/change_log.h"
#include "store/thread_book.h"

namespace telepost::store {

inline constexpr std::uint64_t kIndexTail = 256;  // changes: each time that it is so many more behind, due work reads on

inline constexpr Duration kLongestReading = std::chrono::seconds(5);  // of the change log, by whoever asks for what an index of it tells

class AccountIndex {
 public:
  explicit AccountIndex(AccountWrite& write) : write_(write) {}  // mode with_reads

  // Reads on by a bounded number of changes. True: it is where the account is.
  Result<bool> step();
  // A message record goes for good. What the index has yet to read of goes with its tombstone.
  Result<void> forget(schema::LocalId local);

  // A snapshot in which it has read all, and the head there. Blocks: reads on in as many batches as that takes. Errors: not_found, busy
  // (it is so far behind that this takes longer than a request may; what was read stays, and the same call comes further).
  struct Whole {
    std::unique_ptr<PartitionReader> snapshot;
    schema::HeadRecord head;
  };
  static Result<Whole> catch_up(Rooms& rooms, schema::AccountId account);

 private:
  Result<void> read_ahead(const std::vector<Change>& changes);
  Result<void> read(ThreadBook& book, const Change& change);
  Result<void> read_message(ThreadBook& book, schema::LocalId local, const schema::MessageRecord& record, schema::Modseq modseq);
  Result<void> read_tombstone(ThreadBook& book, schema::LocalId local, schema::Modseq modseq);
  Result<ThreadTies> ties(schema::LocalId local, const schema::Summary& summary) const;
  Result<std::optional<schema::MessageRecord>> message(schema::LocalId local) const;
  Result<std::optional<schema::IndexedMessageRecord>> indexed(schema::LocalId local) const;
  void not_indexed(const Change& change, const Error& error) const;
  Result<bool> recount();                                // true: it is counted by the present trash
  Result<bool> recount_page(schema::RecountRecord& at);  // true: there was no more
  AccountWrite& write_;
};

}  // namespace telepost::store
