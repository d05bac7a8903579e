#include "adapters/admin/exchange.h"

#include <fmt/format.h>

#include "base/unicode.h"

namespace telepost::adapters::admin {

std::string to_line(const Json& object) {
  const std::string dumped = object.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  if (is_harmless_text(dumped)) return dumped;
  std::string line;  // only strings have such characters, and all of them have four digits
  for (std::string_view rest = dumped; !rest.empty();) {
    const Utf8Character character = first_character(rest);
    const bool escaped =
        is_control(character.code) || is_bidi_control(character.code) || is_line_separator(character.code);
    if (escaped) line.append(fmt::format("\\u{:04x}", static_cast<unsigned>(character.code)));
    else line.append(rest.substr(0, character.size_bytes));
    rest.remove_prefix(character.size_bytes);
  }
  return line;
}

int exit_code_of(Errc kind) {
  switch (kind) {
    case Errc::invalid:
    case Errc::too_large:
    case Errc::too_many:
    case Errc::unsupported: return 65;
    case Errc::not_found: return 67;
    case Errc::busy:
    case Errc::disk_full:
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::cancelled: return 75;
    case Errc::exists:
    case Errc::refused:
    case Errc::denied:
    case Errc::over_quota:
    case Errc::conflict:
    case Errc::io:
    case Errc::corrupt: return 1;
  }
  return 1;
}

Result<Errc> errc_from(std::string_view name) {
  for (auto number = static_cast<int>(Errc::invalid); number <= static_cast<int>(Errc::unsupported);
       ++number) {
    if (name_of(static_cast<Errc>(number)) == name) return static_cast<Errc>(number);
  }
  return {Errc::invalid, "no such kind of failure: " + std::string(name)};
}

}  // namespace telepost::adapters::admin
