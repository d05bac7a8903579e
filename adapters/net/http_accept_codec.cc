#include "adapters/net/http_accept_codec.h"

#include <string>

#include "adapters/net/http_field_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {

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

}  // namespace telepost::adapters::net
