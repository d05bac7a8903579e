// Messages of one account by their words, at one committed state: by its full text (store/search_index.h), and by the tail of the change
// log that this has not read yet, which is read for the query as it would be for the index.
//
// Opened for one request and used by one thread; lives at most 30 s (it holds a snapshot). Every call may block.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "store/engine/engine.h"
#include "store/posting_query.h"
#include "store/search_batch.h"

namespace telepost::store {

class Store;
struct Rooms;

class MailSearch {
 public:
  // Errors: not_found (no such account), busy (the index is so far behind that reading on takes longer than a request may; what was read
  // stays, and the same call comes further).
  static Result<MailSearch> open(Store& store, schema::AccountId account);

  struct Hit {
    schema::LocalId local;
    Time received;
  };
  // Newest first, as lists are. Errors: too_many (more words begin so than kMostWordsOfBegin), corrupt.
  Result<std::vector<Hit>> find(const SearchQuery& query) const;

 private:
  MailSearch(std::unique_ptr<PartitionReader> snapshot, schema::SearchRecord record, SearchBatch tail)
      : snapshot_(std::move(snapshot)), record_(std::move(record)), tail_(std::move(tail)) {}
  Result<std::vector<Hit>> hits_of(const PostingQuery::Numbers& numbers) const;

  std::unique_ptr<PartitionReader> snapshot_;
  schema::SearchRecord record_;
  SearchBatch tail_;
};

}  // namespace telepost::store
