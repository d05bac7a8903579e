// The account's full text against its messages: each that it has read of has its document and all its postings, none belongs to what is not
// there, and every block can be read. Which words a message has is known by their sum, which was taken when it was read.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "schema/search_records.h"
#include "store/verify_index.h"

namespace telepost::store {

class SearchVerification {
 public:
  SearchVerification(VerifyScope& scope, const schema::Partition& partition, const PartitionReader& snapshot, const IndexVerification::Facts& facts)
      : scope_(scope), partition_(partition), snapshot_(snapshot), facts_(facts) {}
  Result<void> run();

 private:
  struct Document {
    schema::SearchDocuments::One told;
    std::uint32_t words = 0;     // that were met
    std::uint64_t hashes = 0;
    bool met = false;            // a message has it
  };
  void damage(std::string_view key, std::string what) { scope_.damage("search", partition_, key, std::move(what)); }
  using Visit = std::function<void(std::string_view key, std::string_view value)>;
  Result<void> scan(Space space, std::string_view prefix, const Visit& visit);
  Result<bool> read_record();  // false: there is none
  void read_documents(std::string_view key, std::string_view value);
  void read_postings(std::string_view key, std::string_view value);
  void read_message(std::string_view key, std::string_view value);
  Result<void> read_untold();
  void compare();

  VerifyScope& scope_;
  const schema::Partition& partition_;
  const PartitionReader& snapshot_;
  const IndexVerification::Facts facts_;
  schema::SearchRecord record_;
  std::vector<Document> documents_;             // by number
  std::unordered_set<std::uint64_t> searched_;  // locals that have a document
  std::unordered_set<std::uint64_t> untold_;    // locals of messages that are gone, of which it has yet to read
  std::string word_;                            // of the block before
  schema::SearchNumber last_ = 0;
};

}  // namespace telepost::store
