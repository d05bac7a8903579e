// Which content coding a client takes (RFC 9110 section 12.5.3), what is worth one, and which media type it likes best (section 12.5.1).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace telepost::adapters::net {

// Whether gzip is at least as welcome as no coding. Without an Accept-Encoding it is not: who says nothing may not understand it.
bool prefers_gzip(std::optional<std::string_view> accept_encoding);
// Whether content of that type shrinks: text, JSON, XML, scripts; not a stream of events, which must not wait for a block's end.
bool is_packable(std::string_view content_type);

// Which of these media types, in lower case, the client likes best by its Accept, and of what it likes alike the first. Nothing without an
// Accept, and where it takes none of them.
std::optional<std::size_t> preferred_type(std::optional<std::string_view> accept, std::span<const std::string_view> offered);

}  // namespace telepost::adapters::net
