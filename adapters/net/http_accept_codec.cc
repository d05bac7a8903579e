#include "adapters/net/http_accept_codec.h"

#include <string>

#include "adapters/net/http_field_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

// How closely a media range names a type; 0: not at all.
unsigned closeness(std::string_view range, std::string_view type) {
  if (range == "*/*") return 1;
  if (equals_ignoring_case(range, type)) return 3;
  const std::size_t slash = range.find('/');
  const bool is_of_family = range.substr(slash + 1) == "*" && equals_ignoring_case(range.substr(0, slash), type.substr(0, type.find('/')));
  return is_of_family ? 2 : 0;
}

}  // namespace

bool prefers_gzip(std::optional<std::string_view> accept_encoding) {
  if (!accept_encoding) return false;
  std::optional<unsigned> gzip, identity, others;
  for (const std::string_view element : http_list(*accept_encoding)) {
    const std::optional<WeightedToken> coding = weighted_token(element);
    if (!coding) continue;
    if (equals_ignoring_case(coding->name, "gzip") || equals_ignoring_case(coding->name, "x-gzip")) gzip = coding->weight;
    else if (equals_ignoring_case(coding->name, "identity")) identity = coding->weight;
    else if (coding->name == "*") others = coding->weight;
  }
  const unsigned wanted = gzip.value_or(others.value_or(0));
  return wanted > 0 && wanted >= identity.value_or(0);
}

bool is_packable(std::string_view content_type) {
  const std::string type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  if (type == "text/event-stream") return false;
  if (type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml")) return true;
  return type == "application/json" || type == "application/xml" || type == "application/javascript";
}

std::optional<std::size_t> preferred_type(std::optional<std::string_view> accept, std::span<const std::string_view> offered) {
  if (!accept) return {};
  const std::vector<std::string_view> elements = http_list(*accept);
  std::optional<std::size_t> best;
  unsigned most = 0;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    unsigned closest = 0, weight = 0;
    for (const std::string_view element : elements) {
      const std::optional<WeightedToken> range = weighted_media_range(element);
      const unsigned close = range ? closeness(range->name, offered[i]) : 0;
      if (close <= closest) continue;
      closest = close;
      weight = range->weight;
    }
    if (weight <= most) continue;
    most = weight;
    best = i;
  }
  return best;
}

}  // namespace telepost::adapters::net
