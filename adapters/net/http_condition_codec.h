// Conditional requests (RFC 9110 section 13).
#pragma once

#include <string_view>

#include "adapters/net/http_reply.h"
#include "adapters/net/http_request.h"
#include "base/clock.h"

namespace telepost::adapters::net {

enum class HttpVerdict : unsigned char {
  go_on,
  unchanged,  // 304: only for GET and HEAD
  failed,     // 412: nothing may be done
};
inline constexpr std::string_view kConditionFailed = "what is here is not what was asked for";  // why, to people

// In the order of section 13.2.2. `current` is what is there now; null when nothing is, which a "*" of If-Match fails and one of
// If-None-Match passes. Dates are whole seconds; one that cannot be read is no condition.
HttpVerdict judge_conditions(const HttpRequest& request, const HttpValidators* current, Time now);
// Whether the Range of a GET counts: there is no If-Range, or it names what is there, strongly (section 13.1.5).
bool is_range_wanted(const HttpRequest& request, const HttpValidators& current, Time now);

}  // namespace telepost::adapters::net
