#include "adapters/jmap/text_query.h"

#include <algorithm>

#include "adapters/jmap/search_codec.h"
#include "schema/search_records.h"
#include "transcoders/words.h"

namespace telepost::adapters::jmap {
namespace {

using schema::SearchField;

constexpr std::size_t kLettersOfBegin = 3;
constexpr std::size_t kBytesBefore = 60;   // of a section, before its first stretch
constexpr std::size_t kMostMarked = 40;    // of one stretch in a section: it fits however it is escaped
constexpr std::string_view kMark = "<mark>", kEndMark = "</mark>";
constexpr std::size_t kMarks = kMark.size() + kEndMark.size();

constexpr std::uint8_t of(std::initializer_list<SearchField> fields) {
  std::uint8_t bits = 0;
  for (const SearchField field : fields) bits = static_cast<std::uint8_t>(bits | schema::bit(field));
  return bits;
}
constexpr std::uint8_t kBody = of({SearchField::body, SearchField::annotation});  // a transcript is what a voice message says
constexpr std::uint8_t kText = static_cast<std::uint8_t>(kBody | of({SearchField::subject, SearchField::from, SearchField::to, SearchField::cc,
                                                                     SearchField::bcc, SearchField::attachment}));

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0u) == 0x80u; }
bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

std::size_t letters_in(std::string_view word) {
  return static_cast<std::size_t>(std::count_if(word.begin(), word.end(), [](char byte) { return !is_continuation(byte); }));
}

store::SearchPhrase phrase_of(const SoughtPart& part) {
  store::SearchPhrase phrase;
  bool is_character = false;
  std::size_t end = 0;
  transcoders::for_each_word(part.text, [&](const transcoders::Word& word) {
    phrase.words.emplace_back(word.folded);
    is_character = word.is_character;
    end = word.end;
    return true;
  });
  if (part.is_quoted || phrase.words.empty() || is_character) return phrase;
  const bool has_star = end < part.text.size() && part.text[end] == '*';
  phrase.last_is_begin = has_star || letters_in(phrase.words.back()) >= kLettersOfBegin;
  return phrase;
}

std::string_view escaped(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
  }
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const std::string_view as = escaped(c);
    if (as.empty()) out.push_back(c);
    else out += as;
  }
}

// Of a part of it, once it is escaped.
std::size_t size_of(std::string_view text, std::size_t begin, std::size_t end) {
  std::size_t size = 0;
  for (const char c : text.substr(begin, end - begin)) size += std::max<std::size_t>(escaped(c).size(), 1);
  return size;
}

// White space as one blank each, so that a section is one line; with the stretches where they then are.
std::string one_line(std::string_view text, std::vector<Stretch>& stretches) {
  std::string line;
  auto stretch = stretches.begin();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (stretch != stretches.end() && i == stretch->begin) stretch->begin = line.size();
    if (!is_blank(text[i])) line.push_back(text[i]);
    else if (!line.empty() && line.back() != ' ') line.push_back(' ');
    if (stretch != stretches.end() && i + 1 == stretch->end) stretch++->end = line.size();
  }
  return line;
}

}  // namespace

std::uint8_t fields_of(std::string_view condition) {
  constexpr std::pair<std::string_view, std::uint8_t> kFields[] = {{"text", kText}, {"body", kBody}, {"subject", of({SearchField::subject})},
                                                                   {"from", of({SearchField::from})}, {"to", of({SearchField::to})},
                                                                   {"cc", of({SearchField::cc})}, {"bcc", of({SearchField::bcc})}};
  for (const auto& [name, fields] : kFields) {
    if (condition == name) return fields;
  }
  return 0;
}

std::optional<store::SearchQuery> text_query(std::string_view text, std::uint8_t fields) {
  if (text.size() > kMostSoughtBytes) return std::nullopt;
  store::SearchQuery query{fields, {}};
  std::size_t words = 0;
  for (const SoughtPart& part : parts_of(text)) {
    store::SearchPhrase phrase = phrase_of(part);
    words += phrase.words.size();
    if (!phrase.words.empty()) query.phrases.push_back(std::move(phrase));
  }
  if (words > kMostSoughtWords) return std::nullopt;
  return query;
}

std::vector<Stretch> stretches_of(const std::vector<store::SearchPhrase>& phrases, std::string_view text) {
  std::vector<Stretch> found;
  std::vector<std::pair<std::string, Stretch>> last;  // as many words as the longest phrase has
  std::size_t longest = 0;
  for (const store::SearchPhrase& phrase : phrases) longest = std::max(longest, phrase.words.size());
  const auto ends_here = [&](const store::SearchPhrase& phrase) {
    if (phrase.words.size() > last.size()) return false;
    auto at = last.end() - static_cast<std::ptrdiff_t>(phrase.words.size());
    for (const std::string& word : phrase.words) {
      const bool may_go_on = phrase.last_is_begin && &word == &phrase.words.back();
      if (may_go_on ? !at->first.starts_with(word) : at->first != word) return false;
      ++at;
    }
    return true;
  };
  transcoders::for_each_word(text, [&](const transcoders::Word& word) {
    last.emplace_back(std::string(word.folded), Stretch{word.begin, word.end});
    if (last.size() > longest) last.erase(last.begin());
    for (const store::SearchPhrase& phrase : phrases) {
      if (ends_here(phrase)) found.push_back({(last.end() - static_cast<std::ptrdiff_t>(phrase.words.size()))->second.begin, word.end});
    }
    return longest > 0;
  });
  std::sort(found.begin(), found.end(), [](const Stretch& a, const Stretch& b) { return a.begin < b.begin; });
  std::vector<Stretch> apart;
  for (const Stretch& one : found) {
    if (apart.empty() || one.begin >= apart.back().end) apart.push_back(one);
    else apart.back().end = std::max(apart.back().end, one.end);
  }
  return apart;
}

std::string marked(std::string_view text, const std::vector<Stretch>& stretches) {
  std::string out;
  std::size_t at = 0;
  for (const Stretch& one : stretches) {
    append_escaped(out, text.substr(at, one.begin - at));
    out += kMark;
    append_escaped(out, text.substr(one.begin, one.end - one.begin));
    out += kEndMark;
    at = one.end;
  }
  append_escaped(out, text.substr(at));
  return out;
}

std::string marked_section(std::string_view text, const std::vector<Stretch>& stretches, std::size_t most) {
  if (stretches.empty()) return {};
  // Only what may come into it is looked at.
  const std::size_t cut = stretches.front().begin - std::min(stretches.front().begin, 4 * kBytesBefore);
  std::vector<Stretch> near;
  for (const Stretch& one : stretches) {
    std::size_t end = std::min(one.end, one.begin + kMostMarked);
    while (end < one.end && end > one.begin && is_continuation(text[end])) --end;
    if (end <= cut + 8 * most) near.push_back({one.begin - cut, end - cut});
  }
  const std::string line = one_line(text.substr(cut, 8 * most), near);
  const Stretch first = near.front();
  std::size_t begin = first.begin - std::min(first.begin, kBytesBefore);
  while (begin < first.begin && (is_continuation(line[begin]) || size_of(line, begin, first.begin) + size_of(line, first.begin, first.end) + kMarks > most)) ++begin;
  std::size_t word = begin;
  while (word > 0 && word < first.begin && line[word - 1] != ' ') ++word;
  if (word < first.begin) begin = word;
  std::size_t end = begin, size = 0, blank = begin;
  std::vector<Stretch> inside;
  for (auto stretch = near.begin(); end < line.size();) {
    const bool opens = stretch != near.end() && end == stretch->begin;
    std::size_t next = opens ? stretch->end : end + 1;
    while (!opens && next < line.size() && is_continuation(line[next])) ++next;
    const std::size_t more = size_of(line, end, next) + (opens ? kMarks : 0);
    if (size + more > most) break;
    if (opens) {
      inside.push_back({end - begin, next - begin});
      ++stretch;
    }
    if (opens || line[end] == ' ') blank = opens ? next : end;
    size += more;
    end = next;
  }
  const bool is_cut = end < line.size() && blank > begin;
  return marked(std::string_view(line).substr(begin, (is_cut ? blank : end) - begin), inside);
}

}  // namespace telepost::adapters::jmap
