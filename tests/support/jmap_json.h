// JSON as tests of JMAP write it.
#pragma once

#include <string>

#include "adapters/jmap/json_codec.h"

namespace telepost::adapters::jmap {

inline Json json_of(const std::string& text) { return parse_i_json(text).value(); }

}  // namespace telepost::adapters::jmap
