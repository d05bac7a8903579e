// Golden bytes as people read them: hex digits with blanks between fields.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace telepost::test {

inline std::string unhexed(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ') digits.push_back(c);
  }
  return *from_hex(digits);
}

}  // namespace telepost::test
