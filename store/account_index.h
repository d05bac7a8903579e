// The account's index: threads, the order of all mail, and the orders of threads (schema/index_records.h). No delivery writes it. It is
// a reader of the change log, whose position stands in the head: whoever reads the index lets it read on first, and due work does where
// nobody asked for long. Each batch carries the position that it comes to, so that a crash costs nothing but the batch.
//
// Messages are read without the account's lock (store/index_batch.h); threads and orders are, and are written, under it, which a batch
// holds for as long as it takes to put it together, and no delivery in flight is waited for. Only the last stretch before a snapshot
// that is to have read all is read under the lock too.
//
// A message is found in it as it was at its last change. At a position in the middle of the log that is no state that the account
// ever had; where the position is the head's modseq it is the present one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "schema/index_records.h"
#include "store/account_write.h"
#include "store/index_batch.h"
#include "store/thread_book.h"

namespace telepost::store {

inline constexpr std::uint64_t kIndexTail = 256;  // changes: each time that it is so many more behind, due work reads on

inline constexpr Duration kLongestReading = std::chrono::seconds(5);  // of the change log, by whoever asks for what an index of it tells

class AccountIndex {
 public:
  explicit AccountIndex(AccountWrite& write) : write_(write) {}  // in a mode with reads

  // A message record goes for good. What the index has yet to read of goes with its tombstone.
  Result<void> forget(schema::LocalId local);

  // All below block. Reads on by a bounded number of changes, beside deliveries. True: there was nothing to read. not_found: no such
  // account.
  static Result<bool> read_on(Rooms& rooms, schema::AccountId account);
  // What was read goes into the index. False: nothing was written, since another reader was here meanwhile, or the account is being
  // deleted.
  static Result<bool> write_batch(Rooms& rooms, schema::AccountId account, const IndexBatch& batch);

  // A snapshot in which it has read all, and the head there: reads on in as many batches as that takes. Errors: not_found, busy
  // (it is so far behind that this takes longer than a request may; what was read stays, and the same call comes further).
  struct Whole {
    std::unique_ptr<PartitionReader> snapshot;
    schema::HeadRecord head;
  };
  static Result<Whole> catch_up(Rooms& rooms, schema::AccountId account);

 private:
  Result<bool> step();  // by a bounded number of changes, mode with_reads; true: it is where the account is
  Result<void> apply(const IndexBatch& batch);
  Result<void> read_ahead(const IndexBatch& batch);
  Result<void> apply(ThreadBook& book, const IndexBatch::Told& told);
  Result<void> place(ThreadBook& book, const IndexBatch::Told& told, const IndexBatch::Message& message);
  Result<void> take_out(ThreadBook& book, const IndexBatch::Told& told);
  Result<std::optional<schema::IndexedMessageRecord>> indexed(schema::LocalId local) const;
  void not_indexed(schema::LocalId local, const Error& error) const;
  Result<bool> recount();                                // mode with_reads; true: it is counted by the present trash
  Result<bool> recount_page(schema::RecountRecord& at);  // true: there was no more
  AccountWrite& write_;
};

}  // namespace telepost::store
