// Header fields as a client gives them (RFC 8621 sections 4.1.2 and 4.6), written into a header.
#pragma once

#include <string>

#include "adapters/jmap/header_codec.h"

namespace telepost::adapters::jmap {

// One field, or one for each value where the property is of all; nothing for null. invalid: the value is not of the property's form, or no
// header can carry it.
Result<void> append_header(std::string& header, const HeaderProperty& property, const Json& value);

}  // namespace telepost::adapters::jmap
