// A text as the words that a search finds it by. The same for what is stored and for what is looked for, so that what stands together in
// a text is found however it is written: UTF-8 in, in one pass.
//
// A word is a run of letters, digits and the marks on them; everything else parts words, so that of ann@example.test each of the three is
// found, and a query for the whole is a phrase. Where a script parts words by nothing: each Chinese character and each kana is a word,
// so that any part of a text is found as a phrase and no dictionary decides; Thai, Lao, Khmer and Burmese are cut by ICU's dictionaries.
// Words are compared in NFKC_Casefold without accents ("Grüße" is "grusse", as "GRUSSE" is), Arabic and Hebrew without points.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace telepost::transcoders {

inline constexpr std::size_t kMaxWordBytes = 64;  // of a longer one its begin is the word

struct Word {
  std::string_view folded;   // as it is compared; valid UTF-8; lives until the visitor returns
  std::size_t begin = 0;     // where it stands in the text
  std::size_t end = 0;
  bool is_character = false; // it is one of those scripts where each character is a word
};

// Calls `visit` with each word in its order until it gives false. What is no UTF-8 parts words.
void for_each_word(std::string_view text, const std::function<bool(const Word& word)>& visit);

}  // namespace telepost::transcoders
