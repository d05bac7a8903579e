// Tag lists (RFC 6376 section 3.2): DKIM-Signature, ARC-*, key and DMARC records are all written so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace telepost::adapters::smtp::authentication {

inline constexpr std::size_t kMaxTags = 100;

struct Tag {
  std::string_view name;
  std::string_view value;  // without white space at its ends; folding inside stays
};

// Views of the text it was made of, which must outlive it.
class TagList {
 public:
  // invalid: not of the grammar (8-bit letters are allowed, RFC 8616), or a tag stands twice; too_many.
  static Result<TagList> parse(std::string_view text);
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<Tag>& tags() const { return tags_; }

 private:
  std::vector<Tag> tags_;
};

std::string without_white_space(std::string_view text);
// Digits alone, of at most `most` letters.
std::optional<std::uint64_t> number_from(std::string_view digits, std::size_t most = 15);
// The parts between separators, each trimmed; empty ones too.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace telepost::adapters::smtp::authentication
