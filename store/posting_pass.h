// A piece of the pass that takes what is gone out of all postings and joins short blocks (store/search_index.h): what is read is bounded,
// and what it comes to is for one batch, which is refused where the index was written meanwhile. First all postings in the order of their
// words, then the documents: the numbers of what is gone by then are in no list any more.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "schema/search_records.h"
#include "store/engine/engine.h"

namespace telepost::store {

class PostingPass {
 public:
  PostingPass(const PartitionReader& snapshot, schema::SearchRecord record) : snapshot_(snapshot), record_(std::move(record)) {}

  Result<void> read();
  const std::vector<std::string>& erased() const { return erased_; }  // before anything is written
  const std::vector<std::pair<std::string, std::string>>& written() const { return written_; }
  const schema::SearchRecord& record() const { return record_; }

 private:
  using Blocks = std::vector<std::pair<std::string, std::string>>;
  Result<void> read_postings();
  Result<void> read_documents();
  Result<void> learn_the_dead();
  bool is_dead(schema::SearchNumber number) const { return number < dead_.size() && dead_[number]; }
  Result<bool> has_dead(const std::string& key, const std::string& value) const;
  Result<void> join(std::string_view word, Blocks::const_iterator begin, Blocks::const_iterator end);
  void write(std::string_view word, schema::PostingBlock& block);

  const PartitionReader& snapshot_;
  schema::SearchRecord record_;
  std::vector<bool> dead_;  // by number
  std::vector<std::string> erased_;
  Blocks written_;
};

}  // namespace telepost::store
