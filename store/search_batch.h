// A stretch of the change log as the account's full text is told of it: which messages came, with their words, and which went. Read from
// a snapshot and without the account's lock, since a message's bytes never change; of what changed since that snapshot a later stretch tells.
#pragma once

#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "schema/search_records.h"
#include "store/engine/engine.h"
#include "store/message_reader.h"
#include "store/posting_writer.h"

namespace telepost::store {

struct Rooms;

class SearchBatch {
 public:
  // From where `from` stands, at most `most` changes and as many words as fit a batch; an account's messages are numbered on from there.
  // The snapshot is of that account, with this head.
  static Result<SearchBatch> read(Rooms& rooms, schema::AccountId account, const PartitionReader& snapshot, const schema::HeadRecord& head,
                                  const schema::SearchRecord& from, std::size_t most);

  schema::Modseq until() const { return until_; }  // all up to there is in it
  struct Added {
    schema::LocalId local;
    Time received;
    schema::SearchedMessageRecord record;
  };
  const std::vector<Added>& added() const { return added_; }  // numbered one behind the other
  struct Gone {
    schema::LocalId local;
    schema::SearchNumber number;
    bool comes_again;  // among those that were added, under another number
  };
  const std::vector<Gone>& gone() const { return gone_; }
  const PostingRecords& records() const { return records_; }

 private:
  struct Source;
  Result<void> read(const Source& source, const Change& change);
  Result<void> read_message(const Source& source, const Change& change);
  Result<std::optional<schema::SearchedMessageRecord>> known(const Source& source, schema::LocalId local) const;

  schema::Modseq until_{};
  schema::SearchNumber next_ = 0;
  std::vector<Added> added_;
  std::vector<Gone> gone_;
  PostingWriter writer_;
  PostingRecords records_;
  std::unordered_map<std::uint64_t, std::optional<schema::SearchedMessageRecord>> told_;  // by this batch, of a message
};

}  // namespace telepost::store
