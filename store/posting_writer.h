// The words of some messages on their way into posting lists, in memory: message by message in, a record for each word out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/search_records.h"

namespace telepost::store {

// What is indexed of one message; what is beyond is not found by it. The most that one adds is some two MiB of records.
inline constexpr std::size_t kMostWordsOfMessage = 20'000;    // different ones
inline constexpr std::size_t kMostPlacesOfMessage = 200'000;
inline constexpr std::size_t kMostPlacesOfWord = 4'096;       // in one field
inline constexpr std::size_t kPostingBlockBytes = 4'096;      // a block is closed by the posting that passes it

using PostingRecords = std::map<std::string, std::string>;    // key to block

class PostingWriter {
 public:
  void begin(schema::SearchNumber number);  // ascending
  // Each text is by itself: no phrase is found over the end of one.
  void add(schema::SearchField field, std::string_view text);
  struct Sum {
    std::uint32_t words = 0;
    std::uint64_t hashes = 0;
    bool is_cut = false;  // there was more than the bounds allow
  };
  Sum end();
  std::size_t size_bytes() const { return size_bytes_; }  // of the records, about
  PostingRecords take();

 private:
  struct Entry {
    schema::PostingBlock block;
    schema::SearchNumber last = 0;  // where it was met
    bool was_met = false;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const { return std::hash<std::string_view>{}(word); }
  };
  using Words = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
  struct Place {
    Words::value_type* word;
    std::uint32_t position;
    std::uint8_t field;
  };
  Words::value_type* find(std::string_view word);
  void close(Words::value_type& word);

  Words words_;
  PostingRecords records_;
  std::size_t size_bytes_ = 0;
  // Of the message that is being read:
  schema::SearchNumber number_ = 0;
  std::vector<Place> places_;
  std::map<std::uint8_t, std::uint32_t> next_;  // position in a field
  Sum sum_;
};

}  // namespace telepost::store
