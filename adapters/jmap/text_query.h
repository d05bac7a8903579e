// Texts to look for (RFC 8621 section 4.4.1) as the store's full text is asked for them, and as a text that has them shows them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/posting_query.h"

namespace telepost::adapters::jmap {

inline constexpr std::size_t kMostSoughtBytes = 1'024;  // of one condition
inline constexpr std::size_t kMostSoughtWords = 32;

// The fields that a condition looks into; 0: it is none of those that look for words.
std::uint8_t fields_of(std::string_view condition);

// What stands in quotes is a phrase of whole words; what does not is one whose last word may go on, from three letters on or where a "*"
// says so. A text without any word asks for nothing: no phrases. nothing: it is longer than the two bounds.
std::optional<store::SearchQuery> text_query(std::string_view text, std::uint8_t fields);

// Where they stand in a text: bytes, ascending, apart.
struct Stretch {
  std::size_t begin, end;
  bool operator==(const Stretch&) const = default;
};
std::vector<Stretch> stretches_of(const std::vector<store::SearchPhrase>& phrases, std::string_view text);

// Escaped for HTML, with <mark> around them (section 5). The whole text; or what stands around the first of them, in one line of at most
// `most` bytes, whole words where that is possible.
std::string marked(std::string_view text, const std::vector<Stretch>& stretches);
std::string marked_section(std::string_view text, const std::vector<Stretch>& stretches, std::size_t most);

}  // namespace telepost::adapters::jmap
