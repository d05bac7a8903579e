// JSON as it leaves here.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace telepost::adapters::access {

using Json = nlohmann::json;

// What is no UTF-8 becomes U+FFFD.
inline std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace telepost::adapters::access
