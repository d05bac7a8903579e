// What to write instead, for what the validator says of a file of classes. Inside of schema/.
#pragma once

#include <string>
#include <string_view>

namespace telepost::schema {

// "; write a size such as 500KB or 2GiB" for the validator's words; "" where they say it all.
std::string remedy_for(std::string_view words);

}  // namespace telepost::schema
