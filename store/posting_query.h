// Which search documents have some words, by the posting lists of one account (schema/search_records.h), wherever these lie: in the engine,
// or in memory, of what the index has not read yet.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/search_records.h"

namespace telepost::store {

// Words that stand one behind the other in one text; folded (transcoders/words.h).
struct SearchPhrase {
  std::vector<std::string> words;   // never empty
  bool last_is_begin = false;       // the last one is the begin of a word
  auto operator<=>(const SearchPhrase&) const = default;
};

// All phrases are to be found, each in one of the fields.
struct SearchQuery {
  std::uint8_t fields = 0;
  std::vector<SearchPhrase> phrases;  // never empty
  auto operator<=>(const SearchQuery&) const = default;
};

inline constexpr std::size_t kMostWordsOfBegin = 20'000;  // that begin so, in an account

class PostingQuery {
 public:
  // Records with keys in [begin, end), ascending, until `visit` gives false.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  using Scan = std::function<Result<void>(std::string_view begin, std::string_view end, const Visit& visit)>;
  explicit PostingQuery(Scan scan) : scan_(std::move(scan)) {}

  // Ascending. Errors: too_many (more words begin so than kMostWordsOfBegin), corrupt.
  using Numbers = std::vector<schema::SearchNumber>;
  Result<Numbers> find(const SearchQuery& query) const;

 private:
  struct Word;
  struct Place;
  using Take = std::function<bool(const schema::Posting& posting)>;
  Result<void> read(const Word& word, schema::SearchNumber from, const Take& take) const;
  Result<std::size_t> estimate(const Word& word) const;
  Result<Numbers> all_of(const Word& word) const;
  Result<Numbers> among(const Word& word, const Numbers& numbers) const;
  Result<Numbers> phrase(const SearchPhrase& phrase, std::uint8_t fields, const Numbers& numbers) const;
  Result<bool> follow(const std::vector<Word>& words, const Numbers& chunk, Numbers& found) const;  // false: too many places at once
  Scan scan_;
};

}  // namespace telepost::store
