// The message's own header as its fields stand, for signatures and for what RFC 8601 takes out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::adapters::smtp::authentication {

struct HeaderField {
  std::string name;  // lower case, without white space before the colon; "" where the line has no colon
  std::string raw;   // as it stands, with its line ends
  std::string_view value() const;  // behind the colon, folded as it stands, without the last line end
};
using Header = std::vector<HeaderField>;

HeaderField header_field_from(std::string raw);

// All fields up to the empty line, or the whole text where there is none.
Header header_from(std::string_view message);

}  // namespace telepost::adapters::smtp::authentication
