#include "adapters/smtp/word_codec.h"

#include <algorithm>
#include <charconv>

namespace telepost::adapters::smtp {

std::string_view take_word(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest.remove_prefix(word.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return word;
}

std::optional<std::uint64_t> number_from(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || digits.size() > 20 || end != digits.data() + digits.size() || error != std::errc()) return {};
  return value;
}

Parameter parameter_from(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return {word, {}};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

Refused syntax_error(std::string_view text) { return {{501, "5.5.4", std::string(text)}}; }

}  // namespace telepost::adapters::smtp
