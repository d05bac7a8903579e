#include "adapters/admin/exchange.h"

namespace telepost::adapters::admin {

std::string to_line(const Json& object) {
  return object.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
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
