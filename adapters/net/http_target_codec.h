// Request targets (RFC 9112 section 3.2): path and query, decoded once.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace telepost::adapters::net {

struct HttpTarget {
  std::string host;  // of the absolute form, as it came with its port; else ""
  std::string path;
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;
  bool operator==(const HttpTarget&) const = default;
};

inline constexpr std::size_t kMostParameters = 256;

// "/a%20b?x=1", "http://host/a", and "*". HttpRequest tells what the pieces hold. Errors, all invalid: another form, a letter that may
// not stand in a target, a broken %, what decodes to a control letter or to no UTF-8, "." or ".." (also as %2e, also
// beside %2f and %5c), more than kMostParameters.
Result<HttpTarget> parse_target(std::string_view target);
// "a b/c" as one segment: "a%20b%2Fc" (RFC 3986 section 2.3).
std::string to_segment(std::string_view text);

}  // namespace telepost::adapters::net
