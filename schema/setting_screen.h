// Looks through a TOML text for what toml++ 3.3 does not bear, before it sees it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace telepost::schema {

struct ScreenFault {
  std::size_t line = 0;
  std::size_t column = 0;
  std::string_view why;
};

// Two things: control characters, which TOML allows nowhere, and dotted keys of many parts (one call deeper for each).
std::optional<ScreenFault> screen_settings(std::string_view toml);

}  // namespace telepost::schema
