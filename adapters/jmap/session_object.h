// The Session object (RFC 8620 section 2).
#pragma once

#include <string>
#include <string_view>

#include "adapters/jmap/methods.h"

namespace telepost::adapters::jmap {

// `url` is what its addresses begin with. Its state changes with anything in it.
Json session_object(const Context& context, const Methods& methods, const Login& login, std::string_view url);
std::string session_state(const Json& session);

}  // namespace telepost::adapters::jmap
