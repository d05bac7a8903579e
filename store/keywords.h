// Keywords of a message (RFC 8621 section 4.1.1): lower case, 1 to 255 of the letters that it allows, at most kMaxKeywords.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace telepost::store {

inline constexpr std::size_t kMaxKeywords = 128;

// As it is kept. Error: invalid.
Result<std::string> keyword_from(std::string_view text);

// Sorted, each once; what is in both lists is not in it. Errors: invalid, too_many.
Result<std::vector<std::string>> changed_keywords(const std::vector<std::string>& keywords, const std::vector<std::string>& add,
                                                  const std::vector<std::string>& remove);

}  // namespace telepost::store
