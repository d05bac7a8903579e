// Fields of HTTP messages (RFC 9110 section 5): their lists, tokens and quality values.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace telepost::adapters::net {

bool is_alphanumeric(char c);  // of ASCII, whatever the locale
bool is_http_token(std::string_view text);  // section 5.6.2: at least one letter
// The elements of a list without the space around them; commas inside quoted strings are content. Empty ones are left out
// (section 5.6.1.2).
std::vector<std::string_view> http_list(std::string_view value);
// "gzip;q=0.5": the name before its parameters, and its weight in thousandths (section 12.4.2), 1000 without one. Nothing for what
// is no weighted token.
struct WeightedToken {
  std::string_view name;
  unsigned weight = 1000;
};
std::optional<WeightedToken> weighted_token(std::string_view element);
// The same of a media range, "text/*;q=0.5" (section 12.5.1), which is left as it is written. Nothing also where it has parameters of its
// own: it is about other content than that of its type.
std::optional<WeightedToken> weighted_media_range(std::string_view element);

}  // namespace telepost::adapters::net
