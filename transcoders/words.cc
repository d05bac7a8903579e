#include "transcoders/words.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <array>
#include <memory>

#include "base/assert.h"
#include "base/bytes.h"
#include "transcoders/unicode.h"

namespace telepost::transcoders {
namespace {

struct Range {
  char32_t first, last;
};
template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t code) {
  for (const Range& range : ranges) {
    if (code < range.first) return false;
    if (code <= range.last) return true;
  }
  return false;
}

// Han, hiragana, katakana with what is written among them.
constexpr std::array<Range, 8> kCharacters = {{{0x3005, 0x3007}, {0x3041, 0x3096}, {0x309d, 0x30ff}, {0x31f0, 0x31ff}, {0x3400, 0x4dbf},
                                               {0x4e00, 0x9fff}, {0xf900, 0xfaff}, {0x20000, 0x3ffff}}};
// Thai, Lao, Burmese, Khmer.
constexpr std::array<Range, 3> kByDictionary = {{{0x0e01, 0x0eff}, {0x1000, 0x109f}, {0x1780, 0x17ff}}};
// Accents, points and lengthening strokes, without which words are compared. Not those of Indic scripts and Thai, which are vowels.
constexpr std::array<Range, 12> kIgnored = {{{0x0300, 0x036f}, {0x0591, 0x05bd}, {0x05bf, 0x05c7}, {0x0610, 0x061a}, {0x0640, 0x0640}, {0x064b, 0x065f},
                                             {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f}}};

enum class Sort : unsigned char { none, letter, character, by_dictionary };

Sort sort_of(UChar32 code) {
  if (code < 0x80) return (code | 0x20) >= 'a' && (code | 0x20) <= 'z' ? Sort::letter : code >= '0' && code <= '9' ? Sort::letter : Sort::none;
  const auto unicode = static_cast<char32_t>(code);
  const std::uint32_t general = U_GET_GC_MASK(code);
  if ((general & (U_GC_L_MASK | U_GC_ND_MASK | U_GC_M_MASK)) == 0) return Sort::none;
  if (is_in(kCharacters, unicode)) return Sort::character;
  return is_in(kByDictionary, unicode) ? Sort::by_dictionary : Sort::letter;
}

// Never inside a character.
std::string_view bounded(std::string_view word) {
  if (word.size() <= kMaxWordBytes) return word;
  std::size_t size = kMaxWordBytes;
  while ((static_cast<unsigned char>(word[size]) & 0xc0) == 0x80) --size;
  return word.substr(0, size);
}

const icu::Normalizer2& decomposition() {
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2* const nfd = icu::Normalizer2::getNFDInstance(error);
  TELEPOST_ASSERT(nfd != nullptr);
  return *nfd;
}

std::string fold_letters(std::string_view word) {
  const std::string folded = fold_case(word);
  UErrorCode error = U_ZERO_ERROR;
  const icu::UnicodeString apart = decomposition().normalize(icu::UnicodeString::fromUTF8(folded), error);
  TELEPOST_ASSERT(U_SUCCESS(error));
  icu::UnicodeString kept;
  for (std::int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
    const UChar32 code = apart.char32At(i);
    if (!is_in(kIgnored, static_cast<char32_t>(code))) kept.append(code);
  }
  std::string out;
  kept.toUTF8String(out);
  return to_nfc(out);
}

// What a thread needs once: an iterator over words of the scripts that are cut by dictionary.
icu::BreakIterator& dictionary() {
  thread_local std::unique_ptr<icu::BreakIterator> iterator;
  if (!iterator) {
    UErrorCode error = U_ZERO_ERROR;
    iterator.reset(icu::BreakIterator::createWordInstance(icu::Locale("th"), error));
    TELEPOST_ASSERT(U_SUCCESS(error) && iterator);
  }
  return *iterator;
}

class Walk {
 public:
  Walk(std::string_view text, const std::function<bool(const Word&)>& visit) : text_(text), visit_(visit) {}

  void run() {
    std::size_t begin = 0, at = 0;
    Sort run = Sort::none;
    while (at < text_.size() && more_) {
      const std::size_t here = at;
      const Sort sort = next(at);
      if (sort == run && sort != Sort::character) continue;
      close(run, begin, here);
      run = sort;
      begin = here;
    }
    if (more_) close(run, begin, text_.size());
  }

 private:
  Sort next(std::size_t& at) const {
    const auto first = static_cast<unsigned char>(text_[at]);
    if (first < 0x80) return ++at, sort_of(first);
    UChar32 code = 0;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text_.data());
    U8_NEXT(bytes, at, text_.size(), code);
    return code < 0 ? Sort::none : sort_of(code);
  }

  void close(Sort run, std::size_t begin, std::size_t end) {
    if (run == Sort::by_dictionary) cut(begin, end);
    else if (run != Sort::none) give(begin, end, run == Sort::character);
  }

  void cut(std::size_t begin, std::size_t end) {
    UErrorCode error = U_ZERO_ERROR;
    UText* const opened = utext_openUTF8(nullptr, text_.data() + begin, static_cast<std::int64_t>(end - begin), &error);
    TELEPOST_ASSERT(U_SUCCESS(error));
    const std::unique_ptr<UText, UText* (*)(UText*)> run(opened, utext_close);
    icu::BreakIterator& words = dictionary();
    words.setText(opened, error);
    TELEPOST_ASSERT(U_SUCCESS(error));
    auto from = static_cast<std::size_t>(words.first());
    for (std::int32_t to = words.next(); to != icu::BreakIterator::DONE && more_; to = words.next()) {
      give(begin + from, begin + static_cast<std::size_t>(to), false);
      from = static_cast<std::size_t>(to);
    }
  }

  void give(std::size_t begin, std::size_t end, bool is_character) {
    const std::string_view word = text_.substr(begin, end - begin);
    bool is_ascii = true;
    folded_.clear();
    for (const char c : word) {
      is_ascii = is_ascii && static_cast<unsigned char>(c) < 0x80;
      folded_.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
    }
    // A run without any bound is no word: what is beyond four times the most is not looked at.
    if (!is_ascii) folded_ = fold_letters(word.size() > 4 * kMaxWordBytes ? bounded_run(word) : word);
    const std::string_view folded = bounded(folded_);
    if (!folded.empty()) more_ = visit_({folded, begin, end, is_character});
  }

  static std::string_view bounded_run(std::string_view word) {
    std::size_t size = 4 * kMaxWordBytes;
    while ((static_cast<unsigned char>(word[size]) & 0xc0) == 0x80) --size;
    return word.substr(0, size);
  }

  const std::string_view text_;
  const std::function<bool(const Word&)>& visit_;
  std::string folded_;
  bool more_ = true;
};

}  // namespace

void for_each_word(std::string_view text, const std::function<bool(const Word& word)>& visit) { Walk(text, visit).run(); }

}  // namespace telepost::transcoders
