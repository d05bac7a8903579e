// Domains by the public suffix list (publicsuffix.org), over libpsl and the list that Debian's package publicsuffix keeps; and
// names beyond ASCII, over libidn2. The one file that knows either.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telepost::adapters::smtp::authentication {

// The organizational domain (RFC 7489 section 3.2): the public suffix and one label more, or the domain itself where it has
// no such label. In lower case and A-labels. Nothing where it is no domain.
std::optional<std::string> organizational_domain(std::string_view domain);

// RFC 5891 section 5 (IDNA 2008); nothing where it is no domain.
std::optional<std::string> to_a_labels(std::string_view domain);

}  // namespace telepost::adapters::smtp::authentication
