#include "transcoders/codec/shared_strings.h"

#include <algorithm>
#include <queue>
#include <string_view>
#include <unordered_map>

#include "base/assert.h"

namespace telepost::transcoders::codec {
namespace {

// All samples in one text, and every place in it, sorted by what begins there: what many have in common lies side by side.
class Places {
 public:
  explicit Places(const std::vector<Sample>& samples) {
    for (const Sample& sample : samples) {
      text_.append(sample.text);
      ends_.push_back(text_.size());
      owners_.push_back(sample.owner);
    }
    TELEPOST_ASSERT(text_.size() <= kMaxSampleBytes);
    for (std::uint32_t sample = 0; sample < ends_.size(); ++sample) sample_of_.resize(ends_[sample], sample);
    for (std::uint32_t at = 0; at < text_.size(); ++at) sorted_.push_back(at);
    std::sort(sorted_.begin(), sorted_.end(), [this](std::uint32_t a, std::uint32_t b) {
      const int order = from(a).compare(from(b));
      return order != 0 ? order < 0 : a < b;
    });
  }

  std::size_t size() const { return sorted_.size(); }
  std::uint32_t place(std::size_t rank) const { return sorted_[rank]; }
  std::uint64_t owner(std::size_t rank) const { return owners_[sample_of_[sorted_[rank]]]; }
  std::string_view from(std::uint32_t at) const {
    return std::string_view(text_).substr(at, std::min(ends_[sample_of_[at]] - at, kMaxSharedString));
  }
  std::size_t shared(std::size_t first, std::size_t last) const {
    const std::string_view a = from(sorted_[first]), b = from(sorted_[last]);
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  }
  // Behind the last rank whose text begins with the `length` bytes of the first's.
  std::size_t end_of(std::size_t first, std::size_t length) const {
    const std::string_view wanted = from(sorted_[first]).substr(0, length);
    const auto end = std::upper_bound(sorted_.begin() + static_cast<std::ptrdiff_t>(first), sorted_.end(), wanted,
                                      [this](std::string_view value, std::uint32_t at) { return value < from(at).substr(0, value.size()); });
    return static_cast<std::size_t>(end - sorted_.begin());
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint64_t> owners_;
  std::vector<std::uint32_t> sample_of_, sorted_;
};

// For each rank the longest string that begins there and that enough owners have, counted from that rank on; 0: none.
std::vector<std::uint32_t> longest_shared(const Places& places, std::size_t owners) {
  std::vector<std::uint32_t> longest(places.size(), 0);
  std::unordered_map<std::uint64_t, std::size_t> held;
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < places.size(); ++begin) {
    while (end < places.size() && held.size() < owners) ++held[places.owner(end++)];
    if (held.size() < owners) break;
    longest[begin] = static_cast<std::uint32_t>(places.shared(begin, end - 1));
    const auto leaving = held.find(places.owner(begin));
    if (--leaving->second == 0) held.erase(leaving);
  }
  return longest;
}

struct Candidate {
  std::size_t worth;
  std::size_t first, end;  // ranks
  std::uint32_t length;
  bool operator<(const Candidate& other) const { return worth != other.worth ? worth < other.worth : first > other.first; }
};

// What is no part of a longer one that begins just before it.
std::priority_queue<Candidate> candidates(const Places& places, const std::vector<std::uint32_t>& longest) {
  std::vector<std::uint32_t> at_place(places.size());
  for (std::size_t rank = 0; rank < places.size(); ++rank) at_place[places.place(rank)] = longest[rank];
  std::priority_queue<Candidate> list;
  std::size_t known_until = 0;
  std::uint32_t known_length = 0;
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    const std::uint32_t length = longest[rank], place = places.place(rank);
    if (length < kMinSharedString || (rank < known_until && length <= known_length)) continue;
    if (place > 0 && at_place[place - 1] > length) continue;
    known_until = places.end_of(rank, length);
    known_length = length;
    list.push({length * (known_until - rank), rank, known_until, length});
  }
  return list;
}

// Bytes of the candidate's occurrences that no string taken before holds; they are marked where it is taken.
class Covered {
 public:
  Covered(const Places& places) : places_(places), covered_(places.size(), false) {}
  std::size_t uncovered(const Candidate& candidate) const {
    std::size_t bytes = 0;
    for (std::size_t rank = candidate.first; rank < candidate.end; ++rank) {
      for (std::uint32_t i = 0; i < candidate.length; ++i) bytes += covered_[places_.place(rank) + i] ? 0u : 1u;
    }
    return bytes;
  }
  void cover(const Candidate& candidate) {
    for (std::size_t rank = candidate.first; rank < candidate.end; ++rank) {
      for (std::uint32_t i = 0; i < candidate.length; ++i) covered_[places_.place(rank) + i] = true;
    }
  }

 private:
  const Places& places_;
  std::vector<bool> covered_;
};

}  // namespace

std::vector<std::string> shared_strings(const std::vector<Sample>& samples, std::size_t owners, std::size_t max_bytes) {
  const Places places(samples);
  auto queue = candidates(places, longest_shared(places, owners));
  Covered covered(places);
  std::vector<std::string> strings;
  std::size_t bytes = 0;
  while (!queue.empty() && bytes < max_bytes) {
    Candidate best = queue.top();
    queue.pop();
    const std::size_t worth = covered.uncovered(best);
    if (worth < best.worth) {  // others hold a part of it: it waits for its turn, or is not worth one any more
      best.worth = worth;
      if (worth >= owners * kMinSharedString / 2) queue.push(best);
      continue;
    }
    if (bytes + best.length > max_bytes) continue;
    covered.cover(best);
    strings.emplace_back(places.from(places.place(best.first)).substr(0, best.length));
    bytes += best.length;
  }
  return strings;
}

}  // namespace telepost::transcoders::codec
