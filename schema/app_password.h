// What an account keeps of an app password: one log-in of one device (DESIGN section 7).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "schema/scopes.h"

namespace telepost::schema {

struct AppPasswordRecord {
  std::string name;  // of the device, as its owner calls it
  Time created{};
  std::string box;   // StoredKey and ServerKey of SCRAM-SHA-256, sealed (base/sealed_box.h)
  Scopes scopes = Scopes::of_app_password();
  bool operator==(const AppPasswordRecord&) const = default;
};
std::string encode(const AppPasswordRecord& record);
Result<AppPasswordRecord> decode_AppPasswordRecord(std::string_view bytes);

namespace keys {
std::string app_password(std::string_view name);
inline constexpr std::string_view kAppPasswords = "W";
}  // namespace keys

}  // namespace telepost::schema
