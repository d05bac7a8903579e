// The account's full text: posting lists over the words of headers, bodies and annotations (transcoders/words.h), kept beside the messages
// by reading the change log (store/search_index.h). By the rules of schema/records.h.
//
// What is indexed of a message is a search document: a number of its own, never given again. A message that is annotated becomes another
// one. A number whose message is gone stays until a pass over all postings has taken it out of them.
// Where it all lies stands in schema/keys.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

using SearchNumber = std::uint32_t;

// Where in a message a word stands: one bit each.
enum class SearchField : std::uint8_t { subject = 1, from = 2, to = 4, cc = 8, bcc = 16, body = 32, attachment = 64, annotation = 128 };
inline constexpr std::uint8_t bit(SearchField field) { return static_cast<std::uint8_t>(field); }

struct SearchRecord {
  Modseq position{};            // of the change log: all of it up to there is read
  SearchNumber next = 0;        // of the next search document
  std::uint64_t live = 0;       // documents of messages that are there
  std::uint64_t dead = 0;       // those that postings still hold
  std::uint64_t added = 0;      // since the last pass over the postings
  // A pass under way: where it goes on, and which deaths it takes out. An empty cursor: none is.
  std::string cursor;
  Modseq pass{};
  bool operator==(const SearchRecord&) const = default;
};
std::string encode(const SearchRecord& record);
Result<SearchRecord> decode_SearchRecord(std::string_view bytes);

struct SearchedMessageRecord {
  SearchNumber number = 0;
  Modseq annotated{};           // of the last annotation in it; 0: none
  std::uint32_t words = 0;      // different ones, and the sum of their postings' hashes: what verify compares
  std::uint64_t hashes = 0;
  bool operator==(const SearchedMessageRecord&) const = default;
};
std::string encode(const SearchedMessageRecord& record);
Result<SearchedMessageRecord> decode_SearchedMessageRecord(std::string_view bytes);

inline constexpr SearchNumber kSearchDocumentsInBlock = 256;

struct SearchDocuments {
  struct One {
    LocalId local{};            // 0: gone
    Time received{};            // of one that is there
    Modseq gone{};              // since when; 0 of one that is there, or of which nothing is left
    bool operator==(const One&) const = default;
  };
  std::vector<One> list;        // at most kSearchDocumentsInBlock; its block's n-th document is the n-th
  bool operator==(const SearchDocuments&) const = default;
};
std::string encode(const SearchDocuments& record);
Result<SearchDocuments> decode_SearchDocuments(std::string_view bytes);

// One word in one message: in which fields, and at which of their words, counted from 0.
struct Posting {
  SearchNumber number = 0;
  std::uint8_t fields = 0;
  std::string_view positions;   // of each field in the order of the bits: how many, then each as the difference to the one before
  bool operator==(const Posting&) const = default;
};

// Which follow each other; of one word and ascending.
class PostingBlock {
 public:
  // The views must outlive the reader. `last`: of the key. corrupt: no such block. visit gives false to end it.
  template <typename Visit>
  static Result<void> read(std::string_view bytes, SearchNumber last, const Visit& visit);
  void add(const Posting& posting);
  std::size_t size_bytes() const { return body_.size(); }
  std::size_t postings() const { return count_; }
  SearchNumber last() const { return last_; }
  std::string take();           // its record; it is empty afterwards

 private:
  std::string body_;
  std::size_t count_ = 0;
  SearchNumber first_ = 0, last_ = 0;
};

// The positions of one field; nothing where it is not among the fields.
std::vector<std::uint32_t> positions_in(const Posting& posting, SearchField field);
// What a document's sum adds for one posting.
std::uint64_t hash_of(std::string_view word, const Posting& posting);

Result<std::vector<Posting>> decode_postings(std::string_view bytes, SearchNumber last);  // of a block; they show its bytes

namespace keys {

inline constexpr std::string_view kSearch = "G";
inline constexpr std::string_view kPostings = "W";
inline constexpr std::string_view kSearchDocuments = "V";
std::string searched_message(LocalId local);
std::string postings(std::string_view word, SearchNumber last);
std::string postings_of(std::string_view word);      // prefix of its blocks
std::string postings_from(std::string_view begin);   // prefix of the blocks of all words that begin so
std::string search_documents(SearchNumber number);   // the block that has it

struct PostingKey {
  std::string_view word;
  SearchNumber last = 0;
};
std::optional<PostingKey> posting_key(std::string_view key);  // none: it is no such key

}  // namespace keys

class PostingReader {
 public:
  PostingReader(std::string_view bytes, SearchNumber last);
  bool next(Posting& posting);   // false: there is no more, or it is broken
  bool is_broken() const { return broken_; }

 private:
  std::uint64_t varint();
  const char* at_;
  const char* const end_;
  SearchNumber number_ = 0, last_;
  std::uint64_t left_ = 0;
  bool broken_ = false, begun_ = false;
};

template <typename Visit>
Result<void> PostingBlock::read(std::string_view bytes, SearchNumber last, const Visit& visit) {
  PostingReader reader(bytes, last);
  for (Posting posting; reader.next(posting);) {
    if (!visit(posting)) return {};
  }
  return reader.is_broken() ? Result<void>(Errc::corrupt, "bytes that are no block of postings") : Result<void>();
}

}  // namespace telepost::schema
