#include "store/posting_writer.h"

#include <algorithm>
#include <tuple>

#include "base/bytes.h"
#include "transcoders/words.h"

namespace telepost::store {

namespace {
constexpr std::uint32_t kBetweenTexts = 16;    // positions
constexpr std::size_t kOfPosting = 4;          // bytes, about: what stands before its positions
constexpr std::size_t kOfRecord = 16;
}  // namespace

void PostingWriter::begin(schema::SearchNumber number) {
  number_ = number;
  places_.clear();
  next_.clear();
  sum_ = {};
}

// nullptr: the message has enough words.
PostingWriter::Words::value_type* PostingWriter::find(std::string_view word) {
  auto found = words_.find(word);
  const bool is_met = found != words_.end() && found->second.was_met && found->second.last == number_;
  if (is_met) return &*found;
  if (sum_.words == kMostWordsOfMessage) return nullptr;
  if (found == words_.end()) found = words_.emplace(word, Entry{}).first;
  ++sum_.words;
  found->second.last = number_;
  found->second.was_met = true;
  return &*found;
}

void PostingWriter::add(schema::SearchField field, std::string_view text) {
  std::uint32_t& position = next_[schema::bit(field)];
  transcoders::for_each_word(text, [&](const transcoders::Word& word) {
    if (places_.size() == kMostPlacesOfMessage) return !(sum_.is_cut = true);
    if (auto* const entry = find(word.folded)) places_.push_back({entry, position, schema::bit(field)});
    else sum_.is_cut = true;
    ++position;
    return true;
  });
  position += kBetweenTexts;
}

PostingWriter::Sum PostingWriter::end() {
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::tuple(a.word, a.field, a.position) < std::tuple(b.word, b.field, b.position);
  });
  std::string positions, of_field;
  for (auto place = places_.begin(); place != places_.end();) {
    Words::value_type& word = *place->word;
    schema::Posting posting{number_, 0, {}};
    positions.clear();
    while (place != places_.end() && place->word == &word) {
      const std::uint8_t field = place->field;
      std::size_t count = 0;
      std::uint32_t before = 0;
      of_field.clear();
      for (; place != places_.end() && place->word == &word && place->field == field; ++place) {
        if (count == kMostPlacesOfWord) {
          sum_.is_cut = true;
          continue;
        }
        ++count;
        ByteWriter(of_field).varint(place->position - before);
        before = place->position;
      }
      posting.fields = static_cast<std::uint8_t>(posting.fields | field);
      ByteWriter(positions).varint(count).raw(of_field);
    }
    posting.positions = positions;
    if (word.second.block.postings() == 0) size_bytes_ += word.first.size() + kOfRecord;
    word.second.block.add(posting);
    size_bytes_ += positions.size() + kOfPosting;
    sum_.hashes += schema::hash_of(word.first, posting);
    if (word.second.block.size_bytes() >= kPostingBlockBytes) close(word);
  }
  return sum_;
}

void PostingWriter::close(Words::value_type& word) {
  std::string key = schema::keys::postings(word.first, word.second.block.last());
  records_.emplace(std::move(key), word.second.block.take());
}

PostingRecords PostingWriter::take() {
  for (auto& word : words_) {
    if (word.second.block.postings() > 0) close(word);
  }
  words_.clear();
  size_bytes_ = 0;
  return std::move(records_);
}

}  // namespace telepost::store
