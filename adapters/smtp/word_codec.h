// The words that commands are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "adapters/smtp/codec.h"

namespace telepost::adapters::smtp {

// Words are separated by SP (RFC 5321 section 4.1.1); more than one is let pass.
std::string_view take_word(std::string_view& rest);
// Decimal digits and nothing else, up to 20 of them.
std::optional<std::uint64_t> number_from(std::string_view digits);

// "NAME=value" or "NAME" (esmtp-param, RFC 5321 section 4.1.2).
struct Parameter {
  std::string_view name;
  std::optional<std::string_view> value;
};
Parameter parameter_from(std::string_view word);

Refused syntax_error(std::string_view text);  // 501 5.5.4

}  // namespace telepost::adapters::smtp
