// References to the results of earlier calls of the request (RFC 8620 section 3.7).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/request_codec.h"

namespace telepost::adapters::jmap {

// What all references of one request may copy together: a call that refers twice to the one before it would double it each time.
struct ReferenceBudget {
  std::size_t bytes = std::size_t{16} << 20;
};

// Puts the value of each "#name" under its name. The arguments are undefined after an error, which says what is wrong.
std::optional<MethodError> resolve_references(Json& arguments, const std::vector<Invocation>& responses, ReferenceBudget& budget);

// A JSON Pointer (RFC 6901) into the value, where * maps through an array and what it gives is flattened by one level.
// Errors: not_found (it points at nothing), invalid (it is no pointer), too_large.
Result<Json> evaluate_pointer(const Json& value, std::string_view pointer, ReferenceBudget& budget);

// One token of a pointer as it is meant: ~1 is /, ~0 is ~. None: another ~.
std::optional<std::string> unescape_token(std::string_view token);
// All of them, from behind the first slash. Errors: invalid.
Result<std::vector<std::string>> pointer_tokens(std::string_view behind_the_slash);

}  // namespace telepost::adapters::jmap
