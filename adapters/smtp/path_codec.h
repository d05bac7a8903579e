// The grammar of paths and domains (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
#pragma once

#include <optional>
#include <string_view>

#include "adapters/smtp/codec.h"

namespace telepost::adapters::smtp {

// Labels of letters, digits, "-", "_" (forbidden, and common) and UTF-8 without controls, joined by single dots.
bool is_domain(std::string_view text);
// "[192.0.2.1]" or "[IPv6:2001:db8::1]". No other tag was ever registered, and free text here would reach trace fields.
bool is_address_literal(std::string_view text);

// Takes "<...>" from the front of `rest`: a mailbox, the null path, or a local part alone (for postmaster and telephone
// numbers; the caller decides which). Nothing when it breaks the grammar or a length limit.
std::optional<Path> parse_path(std::string_view& rest);

}  // namespace telepost::adapters::smtp
