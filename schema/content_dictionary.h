// The dictionary with which documents and small sources are packed from the first day: what the schema and the RFCs make every
// message repeat, and nothing of any message. On disk for ever: a better one is another number, and none is changed.
#pragma once

#include <cstdint>
#include <string_view>

namespace telepost::schema {

inline constexpr std::uint32_t kContentDictionary = 1;  // what is packed with now

// "" for a number that no program has brought.
std::string_view content_dictionary(std::uint32_t number);

}  // namespace telepost::schema
