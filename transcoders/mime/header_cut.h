// Whether a document tells all fields of its message's header: the scanner reads and keeps so many bytes and fields (Limits), and says
// where there were more.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::transcoders::mime {

// Of schema::Document::defects: they are on disk.
inline constexpr std::string_view kHeaderTooLarge = "a header is larger than its limit; the rest of it was not read";  // or an inner part's
inline constexpr std::string_view kTooManyFields = "the header has more fields than allowed; the rest was not kept";

inline bool is_header_cut(const std::vector<std::string>& defects) {
  return std::any_of(defects.begin(), defects.end(), [](std::string_view each) { return each == kHeaderTooLarge || each == kTooManyFields; });
}

}  // namespace telepost::transcoders::mime
