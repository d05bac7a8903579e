// JSON as JMAP wants it: I-JSON (RFC 7493) in, bounded before it costs memory; valid UTF-8 out, whatever the strings hold.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost::adapters::jmap {

using Json = nlohmann::json;  // a member is found in O(log n), however many a request has

struct JsonLimits {
  std::size_t depth = 64;
  std::size_t values = 200'000;  // with those inside of others
};

// invalid, with the place: no JSON, an object with two members of one name, text that is no Unicode or names a noncharacter (RFC 7493
// section 2), or too deep. too_large: more values.
Result<Json> parse_i_json(std::string_view text, const JsonLimits& limits = {});

// What is no UTF-8 becomes U+FFFD.
std::string to_text(const Json& json);

// Whether a text of I-JSON may hold it: UTF-8 without noncharacters.
bool is_json_text(std::string_view text);

// About what a copy of it costs in memory; stops counting where it is more than `most`.
std::size_t weight_of(const Json& json, std::size_t most);

// The integers that a double holds (RFC 8620 section 1.3).
inline constexpr std::int64_t kMaxInt = (std::int64_t{1} << 53) - 1;

}  // namespace telepost::adapters::jmap
