// Which content coding a client takes (RFC 9110 section 12.5.3), and what is worth one.
#pragma once

#include <optional>
#include <string_view>

namespace telepost::adapters::net {

// Whether gzip is at least as welcome as no coding. Without an Accept-Encoding it is not: who says nothing may not understand it.
bool prefers_gzip(std::optional<std::string_view> accept_encoding);
// Whether content of that type shrinks: text, JSON, XML, scripts; not a stream of events, which must not wait for a block's end.
bool is_packable(std::string_view content_type);

}  // namespace telepost::adapters::net
