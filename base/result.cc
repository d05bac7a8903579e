#include "base/result.h"

namespace telepost {

std::string_view name_of(Errc kind) {
  switch (kind) {
    case Errc::invalid: return "invalid";
    case Errc::too_large: return "too_large";
    case Errc::too_many: return "too_many";
    case Errc::not_found: return "not_found";
    case Errc::exists: return "exists";
    case Errc::refused: return "refused";
    case Errc::denied: return "denied";
    case Errc::over_quota: return "over_quota";
    case Errc::busy: return "busy";
    case Errc::conflict: return "conflict";
    case Errc::disk_full: return "disk_full";
    case Errc::io: return "io";
    case Errc::corrupt: return "corrupt";
    case Errc::unavailable: return "unavailable";
    case Errc::timeout: return "timeout";
    case Errc::cancelled: return "cancelled";
    case Errc::unsupported: return "unsupported";
  }
  return "unknown";
}

std::string to_string(const Error& error) {
  std::string text(name_of(error.kind));
  if (!error.detail.empty()) text.append(": ").append(error.detail);
  return text;
}

}  // namespace telepost
