#include "store/posting_query.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "schema/keys.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kBlocksToEstimate = 32;
constexpr std::size_t kFewNumbers = 128;        // are looked up one by one, where a list may be long
constexpr std::size_t kPostingsToStep = 512;    // before the next one is looked up
constexpr std::size_t kNumbersAtOnce = 65'536;  // whose positions are held,
constexpr std::size_t kPlacesAtOnce = 4u << 20;  // unless they have more

}  // namespace

struct PostingQuery::Word {
  std::string text;
  bool is_begin;
  std::uint8_t fields;
  std::size_t size = 0;  // about
};

// A word of one text: number, field and position in that order.
struct PostingQuery::Place {
  schema::SearchNumber number;
  std::uint8_t field;
  std::uint32_t position;
  auto operator<=>(const Place&) const = default;
};

// Of one word from a number on, in their order. Of a begin: word by word.
Result<void> PostingQuery::read(const Word& word, schema::SearchNumber from, const Take& take) const {
  const std::string begin = word.is_begin ? keys::postings_from(word.text) : keys::postings(word.text, from);
  const std::string end = keys::after(word.is_begin ? begin : keys::postings_of(word.text));
  Result<void> decoded;
  std::string last;
  std::size_t words = 0;
  TELEPOST_TRY(scan_(begin, end, [&](std::string_view key, std::string_view value) {
    const auto parts = keys::posting_key(key);
    if (!parts) decoded = Error{Errc::corrupt, "a key of postings without a word; run telepost verify"};
    if (!parts) return false;
    if (word.is_begin && parts->word != last) {
      last = parts->word;
      if (++words > kMostWordsOfBegin) decoded = Error{Errc::too_many, "too many words begin with '" + word.text + "'"};
    }
    if (!decoded.ok()) return false;
    bool more = true;
    decoded = schema::PostingBlock::read(value, parts->last, [&](const schema::Posting& posting) {
      if ((posting.fields & word.fields) != 0 && posting.number >= from) more = take(posting);
      return more;
    });
    return decoded.ok() && more;
  }));
  return decoded;
}

// Bytes of its first blocks: enough to tell what is rare.
Result<std::size_t> PostingQuery::estimate(const Word& word) const {
  const std::string begin = word.is_begin ? keys::postings_from(word.text) : keys::postings_of(word.text);
  std::size_t bytes = 0, blocks = 0;
  TELEPOST_TRY(scan_(begin, keys::after(begin), [&](std::string_view, std::string_view value) {
    bytes += value.size();
    return ++blocks < kBlocksToEstimate;
  }));
  return bytes;
}

Result<PostingQuery::Numbers> PostingQuery::all_of(const Word& word) const {
  Numbers numbers;
  TELEPOST_TRY(read(word, 0, [&](const schema::Posting& posting) {
    numbers.push_back(posting.number);
    return true;
  }));
  if (word.is_begin) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  }
  return numbers;
}

Result<PostingQuery::Numbers> PostingQuery::among(const Word& word, const Numbers& numbers) const {
  Numbers found;
  if (numbers.empty()) return found;
  if (numbers.size() > kFewNumbers || word.is_begin) {
    TELEPOST_ASSIGN(const Numbers all, all_of(word));
    std::set_intersection(all.begin(), all.end(), numbers.begin(), numbers.end(), std::back_inserter(found));
    return found;
  }
  for (auto wanted = numbers.begin(); wanted != numbers.end();) {
    std::size_t left = kPostingsToStep;
    TELEPOST_TRY(read(word, *wanted, [&](const schema::Posting& posting) {
      wanted = std::lower_bound(wanted, numbers.end(), posting.number);
      if (wanted != numbers.end() && *wanted == posting.number) found.push_back(*wanted++);
      return wanted != numbers.end() && --left > 0;
    }));
    if (left > 0) break;  // the list ends, or the numbers do
  }
  return found;
}

// Positions of all words in some documents; where each follows the one before, the phrase is.
Result<bool> PostingQuery::follow(const std::vector<Word>& words, const Numbers& chunk, Numbers& found) const {
  std::vector<Place> heads;  // where the phrase may stand: at which place its next word is to be
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::vector<Place> places;
    auto wanted = chunk.begin();
    schema::SearchNumber before = 0;
    bool fits = true;
    TELEPOST_TRY(read(words[i], chunk.front(), [&](const schema::Posting& posting) {
      if (posting.number < before) wanted = chunk.begin();  // the next word that begins so
      before = posting.number;
      if (posting.number > chunk.back()) return words[i].is_begin;
      wanted = std::lower_bound(wanted, chunk.end(), posting.number);
      if (*wanted != posting.number) return true;
      for (unsigned mask = 1; mask < 256; mask <<= 1) {
        const auto field = static_cast<std::uint8_t>(mask);
        if ((posting.fields & words[i].fields & field) == 0) continue;
        for (const std::uint32_t position : schema::positions_in(posting, static_cast<schema::SearchField>(field))) places.push_back({posting.number, field, position + 1});
      }
      return fits = places.size() <= kPlacesAtOnce || chunk.size() == 1;
    }));
    if (!fits) return false;
    if (words[i].is_begin) std::sort(places.begin(), places.end());
    if (i == 0) {
      heads = std::move(places);
      continue;
    }
    std::vector<Place> next;
    std::size_t at = 0;
    for (const Place& place : places) {
      const Place needed{place.number, place.field, place.position - 1};
      while (at < heads.size() && heads[at] < needed) ++at;
      if (at < heads.size() && heads[at] == needed) next.push_back(place);
    }
    heads = std::move(next);
  }
  for (const Place& place : heads) {
    if (found.empty() || found.back() != place.number) found.push_back(place.number);
  }
  return true;
}

Result<PostingQuery::Numbers> PostingQuery::phrase(const SearchPhrase& phrase, std::uint8_t fields, const Numbers& numbers) const {
  std::vector<Word> words;
  for (const std::string& text : phrase.words) words.push_back({text, phrase.last_is_begin && &text == &phrase.words.back(), fields});
  Numbers found;
  std::size_t at_once = kNumbersAtOnce;
  for (std::size_t at = 0; at < numbers.size();) {
    const std::size_t size = std::min(at_once, numbers.size() - at);
    const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(at);
    TELEPOST_ASSIGN(const bool fits, follow(words, Numbers(begin, begin + static_cast<std::ptrdiff_t>(size)), found));
    if (fits) at += size;
    else at_once = std::max<std::size_t>(size / 2, 1);
  }
  return found;
}

// The rarest word first; the others are then looked up where it is.
Result<PostingQuery::Numbers> PostingQuery::find(const SearchQuery& query) const {
  std::vector<Word> words;
  for (const SearchPhrase& phrase : query.phrases) {
    for (const std::string& text : phrase.words) {
      Word& word = words.emplace_back(Word{text, phrase.last_is_begin && &text == &phrase.words.back(), query.fields});
      TELEPOST_ASSIGN(word.size, estimate(word));
    }
  }
  std::sort(words.begin(), words.end(), [](const Word& a, const Word& b) {
    return std::tie(a.is_begin, a.size, a.text) < std::tie(b.is_begin, b.size, b.text);
  });
  words.erase(std::unique(words.begin(), words.end(), [](const Word& a, const Word& b) { return a.is_begin == b.is_begin && a.text == b.text; }), words.end());
  Numbers numbers;
  for (std::size_t i = 0; i < words.size(); ++i) {
    TELEPOST_ASSIGN(numbers, i == 0 ? all_of(words[i]) : among(words[i], numbers));
    if (numbers.empty()) return numbers;
  }
  for (const SearchPhrase& each : query.phrases) {
    if (each.words.size() == 1) continue;
    TELEPOST_ASSIGN(numbers, phrase(each, query.fields, numbers));
  }
  return numbers;
}

}  // namespace telepost::store
